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

export interface Room {
  /** 0 = the calls are taken. Else nothing is, and may be asked again after this long. */
  readonly waitMs: number
  /** Calls that could leave now, after what was taken, as far as the window goes. */
  readonly free: number
  /** How long until one more call may leave, ms. */
  readonly nextMs: number
  /** When it was judged, in the time that the calls are counted in, ms. */
  readonly at: number
}

export interface Windows {
  /** Takes this many calls when they may leave now. */
  take(location: string, count: number): Promise<Room>
  /** The platform counts more calls than we do: no more than this many may leave within the window. */
  lower(location: string, free: number): Promise<void>
  /** No call for the location for this long, ms. */
  block(location: string, forMs: number): Promise<void>
}

export const HOUR_MS = 3_600_000
/** The hour that runs and the 24 before it: any 24 hours lie within. */
export const COUNTED_HOURS = 25
