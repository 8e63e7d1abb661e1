/**
 * Messages and calls out of lead events as rows of `communications`: each event once, and nothing from before the contact
 * was deleted, whichever of the two topics is read first.
 */
import type pg from 'pg'
import { TOMBSTONE } from '../../pipelines/enrich/lastWriter.ts'
import { isWrittenByItself } from '../../pipelines/enrich/messageEvents.ts'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { LeadEvent } from '../../schemas/generated/records.ts'
import { instant, storable, storableText } from './storable.ts'

interface Said {
  readonly channel: string
  readonly direction: string
  readonly sender: string
  readonly subject: string | null
  readonly text: string
  readonly status: string | null
  readonly messageId: string | null
  readonly conversationId: string | null
}

/** What an event says was said; a message of ours is taken from the delivery unless the provider told it first. */
function saidIn({ message, delivery }: LeadEvent): Said | undefined {
  if (message !== null) return message
  if (delivery === null || delivery.status !== 'confirmed' || delivery.action !== 'send_message' || delivery.echoed) return undefined
  const { channel, status, messageId, text } = delivery
  return { channel, status, messageId, text: text ?? '', direction: 'outbound', sender: 'rekindle', subject: null, conversationId: null }
}

interface Row {
  readonly key: string
  readonly event: LeadEvent
  readonly said: Said
}

const columns: readonly (readonly [string, string, (row: Row) => unknown])[] = [
  ['id', 'text', ({ event }) => event.eventId],
  ['tenant_id', 'text', ({ event }) => event.tenantId],
  ['lead_id', 'text', ({ key }) => key],
  ['contact_id', 'text', ({ event }) => event.contactId],
  ['channel', 'text', ({ said }) => said.channel],
  ['direction', 'text', ({ said }) => said.direction],
  ['sender', 'text', ({ said }) => said.sender],
  ['subject', 'text', ({ said }) => storable(said.subject)],
  ['content', 'text', ({ said }) => storableText(said.text)],
  ['status', 'text', ({ said }) => storable(said.status)],
  ['external_id', 'text', ({ said }) => storable(said.messageId)],
  ['thread_id', 'text', ({ said }) => storable(said.conversationId)],
  ['automatic', 'boolean', ({ event: { message } }) => message !== null && isWrittenByItself(message)],
  ['sent_at', 'timestamptz', ({ event }) => instant(event.occurredAt)],
  ['created_at', 'timestamptz', ({ event }) => instant(event.receivedAt)],
]
const names = columns.map(([name]) => name).join(', ')

/** Stores what was said. A message that the provider told of before its delivery did is known as ours from the delivery on. */
export async function storeCommunications(client: pg.PoolClient, records: readonly SinkRecord<LeadEvent>[]): Promise<void> {
  await storeSaid(client, records)
  const echoed = records.flatMap(({ key, value }) => {
    const id = value?.delivery?.echoed === true ? value.delivery.messageId : null
    return value === null || id === null ? [] : [{ tenantId: value.tenantId, key, id }]
  })
  if (echoed.length === 0) return
  await client.query({
    name: 'communications_ours',
    text: `UPDATE communications AS said SET sender = 'rekindle' FROM unnest($1::text[], $2::text[], $3::text[]) AS ours (tenant_id, lead_id, id)
           WHERE said.tenant_id = ours.tenant_id AND said.external_id = ours.id AND said.lead_id = ours.lead_id
             AND said.direction = 'outbound' AND said.sender <> 'rekindle'`,
    values: [echoed.map(({ tenantId }) => tenantId), echoed.map(({ key }) => key), echoed.map(({ id }) => id)],
  })
}

async function storeSaid(client: pg.PoolClient, records: readonly SinkRecord<LeadEvent>[]): Promise<void> {
  const rows = records.flatMap(({ key, value }): Row[] => {
    const said = value === null ? undefined : saidIn(value)
    return value === null || said === undefined ? [] : [{ key, event: value, said }]
  })
  if (rows.length === 0) return
  await client.query({
    name: 'communications_insert',
    text: `INSERT INTO communications (${names}) SELECT ${columns.map(([name]) => `incoming.${name}`).join(', ')}
           FROM unnest(${columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')}) AS incoming (${names})
           LEFT JOIN leads ON leads.id = incoming.lead_id
           WHERE incoming.sent_at > coalesce(to_timestamp((leads.profile -> 'fieldTimes' ->> '${TOMBSTONE}')::bigint / 1000.0), '-infinity')
           ON CONFLICT (id) DO NOTHING`,
    values: columns.map(([, , value]) => rows.map(value)),
  })
}

/** Forgets what was said to and by these leads, up to the moment of each (ms). */
export async function forgetCommunications(client: pg.PoolClient, leads: readonly { id: string; until: number }[]): Promise<void> {
  if (leads.length === 0) return
  await client.query(
    `DELETE FROM communications USING unnest($1::text[], $2::timestamptz[]) AS gone (lead_id, until)
     WHERE communications.lead_id = gone.lead_id AND sent_at <= gone.until`,
    [leads.map(({ id }) => id), leads.map(({ until }) => instant(until))],
  )
}
