/**
 * How far what is known of locations is compared with what GoHighLevel shows, so that "nobody waits" is never said of a location
 * that nobody has looked at. Pure: time is passed in.
 */
import { heartbeatWords, stateOf } from '../heartbeat/rhythm.ts'
import type { Heartbeat } from '../heartbeat/rhythm.ts'
import { sweepDefaults } from './sweepPlan.ts'
import type { SweepSource } from './sweepPlan.ts'
import { instantText } from '../instantText.ts'
import { spanText } from './words.ts'

/** The sources that tell of a word of a lead. */
export const spokenSources = ['messages', 'emails'] as const satisfies readonly SweepSource[]

/** An active location, and how far the sources of what is said there are swept; a source that never was is not among them. */
export interface LocationSwept {
  readonly tenantId: string
  readonly name: string
  readonly swept: readonly {
    readonly source: string
    /** Everything that changed before is read, ms. */
    readonly until: number
    /** Why the last sweep ended early; null when it did not. */
    readonly failedBecause: string | null
  }[]
  /** Null where none was ever sent. */
  readonly heartbeat: Heartbeat | null
}

/** A location whose webhooks do not arrive, or of which that cannot be told. */
export interface LocationUnheard {
  readonly tenantId: string
  readonly name: string
  readonly state: 'silent' | 'unwatched'
  /** When a beat last came back, ms; null = never. */
  readonly heardAt: number | null
  readonly words: string
}

/** A location where what webhooks lost may be missing. */
export interface LocationBehind {
  readonly tenantId: string
  readonly name: string
  /** ms; null = never compared. */
  readonly comparedUntil: number | null
  /** Null when nothing has failed. */
  readonly because: string | null
}

export interface Coverage {
  /** Active ones, of those that were asked about. */
  readonly locations: number
  /** All of them are compared up to here, ms; null when one never was, or there is none. */
  readonly comparedUntil: number | null
  /** Those that are not compared for too long: never compared first, then the furthest behind. */
  readonly behind: readonly LocationBehind[]
  /** Those whose heartbeat does not come back, or cannot be sent; locations without a heartbeat are not among them. */
  readonly unheard: readonly LocationUnheard[]
}

/** Whether nothing is known that would be missing. */
export function isComplete({ locations, behind, unheard }: Coverage): boolean {
  return locations > 0 && behind.length === 0 && unheard.length === 0
}

/** Two of the longest waits between sweeps, and what a sweep leaves for the next: 2 x 15 + 2 = 32 min. */
export const LATE_MS = 2 * sweepDefaults.everyMs.most + sweepDefaults.settleMs

/** How many of those behind are told by name. */
const TOLD = 20

export function coverageOf(locations: readonly LocationSwept[], now: number): Coverage {
  const each = locations.map(({ tenantId, name, swept }) => ({
    tenantId,
    name,
    comparedUntil: untilOf(swept),
    because: swept.find(({ failedBecause }) => failedBecause !== null)?.failedBecause ?? null,
  }))
  const untils = each.map(({ comparedUntil }) => comparedUntil)
  return {
    locations: each.length,
    comparedUntil: untils.length === 0 || untils.includes(null) ? null : Math.min(...untils.filter((until) => until !== null)),
    behind: each
      .filter(({ comparedUntil }) => comparedUntil === null || now - comparedUntil > LATE_MS)
      .sort((a, b) => (a.comparedUntil ?? -Infinity) - (b.comparedUntil ?? -Infinity) || (a.tenantId < b.tenantId ? -1 : 1)),
    unheard: locations.flatMap((location) => unheardOf(location, now)),
  }
}

/** In sentences, what is wrong first. `tenantId`: the location that was asked about. */
export function coverageWords({ locations, comparedUntil, behind, unheard }: Coverage, now: number, tenantId?: string): string[] {
  if (locations === 0)
    return [
      tenantId === undefined
        ? 'No location is active: nothing is compared with GoHighLevel, so what its webhooks lost is missing here.'
        : `${tenantId} is no active location: it is not compared with GoHighLevel, so what its webhooks lost is missing here.`,
    ]
  const wrong = [...behind.map((one) => behindWords(one, now)), ...unheard.map(({ words }) => words)]
  const more = wrong.length - TOLD
  if (wrong.length > 0)
    return [...wrong.slice(0, TOLD), ...(more > 0 ? [`${more} more such sentences about ${locations} active locations.`] : [])]
  const until = comparedUntil === null ? '' : ` up to ${instantText(comparedUntil)}`
  return [
    `${locations === 1 ? 'The location is' : `All ${locations} active locations are`} compared with GoHighLevel${until}; of what came later, what a webhook has told is here.`,
  ]
}

/** The least of all, or null when one was never swept. */
function untilOf(swept: LocationSwept['swept']): number | null {
  const untils = spokenSources.map((source) => swept.find((one) => one.source === source)?.until)
  return untils.reduce<number | null>(
    (least, until) => (least === null || until === undefined ? null : Math.min(least, until)),
    Number.MAX_SAFE_INTEGER,
  )
}

function unheardOf({ tenantId, name, heartbeat }: LocationSwept, now: number): LocationUnheard[] {
  if (heartbeat === null) return []
  const state = stateOf(heartbeat, now)
  const words = heartbeatWords(`${name} (${tenantId})`, heartbeat, now)
  return words === undefined || !(state === 'silent' || state === 'unwatched')
    ? []
    : [{ tenantId, name, state, heardAt: heartbeat.backAt, words }]
}

function behindWords({ tenantId, name, comparedUntil, because }: LocationBehind, now: number): string {
  const place = `${name} (${tenantId})`
  const why = because === null ? '' : ` The last try: ${because.replace(/\.?$/, '.')}`
  if (comparedUntil === null) return `${place} was never compared with GoHighLevel: what its webhooks lost is missing here.${why}`
  return `${place} is not compared with GoHighLevel since ${instantText(comparedUntil)}, ${spanText(now - comparedUntil)} ago: what its webhooks lost since then is missing here.${why}`
}
