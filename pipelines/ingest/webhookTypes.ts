/**
 * What a GoHighLevel body is: its documented type, or, for bodies that state none, the family that its shape tells. A body
 * of an unknown type stays unknown, whatever it looks like. @source marketplace.gohighlevel.com/docs @checked 2026-11-22
 */
import type { Json } from './body.ts'
import { objectOf, textOf } from './fields.ts'
import { isCallbackType } from './translate/callback.ts'

const families: Readonly<Record<string, readonly string[]>> = {
  Contact: ['Create', 'Update', 'Delete', 'TagUpdate', 'DndUpdate'],
  Opportunity: ['Create', 'Update', 'Delete', 'StageUpdate', 'StatusUpdate', 'MonetaryValueUpdate', 'AssignedToUpdate'],
  Task: ['Create', 'Complete', 'Delete'],
  Note: ['Create', 'Update', 'Delete'],
  Appointment: ['Create', 'Update', 'Delete'],
  Conversation: ['Update', 'UnreadUpdate'],
  User: ['Create', 'Update', 'Delete'],
  Invoice: ['Create', 'Update', 'Delete', 'Sent', 'Paid', 'PartiallyPaid', 'Void'],
  Order: ['Create', 'StatusUpdate'],
  Product: ['Create', 'Update', 'Delete'],
  Price: ['Create', 'Update', 'Delete'],
  Record: ['Create', 'Update', 'Delete'],
  Relation: ['Create', 'Delete'],
  Association: ['Create', 'Update', 'Delete'],
  ObjectSchema: ['Create', 'Update'],
  SupportTicket: ['Create', 'Update', 'Delete'],
  KnowledgeBase: ['Create', 'Update', 'Delete', 'FaqChange', 'FileChange', 'RichTextChange', 'TableFileChange', 'TrainedUrlChange'],
}

/** About the installation or the location itself, not about its data: taken even when the location is not known yet. */
export const lifecycleTypes: ReadonlySet<string> = new Set([
  'LocationCreate',
  'LocationUpdate',
  'INSTALL',
  'UNINSTALL',
  'UPDATE',
  'PLAN_CHANGE',
  'APP_PAYMENT_STATUS',
  'EXTERNAL_AUTH_CONNECTED',
])

export const knownTypes: ReadonlySet<string> = new Set([
  ...Object.entries(families).flatMap(([family, changes]) => changes.map((change) => `${family}${change}`)),
  ...lifecycleTypes,
  'InboundMessage',
  'OutboundMessage',
  'CampaignStatusUpdate',
  'LCEmailStats',
  'VoiceAiCallEnd',
  'SaasPlanCreate',
])

interface Shape {
  /** A documented type when the family has one, else the name of the family. */
  readonly type: string
  readonly matches: (body: Json) => boolean
}

const states = (body: Json, ...fields: readonly string[]) => fields.every((field) => (body[field] ?? '') !== '')

/** In this order: the first that matches. Create, Update and Delete of a typeless family look alike. */
const shapes: readonly Shape[] = [
  { type: 'WorkflowWebhook', matches: (body) => states(body, 'contact_id') && objectOf(body, 'workflow') !== null },
  { type: 'WorkflowTrigger', matches: (body) => objectOf(body, 'triggerData') !== null && objectOf(body, 'extras') !== null },
  {
    type: 'WorkflowAction',
    matches: (body) => objectOf(body, 'data') !== null && objectOf(body, 'extras') !== null && objectOf(body, 'meta') !== null,
  },
  {
    type: 'VoiceAiCallEnd',
    matches: (body) => states(body, 'agentId') && (states(body, 'transcript') || states(body, 'executedCallActions')),
  },
  { type: 'Invoice', matches: (body) => states(body, 'invoiceNumber') || (states(body, 'invoiceItems') && states(body, 'contactDetails')) },
  { type: 'Order', matches: (body) => states(body, 'fulfillmentStatus', 'items') },
  { type: 'Price', matches: (body) => states(body, '_id', 'product', 'currency') },
  { type: 'Product', matches: (body) => states(body, '_id', 'productType') || states(body, '_id', 'variants') },
  { type: 'Relation', matches: (body) => states(body, 'associationId', 'firstRecordId', 'secondRecordId') },
  { type: 'Association', matches: (body) => states(body, 'associationType', 'firstObjectKey', 'secondObjectKey') },
  { type: 'ObjectSchema', matches: (body) => states(body, 'primaryDisplayProperty') || states(body, 'labels', 'key') },
  { type: 'Record', matches: (body) => states(body, 'id', 'properties') && (states(body, 'owners') || states(body, 'followers')) },
  {
    type: 'ProviderOutboundMessage',
    matches: (body) => states(body, 'messageId', 'contactId') && (states(body, 'message') || states(body, 'html')),
  },
]

/** Words of `type` that mean something else in a typeless family: the kind of a price, the channel of a provider message. */
const otherMeanings: ReadonlySet<string> = new Set(['', 'one_time', 'recurring', 'SMS', 'Email'])

export interface WebhookType {
  /** The type as stated, else what the shape tells, else as stated (perhaps empty). */
  readonly type: string
  readonly byShape: boolean
}

export function webhookTypeOf(body: Json): WebhookType {
  const stated = textOf(body, 'type') ?? ''
  const shape = otherMeanings.has(stated) ? shapes.find(({ matches }) => matches(body)) : undefined
  return shape === undefined ? { type: stated, byShape: false } : { type: shape.type, byShape: true }
}

const shapeTypes: ReadonlySet<string> = new Set(shapes.map(({ type }) => type))

/** The metric label of a type: a label taken from a body would let a sender fill the metrics store. */
export function typeLabel(type: string): string {
  if (type === '') return 'none'
  return knownTypes.has(type) || shapeTypes.has(type) || isCallbackType(type) ? type : 'other'
}
