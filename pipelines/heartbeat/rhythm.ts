/**
 * When a heartbeat contact is changed next, and what is to be thought of a location by the beats that came back. Pure: time is
 * passed in.
 */
import { instantText } from '../instantText.ts'
import { spanText } from '../reconcile/words.ts'

/** What is known of the heartbeat of a location; times in ms. */
export interface Heartbeat {
  readonly tenantId: string
  /** Null until it is found or created. */
  readonly contactId: string | null
  /** When the last beat was tried. */
  readonly triedAt: number
  /** From then to the next try. */
  readonly waitMs: number
  /** Between beats; 0 when the heartbeat is switched off. */
  readonly everyMs: number
  /** The last beat that the platform took; null before the first. */
  readonly sentAt: number | null
  /** The first beat after the last one that came back; null when none is on its way. */
  readonly waitingSince: number | null
  /** When the newest beat that came back came back; null when none ever has. */
  readonly backAt: number | null
  /** Why the last try failed; null when it did not. */
  readonly failedBecause: string | null
  /** When it was told that webhooks do not arrive; null while they do. */
  readonly toldSilentAt: number | null
}

export type HeartbeatState =
  /** Switched off, or not begun. */
  | 'resting'
  /** The last beats came back, or are on their way. */
  | 'fine'
  /** Three beats did not come back: webhooks do not arrive, or this side does not read them. */
  | 'silent'
  /** No beat could be sent for that long: whether webhooks arrive is not known. */
  | 'unwatched'

/** Beats that may be on their way before it is said that none comes back. */
export const BEATS_AWAITED = 3
/** A location that refuses us is asked again after a day: a person has to widen the access. 24 h in ms. */
export const REFUSED_WAIT_MS = 24 * 3_600_000

/** How long beats may stay away, ms. */
export function limitMs({ everyMs }: Pick<Heartbeat, 'everyMs'>): number {
  return BEATS_AWAITED * everyMs
}

/** Whether a beat is due. A clock that was set back makes one due. */
export function isDue(known: Pick<Heartbeat, 'triedAt' | 'waitMs'> | undefined, now: number): boolean {
  return known === undefined || now < known.triedAt || now >= known.triedAt + known.waitMs
}

export function stateOf(heartbeat: Heartbeat, now: number): HeartbeatState {
  const { everyMs, sentAt, waitingSince, failedBecause } = heartbeat
  if (everyMs === 0) return 'resting'
  const limit = limitMs(heartbeat)
  if (waitingSince !== null && now - waitingSince >= limit) return 'silent'
  if (sentAt === null) return failedBecause === null ? 'resting' : 'unwatched'
  // A location that refuses us is known not to be watched, however lately it was.
  const refused = failedBecause !== null && heartbeat.waitMs >= REFUSED_WAIT_MS
  return refused || now - sentAt >= limit ? 'unwatched' : 'fine'
}

/** Why a location cannot be relied on, in a sentence; undefined while it can, and where no heartbeat is wanted. */
export function heartbeatWords(place: string, heartbeat: Heartbeat, now: number): string | undefined {
  const { backAt, waitingSince, sentAt, failedBecause } = heartbeat
  const state = stateOf(heartbeat, now)
  if (state === 'silent') {
    const since = backAt ?? waitingSince ?? now
    const when = `${instantText(since)}, ${spanText(now - since)} ago`
    return backAt === null
      ? `${place}: no webhook of its heartbeat has ever arrived, the first was awaited ${when}.`
      : `${place}: webhooks of this location have not arrived since ${when}.`
  }
  if (state !== 'unwatched') return undefined
  const why =
    failedBecause === null ? 'No heartbeat was sent since.' : `The heartbeat cannot be sent: ${failedBecause.replace(/\.?$/, '.')}`
  const since = sentAt === null ? '' : ` since ${instantText(sentAt)}`
  return `${place}: whether its webhooks arrive is not known${since}. ${why}`
}
