/**
 * When an event happened: the gateway's `timestamp`, else a date of the resource that means the event, else the time of
 * receipt. A time in the future is refused, because under "the last writer wins" it would win for ever.
 */
import type { Json } from './body.ts'
import { instantOf, objectOf } from './fields.ts'
import type { DateField, Translator } from './translate/draft.ts'

/** How far a source's clock may be ahead of ours: 5 min in ms. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000

export interface EventTime {
  readonly occurredAt: number
  /** The refused time, when the source stated one in the future. */
  readonly statedAt: number | null
}

/** @source GoHighLevel bodies: `timestamp` is when the gateway made the delivery, and stays the same on retries. */
export function eventTimeOf(body: Json, translator: Pick<Translator, 'datedBy'>, receivedAt: number): EventTime {
  const { datedBy } = translator
  if (datedBy === 'arrival') return { occurredAt: receivedAt, statedAt: null }
  const stated = instantOf(body, 'timestamp') ?? resourceTime(body, datedBy) ?? receivedAt
  return stated > receivedAt + CLOCK_TOLERANCE_MS ? { occurredAt: receivedAt, statedAt: stated } : { occurredAt: stated, statedAt: null }
}

function resourceTime(body: Json, datedBy: readonly DateField[]): number | null {
  for (const { within, field, unit } of datedBy) {
    const source = within === undefined ? body : (objectOf(body, within) ?? {})
    const value = source[field]
    const at = instantOf(unit === 'seconds' && typeof value === 'number' ? { [field]: value * 1_000 } : source, field)
    if (at !== null) return at
  }
  return null
}
