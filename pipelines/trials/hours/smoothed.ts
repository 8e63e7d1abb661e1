/**
 * What is known of an hour says something of the hours beside it: each result counts once in its own hour and half in either
 * neighbour, around the clock. A result counts for two in all, at midnight as at noon.
 * @source reference/consensus.md 10.2: circular smoothing, half a pseudo-observation to each neighbour
 */
import type { Weighed } from '../posterior.ts'

const HOURS = 24

/** The counts of all 24 hours, in the order of the clock from 0:00, smoothed. */
export function smoothed(byHour: readonly Weighed[]): Weighed[] {
  const at = (hour: number): Weighed => byHour[(hour + HOURS) % HOURS] ?? { sentMicro: 0, answeredMicro: 0 }
  return Array.from({ length: HOURS }, (_, hour) => {
    const [before, own, after] = [at(hour - 1), at(hour), at(hour + 1)]
    return {
      sentMicro: own.sentMicro + (before.sentMicro + after.sentMicro) / 2,
      answeredMicro: own.answeredMicro + (before.answeredMicro + after.answeredMicro) / 2,
    }
  })
}
