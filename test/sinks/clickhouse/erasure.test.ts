/** Erasures in ClickHouse: many at once cost what one costs, each up to its own moment. */
import t from 'tap'
import type { SinkBatch } from '../../../runtime/sink.ts'
import type { Decision, Erasure, LeadEvent } from '../../../schemas/generated/records.ts'
import { decisions, erasures, leadEvents } from '../../../topics/index.ts'
import { batchOf, example, migrated, rows } from './migratedSink.ts'

const LEADS = 450
const noon = Date.UTC(2026, 10, 24, 12)
const tenantId = 'l'
/** What the platform puts into an id nobody knows. */
const ODD = ["it's", 'back\\slash', "a', 'b] ", 'tab\tand\nline', '{leads:String}', 'ü 漢', '__proto__']
const contactId = (i: number) => `${i} ${ODD[i % 20] ?? ''}`

function keyed(batch: SinkBatch): SinkBatch {
  return {
    ...batch,
    records: batch.records.map((record) => ({ ...record, key: `${tenantId}:${(record.value as { contactId: string }).contactId}` })),
  }
}

t.test('hundreds of orders are one deletion a table for some hundred of them; what came after the moment of each stays', async (t) => {
  const { client, sink } = await migrated(t)
  const event = example<LeadEvent>('LeadEvent', 'message-inbound')
  const decision = example<Decision>('Decision', 'answer-her-reply')
  const minutes = [0, 1, 2].map((minute) => noon + minute * 60_000)
  const events = Array.from({ length: LEADS }, (_, i) => i).flatMap((i) =>
    minutes.map((occurredAt) => ({
      ...event,
      tenantId,
      contactId: contactId(i),
      occurredAt,
      receivedAt: occurredAt,
      eventId: `${i} ${occurredAt}`,
    })),
  )
  await sink.write([keyed(batchOf(leadEvents, events, 0n, noon + 3 * 60_000))])
  await sink.write([keyed(batchOf(decisions, [{ ...decision, tenantId, contactId: contactId(7), decidedAt: noon }], 0n, noon))])
  const order = (i: number): Erasure => ({
    tenantId,
    contactId: contactId(i),
    erasedAt: noon + (i % 3) * 60_000,
    requestId: `r${i}`,
    requestedBy: 'office',
  })
  const orders = Array.from({ length: LEADS - 1 }, (_, i) => order(i))
  await sink.write([keyed(batchOf(erasures, [...orders, order(7), { ...order(7), erasedAt: noon - 1 }]))])
  const left = await rows<{ lead: string; events: string }>(
    client,
    `SELECT lead_id AS lead, count() AS events FROM lead_events GROUP BY lead ORDER BY toUInt32(extract(lead, ':([0-9]+) '))`,
  )
  t.strictSame(
    left.map(({ lead, events }) => [lead, Number(events)]),
    Array.from({ length: LEADS }, (_, i) => [`${tenantId}:${contactId(i)}`, i === LEADS - 1 ? 3 : 2 - (i % 3)]).filter(
      ([, events]) => events !== 0,
    ),
  )
  t.strictSame(await rows(client, 'SELECT count() AS decisions FROM decisions'), [{ decisions: '0' }])
  const [{ mutations } = { mutations: '' }] = await rows<{ mutations: string }>(
    client,
    "SELECT count() AS mutations FROM system.mutations WHERE database = currentDatabase() AND table = 'lead_events'",
  )
  t.ok(Number(mutations) <= 5, `${mutations} deletions`)
})
