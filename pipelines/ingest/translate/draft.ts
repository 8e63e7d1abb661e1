/**
 * What a translation answers: the kind and the one typed section of a lead event, or the field without which the webhook
 * says nothing. Who, when and from where is added by the stage.
 */
import type { Json } from '../body.ts'
import type { LeadEvent } from '../../../schemas/generated/records.ts'

type Section =
  | 'contact'
  | 'message'
  | 'appointment'
  | 'opportunity'
  | 'note'
  | 'task'
  | 'conversation'
  | 'emailEvent'
  | 'voiceCall'
  | 'workflow'
  | 'behaviour'
  | 'delivery'
  | 'lookUp'

/** An event has one of these sections; the others are empty. */
export const noSections: Readonly<Record<Section, null>> = {
  contact: null,
  message: null,
  appointment: null,
  opportunity: null,
  note: null,
  task: null,
  conversation: null,
  emailEvent: null,
  voiceCall: null,
  workflow: null,
  behaviour: null,
  delivery: null,
  lookUp: null,
}

export type Sections = Partial<Pick<LeadEvent, Exclude<Section, 'delivery' | 'lookUp'>>>

export interface Draft {
  readonly kind: string
  readonly sections: Sections
  /** Provider ids of the message this is about, for the memory of ingest. */
  readonly messageIds?: readonly string[]
  /** Ids of a fact that happens once and is no message. */
  readonly factIds?: readonly string[]
  /** What of the body cannot be taken, in words: it is kept raw beside the event. */
  readonly unread?: string
}

export type Translation = Draft | { readonly missing: string }

/** A field that may date the event; `unit` of a number, ms unless given. */
export interface DateField {
  readonly within?: string
  readonly field: string
  readonly unit?: 'seconds'
}

/** One webhook type. */
export interface Translator {
  readonly translate: (body: Json) => Translation
  /**
   * Fields that may date the event after the gateway's `timestamp`. `dateAdded` is the creation of the resource, so only
   * what happens at creation is dated by it: a change would seem as old as the contact and lose to everything. `arrival`: by no field.
   */
  readonly datedBy: readonly DateField[] | 'arrival'
  /** The platform leaves the contact out of such bodies: they wait in the raw lane, which is no defect of the sender. */
  readonly mayLackContact?: true
}
