/**
 * Everything held on one lead as one JSON document. It is written record by record as it is read, a record a line, so that
 * its size is no matter; counts stand at its end, and a document without them is not whole.
 */
import type { Erasure } from '../schemas/generated/records.ts'
import { shown } from './recordText.ts'

/** The four kinds of place that keep something about a lead, in the order of the document. */
export const sections = ['topics', 'states', 'postgres', 'clickhouse'] as const
export type Section = (typeof sections)[number]

/** One place that may hold records of the lead. */
export interface HeldPlace {
  readonly section: Section
  /** Physical name of a topic, name of a stage, or name of a table. */
  readonly name: string
  /** What an erasure does to it. */
  readonly onErasure: OnErasure
  /** Hands on each record as JSON text, in order, each when the one before is taken. */
  read(onRecord: (json: string) => Promise<void>): Promise<void>
}

export type OnErasure =
  /** Everything goes. */
  | { readonly kind: 'emptied' }
  /** The order of erasure, or the least that is needed, stays; `isLeft` says of a record whether more is in it than that. */
  | { readonly kind: 'kept'; readonly why: string; readonly isLeft: (record: unknown) => boolean }
  /** A tombstone is the last record; those before it go with the next compaction. */
  | { readonly kind: 'tombstone' }
  /** No single record can be taken out: each goes with its age. */
  | { readonly kind: 'expires'; readonly days: number }

/** All places, and who may be the same person. */
export interface HeldOnLead {
  readonly places: readonly HeldPlace[]
  /** Keys of other leads that may be the same person. */
  readonly linked: readonly string[]
  /** Gives the order to forget the lead; resolves when it is stored. */
  order(erasure: Erasure): Promise<void>
  close(): Promise<void>
}

export interface PlaceCount {
  readonly section: Section
  readonly name: string
  readonly records: number
}

/** Writes the document on the lead piece by piece and says how many records each place had. `at` is the time of export, ms. */
export async function exportLead(
  lead: string,
  { places, linked }: Pick<HeldOnLead, 'places' | 'linked'>,
  at: number,
  write: (line: string) => Promise<void>,
): Promise<PlaceCount[]> {
  const counts: PlaceCount[] = []
  await write('{')
  await write(`"lead": ${JSON.stringify(lead)},`)
  await write(`"exportedAt": ${JSON.stringify(new Date(at).toISOString())},`)
  await write(`"linkedLeads": ${JSON.stringify(linked)},`)
  for (const section of sections) {
    await write(`"${section}": {`)
    const own = places.filter((place) => place.section === section)
    for (const [index, place] of own.entries()) {
      await write(`${JSON.stringify(place.name)}: [`)
      let records = 0
      let held: string | undefined
      // One record behind: the comma after the last one would be no JSON.
      await place.read(async (json) => {
        if (held !== undefined) await write(`${held},`)
        held = json
        records += 1
      })
      if (held !== undefined) await write(held)
      await write(index < own.length - 1 ? '],' : ']')
      counts.push({ section, name: place.name, records })
    }
    await write('},')
  }
  await write(`"counts": ${JSON.stringify(countsBySection(counts))}`)
  await write('}')
  return counts
}

function countsBySection(counts: readonly PlaceCount[]): Record<Section, Record<string, number>> {
  const of = (section: Section) =>
    Object.fromEntries(counts.filter((count) => count.section === section).map(({ name, records }) => [name, records]))
  return Object.fromEntries(sections.map((section) => [section, of(section)])) as Record<Section, Record<string, number>>
}

/** A record of the log as JSON text: bytes as text where they hold text, offsets as text, since they are 64-bit. */
export function recordJson(record: unknown): string {
  return JSON.stringify(shown(record), (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
}
