/**
 * The webhooks that a write leads to, with the habits of the platform: several for one change, sparse, without what changed,
 * new tasks without their contact. @source reference/gohighlevel.md 1.2, 5 (#27, #332)
 */
import { randomUUID } from 'node:crypto'
import type { Fields } from '../call/fields.ts'
import type { DueWebhook } from './journal.ts'

const contactFields = [
  'id',
  'address1',
  'city',
  'companyName',
  'country',
  'source',
  'dateAdded',
  'dateOfBirth',
  'dnd',
  'email',
  'name',
  'firstName',
  'lastName',
  'phone',
  'postalCode',
  'state',
  'tags',
  'website',
  'assignedTo',
  'customFields',
] as const
const opportunityFields = [
  'id',
  'assignedTo',
  'contactId',
  'monetaryValue',
  'name',
  'pipelineId',
  'pipelineStageId',
  'source',
  'status',
] as const
const appointmentFields = [
  'id',
  'address',
  'title',
  'calendarId',
  'contactId',
  'groupId',
  'appointmentStatus',
  'assignedUserId',
  'users',
  'notes',
  'source',
  'startTime',
  'endTime',
  'dateAdded',
  'dateUpdated',
] as const

export type Webhook = (type: string, body: Fields) => DueWebhook

/** Adds the envelope of a delivery. */
export function enveloped(location: string, appId: string, at: number): Webhook {
  return (type, body) => {
    const webhookId = randomUUID()
    const envelope = { appId, versionId: appId, timestamp: new Date(at).toISOString(), webhookId }
    return { webhookId, body: { type, locationId: location, ...body, ...envelope } }
  }
}

export function contactWebhooks(webhook: Webhook, before: Fields | undefined, after: Fields): DueWebhook[] {
  const shown = picked(after, contactFields)
  if (before === undefined) return [webhook('ContactCreate', shown)]
  const changed = (name: string) => JSON.stringify(before[name]) !== JSON.stringify(after[name])
  return [
    webhook('ContactUpdate', shown),
    ...(changed('dnd') || changed('dndSettings') || changed('inboundDndSettings')
      ? [webhook('ContactDndUpdate', { ...shown, ...picked(after, ['dndSettings', 'inboundDndSettings']) })]
      : []),
    ...(changed('tags') ? [webhook('ContactTagUpdate', shown)] : []),
  ]
}

/** Sparse, as it is seen in practice. */
export function contactDeleted(webhook: Webhook, contact: Fields): DueWebhook[] {
  return [webhook('ContactDelete', picked(contact, ['id', 'firstName', 'lastName', 'email']))]
}

export function tagsChanged(webhook: Webhook, contact: Fields): DueWebhook[] {
  return [webhook('ContactTagUpdate', picked(contact, contactFields))]
}

export function opportunityWebhooks(webhook: Webhook, before: Fields | undefined, after: Fields | undefined): DueWebhook[] {
  const shown = { ...picked(after ?? before ?? {}, opportunityFields), dateAdded: (after ?? before)?.['createdAt'] }
  const update = webhook('OpportunityUpdate', shown)
  // Update comes after Delete too.
  if (after === undefined) return [webhook('OpportunityDelete', shown), update]
  if (before === undefined) return [webhook('OpportunityCreate', shown), update]
  const finer: readonly (readonly [string, string])[] = [
    ['pipelineStageId', 'OpportunityStageUpdate'],
    ['status', 'OpportunityStatusUpdate'],
    ['monetaryValue', 'OpportunityMonetaryValueUpdate'],
    ['assignedTo', 'OpportunityAssignedToUpdate'],
  ]
  return [update, ...finer.filter(([name]) => before[name] !== after[name]).map(([, type]) => webhook(type, shown))]
}

export function appointmentWebhook(webhook: Webhook, type: 'Create' | 'Update' | 'Delete', appointment: Fields): DueWebhook[] {
  return [webhook(`Appointment${type}`, { appointment: picked(appointment, appointmentFields) })]
}

export function noteWebhook(webhook: Webhook, type: 'Create' | 'Update' | 'Delete', note: Fields): DueWebhook[] {
  return [webhook(`Note${type}`, picked(note, ['id', 'body', 'contactId', 'dateAdded']))]
}

/** There is none of an update. */
export function taskWebhook(webhook: Webhook, type: 'Create' | 'Complete' | 'Delete', task: Fields): DueWebhook[] {
  const shown = ['id', 'assignedTo', 'title', 'dateAdded', 'dueDate', ...(type === 'Create' ? [] : ['body', 'contactId'])]
  return [webhook(`Task${type}`, picked(task, shown))]
}

/** What is empty is left out. */
function picked(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name]
      return value === undefined || value === null || value === '' ? [] : [[name, value]]
    }),
  )
}
