/**
 * What a translation answers: the kind and the one typed section of a lead event, or the field without which the webhook
 * says nothing. Who, when and from where is added by the stage.
 */
import type { Json } from '../body.ts'
import type { LeadEvent } from '../../../schemas/generated/records.ts'

export type Sections = Partial<Pick<LeadEvent, 'contact' | 'message' | 'appointment' | 'opportunity'>>

export interface Draft {
  readonly kind: string
  readonly sections: Sections
  /** Provider ids of the message this is about, for the memory of ingest. */
  readonly messageIds?: readonly string[]
}

export type Translation = Draft | { readonly missing: string }

/** One webhook type. */
export interface Translator {
  readonly translate: (body: Json) => Translation
  /**
   * Fields that may date the event after the gateway's `timestamp`. `dateAdded` is the creation of the resource, so only
   * what happens at creation is dated by it: a change would seem as old as the contact and lose to everything.
   */
  readonly datedBy: readonly { readonly within?: string; readonly field: string }[]
}
