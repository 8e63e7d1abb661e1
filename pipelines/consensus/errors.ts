/** Codes of records that the consensus cannot judge. */
import type { ErrorEntry } from '../../runtime/errors.ts'

export const consensusErrors = {
  E_DECISION_TYPE_UNKNOWN: {
    scope: 'record',
    retriable: false,
    means: 'An assessment asks for a decision type that has neither a published nor a shipped policy.',
    remedy: 'Publish a policy for the type to `policies` (key `*:<decision type>`), then `rekindle dlq replay`.',
  },
} as const satisfies Record<string, ErrorEntry>
