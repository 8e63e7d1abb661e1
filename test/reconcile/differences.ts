/** How two states of a lead differ, of which one was told by webhooks and the other by the comparison with the platform. */
import { HOUR } from '../support/leadRecords.ts'

/**
 * What arrivals leave behind is no state of the lead: its versions, its counts of events, which of several events
 * a permission rests on, by whom something was told, and when we asked about it.
 */
export const ARRIVALS = ['version', 'epoch', 'fieldTimes', 'provenance', 'eventId', 'events', 'staleEvents', 'lastAssessedAt']
/** From a change to its webhook passes up to 2.5 s with the simulator; a found state is dated 10 s after its change at most. */
const GATEWAY_MS = 12_500

/** A time as the reasons of a score tell it. */
const INSTANT = /\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC/
const INSTANTS = new RegExp(INSTANT, 'g')

/** Paths at which two states differ. Times may by what the gateway takes, and hours and shares that are made of them. */
export function differences(a: unknown, b: unknown, path = '', but: readonly string[] = ARRIVALS): string[] {
  if (typeof a === 'number' && typeof b === 'number') {
    const allowed = a > 1e12 ? GATEWAY_MS : path.includes('replyHours') ? GATEWAY_MS / HOUR : path.endsWith('likelihood') ? b * 0.001 : 0
    return Math.abs(a - b) <= allowed ? [] : [`${path}: ${a} ${b}`]
  }
  if (typeof a === 'string' && typeof b === 'string' && INSTANT.test(a)) {
    const times = (text: string) => [...text.matchAll(INSTANTS)].map(([at]) => Date.parse(at.replace(' UTC', 'Z')))
    const words = (text: string) => text.replaceAll(INSTANTS, 'then')
    return [...differences(times(a), times(b), path, but), ...differences(words(a), words(b), path, but)]
  }
  if (a !== null && b !== null && typeof a === 'object' && typeof b === 'object')
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((name) => !but.includes(name))
      .flatMap((name) => differences((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], `${path}.${name}`, but))
  return a === b ? [] : [`${path}: ${JSON.stringify(a)} ${JSON.stringify(b)}`]
}
