/** Why a look-up cannot go on; none of these is about the lead, so it waits and is made again. */
import { errorsOf } from '../../runtime/errors.ts'
import type { ErrorEntry } from '../../runtime/errors.ts'

export const apolloErrors = {
  E_APOLLO_KEY_REFUSED: {
    scope: 'step',
    retriable: true,
    means: 'Apollo refuses the key, or its plan does not include the call. Look-ups wait; nothing else does.',
    remedy: 'Set APOLLO_API_KEY to a key that may call people/match and restart the pipeline, or set LOOK_UPS to false.',
  },
  E_APOLLO_CREDITS_GONE: {
    scope: 'step',
    retriable: true,
    means: 'The account at Apollo has no credits left. Look-ups wait; nothing else does.',
    remedy: 'Buy credits, or wait for the next period of the plan; lower what locations may spend with `rekindle tenants set`.',
  },
  E_APOLLO_UNAVAILABLE: {
    scope: 'step',
    retriable: true,
    means: 'Apollo does not answer, fails, or allows no more calls for now. Look-ups wait and are made again.',
    remedy: 'Nothing while it passes. If it lasts, see the status page of Apollo, the network, and APOLLO_CALLS_PER_MINUTE.',
  },
} as const satisfies Record<string, ErrorEntry>

export type ApolloErrorCode = keyof typeof apolloErrors
export const apolloError = errorsOf(apolloErrors)
