/** The copy of the lead must be known to be complete: an opt-out that is still on its way would not be seen. */
import { allow, denyUntil } from './gate.ts'
import type { FenceInput, Gate } from './gate.ts'

export const freshness: Gate = ({ copyCompleteAt, at, limits }) => {
  const recheckAt = at + limits.recheckMs
  if (copyCompleteAt === undefined) return denyUntil('copy_never_complete', recheckAt, 'The copy of the leads has not been complete yet.')
  if (isFresh(copyCompleteAt, { at, limits })) return allow()
  const seconds = Math.round((at - copyCompleteAt) / 1000)
  return denyUntil(
    'copy_stale',
    recheckAt,
    `The copy of the leads was last complete ${seconds < 0 ? `in ${-seconds} s, by a clock that is wrong` : `${seconds} s ago`}.`,
  )
}

/** Is a copy that was complete at `completeAt` (ms) good enough to send by? A time that is far ahead is of a clock that was wrong: it says nothing. */
export function isFresh(completeAt: number | undefined, { at, limits }: Pick<FenceInput, 'at' | 'limits'>): boolean {
  return completeAt !== undefined && Math.abs(at - completeAt) <= limits.maxCopyAgeMs
}
