/** The copy of the lead must be known to be complete: an opt-out that is still on its way would not be seen. */
import { allow, denyUntil } from './gate.ts'
import type { Gate } from './gate.ts'

export const freshness: Gate = ({ copyCompleteAt, at, limits }) => {
  const recheckAt = at + limits.recheckMs
  if (copyCompleteAt === undefined) return denyUntil('copy_never_complete', recheckAt, 'The copy of the leads has not been complete yet.')
  const age = at - copyCompleteAt
  return age > limits.maxCopyAgeMs
    ? denyUntil('copy_stale', recheckAt, `The copy of the leads was last complete ${Math.round(age / 1000)} s ago.`)
    : allow()
}
