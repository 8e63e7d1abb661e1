/** How many calls have left for a location of late: counted in this process, or shared by all. */

export interface LimitSize {
  /** Calls in any `windowMs`. */
  readonly calls: number
  readonly windowMs: number
  /** Calls in any 24 hours, counted by whole hours: when the platform's day begins is not documented. */
  readonly daily: number
}

/** The platform allows 100 in 10 s and 200,000 a day; the rest is left to whatever else the app does. @source reference/gohighlevel.md 3.3 */
export const limitDefaults: LimitSize = { calls: 80, windowMs: 10_000, daily: 190_000 }

/** `first`: somebody waits for it, a message or a hand-over. `background`: it leaves a part of the room to that. */
export type CallClass = 'first' | 'background'

/** Part of the window and of the day that `background` leaves: a bulk change of contacts is read for hours, and could spend the whole day. */
const KEPT_OF_WINDOW = 1 / 4
const KEPT_OF_DAY = 1 / 5

/** Calls that must stay free, of a window and of a day. */
export function keptFrom({ calls, daily }: LimitSize, of: CallClass): Pick<LimitSize, 'calls' | 'daily'> {
  return of === 'first' ? { calls: 0, daily: 0 } : { calls: Math.floor(calls * KEPT_OF_WINDOW), daily: Math.floor(daily * KEPT_OF_DAY) }
}

export interface Room {
  /** 0 = the calls are taken. Else nothing is, and may be asked again after this long. */
  readonly waitMs: number
  /** Calls that could leave now, after what was taken, as far as the window goes. */
  readonly free: number
  /** How long until one more call of the class `first` may leave, ms. */
  readonly nextMs: number
  /** When it was judged, in the time that the calls are counted in, ms. */
  readonly at: number
}

export interface Windows {
  /** Takes this many calls when they may leave now. */
  take(location: string, count: number, of?: CallClass): Promise<Room>
  /** The platform counts more calls than we do: no more than this many may leave within the window. */
  lower(location: string, free: number): Promise<void>
  /** No call for the location for this long, ms. */
  block(location: string, forMs: number): Promise<void>
}

export const HOUR_MS = 3_600_000
/** The hour that runs and the 24 before it: any 24 hours lie within. */
export const COUNTED_HOURS = 25
