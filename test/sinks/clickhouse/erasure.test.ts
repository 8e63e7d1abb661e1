/** Erasures in ClickHouse: many at once cost what one costs, each up to its own moment. */
import { setImmediate as turnEnds } from 'node:timers/promises'
import { ClickHouseError, createClient } from '@clickhouse/client'
import type { ClickHouseClient } from '@clickhouse/client'
import t from 'tap'
import type { SinkBatch } from '../../../runtime/sink.ts'
import type { Decision, Erasure, LeadEvent } from '../../../schemas/generated/records.ts'
import { deleteRows, tellsOfThem } from '../../../sinks/clickhouse/deletion.ts'
import type { DeletionClient } from '../../../sinks/clickhouse/deletion.ts'
import { Erasures } from '../../../sinks/clickhouse/erasure.ts'
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

t.test('a deletion is found again by its keys, however they are written, and by its moments', async (t) => {
  const { client, sink, database } = await migrated(t)
  const decision = example<Decision>('Decision', 'answer-her-reply')
  const odd = ODD.map((name, i) => ({ ...decision, tenantId, contactId: `${i} ${name}`, decidedAt: noon }))
  await sink.write([keyed(batchOf(decisions, odd, 0n, noon))])
  const order = ({ contactId: of }: Decision, i: number) => ({
    tenantId,
    contactId: of,
    erasedAt: noon + i,
    requestId: 'r',
    requestedBy: 'office',
  })
  await new Erasures(client, database).carryOut(keyed(batchOf(erasures, odd.map(order))))
  const found = async (keys: readonly string[], moments: readonly number[]) => {
    const answer = await client.query({
      query: `SELECT count() AS found FROM system.mutations WHERE database = currentDatabase() AND table = 'decisions' AND ${tellsOfThem}`,
      query_params: { keys, moments: moments.map(String) },
      format: 'JSONEachRow',
    })
    return Number((await answer.json<{ found: string }>())[0]?.found)
  }
  const keys = odd.map(({ contactId: of }) => `${tenantId}:${of}`)
  t.equal(
    await found(
      keys,
      odd.map((_, i) => noon + i),
    ),
    1,
  )
  t.equal(await found([...keys, `${tenantId}:another`], []), 0)
  t.equal(await found(keys, [noon + ODD.length]), 0, 'an order of the same leads at another time')
  t.strictSame(await rows(client, 'SELECT count() AS decisions FROM decisions'), [{ decisions: '0' }])
})

/** An engine that answers what it is told to, one after the other. */
function engineThat(script: { readonly commands: readonly (Error | 'done')[]; readonly looks: readonly (string | undefined)[] }) {
  const did: string[] = []
  const [commands, looks] = [[...script.commands], [...script.looks]]
  const client: DeletionClient = {
    command: async () => {
      did.push('told')
      const answer = commands.shift()
      if (answer instanceof Error) throw answer
      return {} as never
    },
    query: async () => {
      did.push('looked')
      const failed = looks.shift()
      return { json: async () => (failed === undefined ? [] : [{ failed }]) } as never
    },
  }
  return { did, client }
}

t.test('a deletion that takes longer than a request may is waited for, and told once', async (t) => {
  const late = new Error('Timeout error.')
  let progress = 0
  const deletion = {
    database: 'd',
    table: 'decisions',
    where: 'lead_id IN {keys:Array(String)}',
    parameters: { keys: ['l:x'] },
    doing: 'Erasing',
    maybeTold: false,
    progressed: () => void (progress += 1),
  }
  const slow = engineThat({ commands: [late], looks: ['', '', undefined] })
  await deleteRows(slow.client, deletion, 0)
  t.strictSame(slow.did, ['told', 'looked', 'looked', 'looked'])
  t.equal(progress, 3, 'twice while the engine was at it, and when it was done')
  const failing = engineThat({ commands: [late], looks: ['', 'Memory limit exceeded'] })
  await t.rejects(deleteRows(failing.client, deletion, 0), { code: 'E_CLICKHOUSE_BUSY', message: /Erasing: Memory limit exceeded/ })
  const unheard = engineThat({ commands: [late], looks: [undefined] })
  await t.rejects(deleteRows(unheard.client, deletion, 0), { code: 'E_CLICKHOUSE_UNREACHABLE' }, 'it never came there')
  const again = engineThat({ commands: ['done'], looks: ['', undefined] })
  await deleteRows(again.client, { ...deletion, maybeTold: true }, 0)
  t.strictSame(again.did, ['looked', 'looked', 'told'], 'after a crash the former one is waited for; rows may have come since')
  const refused = engineThat({ commands: [new ClickHouseError({ message: 'no', code: '497', type: 'ACCESS_DENIED' })], looks: [] })
  await t.rejects(deleteRows(refused.client, deletion, 0), { code: 'E_CLICKHOUSE_ACCESS_DENIED' })
  t.strictSame(refused.did, ['told'])
})

t.test('who erases and who waits for it are told whenever a deletion gets on, or each would be taken for stuck', async (t) => {
  const ends: (() => void)[] = []
  const client = {
    command: () => new Promise<void>((resolve) => ends.push(resolve)),
    query: async () => ({ json: async () => [{ table: 'decisions' }, { table: 'outcomes' }] }),
  } as unknown as ClickHouseClient
  const told = { order: 0, facts: 0, late: 0 }
  let stored = false
  const erased = new Erasures(client, 'd')
  const order = { tenantId, contactId: 'x', erasedAt: noon, requestId: 'r', requestedBy: 'office' }
  const work = [
    erased.carryOut(keyed(batchOf(erasures, [order])), () => void (told.order += 1)),
    erased.unlessErasing(
      async () => void (stored = true),
      () => void (told.facts += 1),
    ),
  ]
  while (ends.length < 1) await turnEnds()
  ends[0]?.()
  while (ends.length < 2) await turnEnds()
  t.strictSame([told, stored], [{ order: 1, facts: 1, late: 0 }, false])
  ends[1]?.()
  await Promise.all(work)
  t.strictSame([told, stored], [{ order: 2, facts: 2, late: 0 }, true])
  await erased.unlessErasing(
    async () => undefined,
    () => void (told.late += 1),
  )
  t.strictSame(told, { order: 2, facts: 2, late: 0 }, 'nobody is told of what nobody waits for')
})

t.test('a deletion that never reached the engine is a failure', async (t) => {
  const { client, database } = await migrated(t)
  const nobody = createClient({ url: 'http://127.0.0.1:9', database, request_timeout: 500 })
  t.teardown(() => nobody.close())
  const order = { tenantId, contactId: 'x', erasedAt: noon, requestId: 'r', requestedBy: 'office' }
  await t.rejects(new Erasures(nobody, database).carryOut(keyed(batchOf(erasures, [order]))), { code: 'E_CLICKHOUSE_UNREACHABLE' })
  t.strictSame(await rows(client, 'SELECT count() AS told FROM system.mutations WHERE database = currentDatabase()'), [{ told: '0' }])
})
