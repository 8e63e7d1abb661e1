/** What one callback of a provider says: something about a lead, or why it says nothing. */
import type { DateField, Draft } from './draft.ts'
import type { UnrecognisedReason } from './unrecognised.ts'

export type CallbackReading = {
  /** The same on every repetition; null when it has none. */
  readonly id: string | null
  /** Status or event as sent; empty when none is stated. */
  readonly stated: string
} & ({ readonly draft: Draft; readonly datedBy: readonly DateField[] } | { readonly raw: UnrecognisedReason })
