/**
 * What is known of the share of a wording that is answered: a Beta distribution of a prior and of results, the older the
 * lighter. By pinned arithmetic.
 * @source reference/consensus.md 10.2
 */

/** A Beta distribution; a, b >= 1. */
export interface Beta {
  readonly a: number
  readonly b: number
}

/** What is added for results: so many hits of so many, in 1e-6 of a result. */
export interface Weighed {
  readonly sentMicro: number
  readonly answeredMicro: number
}

const DAY_MS = 86_400_000
/** 1970-01-01 was a Thursday: weeks begin on Thursdays, which is as good as any day. */
const WEEK_MS = 7 * DAY_MS

/** Number of the week of a time (ms), UTC. */
export function weekOf(at: number): number {
  return Math.floor(at / WEEK_MS)
}

/** The prior with the results. */
export function posteriorOf({ a, b }: Beta, { sentMicro, answeredMicro }: Weighed): Beta {
  return { a: a + answeredMicro / 1e6, b: b + (sentMicro - answeredMicro) / 1e6 }
}

/**
 * A count after so many weeks: .99 of it each week, so that the posterior moves towards its prior and not towards nothing.
 * Whole millionths, rounded down.
 */
export function faded(micro: number, weeks: number): number {
  let left = micro
  for (let week = 0; week < weeks && left > 0; week++) left = Math.floor((left * 99) / 100)
  return left
}
