/** A database that was restored from a copy of before, or is filled anew from the topics: what the topic of deliveries tells is not done again. */
import t from 'tap'
import { deliveryDefaults } from '../../delivery/settings.ts'
import type { DeliveryChanged, FollowUp } from '../../schemas/generated/records.ts'
import type { LedgerRow } from '../../sinks/postgres/ledgerRow.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { deliveries, followups, leadEvents, profiles, unrecognised, webhooksUrgent } from '../../topics/index.ts'
import { HOUR, MINUTE, deliveryRecord, followUpRecord, tenantId } from '../support/leadRecords.ts'
import { batch as sinkBatch } from '../support/sinkBatch.ts'
import { ledgerBench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

t.setTimeout(600_000)

/** Tables of cases on an engine that others use too. */
const patient = { timeout: 300_000 }

const maria = `${tenantId}:maria`

/** What each kind of follow-up does outside, counted. */
const kinds: Readonly<Record<string, Partial<FollowUp>>> = {
  'a message': {},
  'a task': { action: 'create_task', channel: 'call', templateId: null, text: 'Call Maria' },
  'a hand-over': { action: 'hand_over', channel: 'none', templateId: null, text: 'Take over' },
  'a question': { action: 'ask', channel: 'none', templateId: null, text: 'Decide about Maria', body: 'Either\nor' },
}

const done = (b: LedgerBench) => b.sandbox.messages().length + b.sandbox.tasks().length

/** An empty database that has read everything but follow-ups and deliveries. */
async function lost(b: LedgerBench): Promise<void> {
  await b.reset()
  await b.tenant()
  // What has left stands in the conversation by then, and was told of.
  await b.lead({ ownerId: 'realtor1', lastOutboundAt: done(b) > 0 ? b.clock.now() : null })
}

const read = (b: LedgerBench, told: readonly DeliveryChanged[]) =>
  b.put(
    deliveries,
    told.map((one) => [maria, one]),
  )

async function rounds(b: LedgerBench, count = 4): Promise<void> {
  for (let i = 0; i < count; i++) {
    await b.fresh()
    await b.worker().cycle()
    await b.worker().sweep()
    b.clock.advance(2 * MINUTE)
  }
}

/** Without what belongs to a process. */
const known = ({ reservedBy: _, ...row }: LedgerRow) => row

t.test('a database that is filled anew sends nothing a second time, in whatever order the topics are read', patient, async (t) => {
  const b = await ledgerBench(t)
  for (const [nth, [what, kind]] of Object.entries(kinds).entries()) {
    const plan = { ...kind, decisionId: `d${nth}` }
    await lost(b)
    await b.fresh()
    await b.plan(plan)
    await b.worker().cycle()
    const [before, told] = [known(await b.row()), await b.told()]
    t.strictSame([before.status, done(b)], ['confirmed', nth + 1], what)
    for (const isFirst of [true, false]) {
      await lost(b)
      if (isFirst) await read(b, told)
      await b.plan(plan)
      if (!isFirst) await read(b, told)
      t.strictSame(known(await b.row()), before, `${what}: the ledger is what it was`)
    }
    await rounds(b, 2)
    t.equal(done(b), nth + 1, what)
  }
})

t.test('nothing leaves before the deliveries of its partition are read', async (t) => {
  const b = await ledgerBench(t)
  await b.lead()
  await b.plan(kinds['a task'] ?? {})
  await b.worker().cycle()
  const told = await b.told()
  await lost(b)
  await b.plan(kinds['a task'] ?? {})
  await b.fresh([profiles, leadEvents, unrecognised, webhooksUrgent])
  await b.worker().cycle()
  t.match(await b.row(), { status: 'deferred', gateId: 'freshness', ruleId: 'copy_never_complete' })
  await read(b, told)
  await rounds(b)
  t.equal(b.sandbox.tasks().length, 1)
  t.match(await b.row(), { status: 'confirmed' })
})

t.test('what was in hand when the database was lost is looked up and not sent again, wherever the topic ends', patient, async (t) => {
  const b = await ledgerBench(t)
  let count = 0
  for (const [what, kind] of Object.entries(kinds))
    for (const upTo of ['reserved', 'handed_over']) {
      count += 1
      const plan = { ...kind, decisionId: `d${count}` }
      await lost(b)
      await b.fresh()
      await b.plan(plan)
      await b.worker().cycle()
      const told = await b.told()
      await lost(b)
      await b.plan(plan)
      await read(b, told.slice(0, told.findIndex(({ status }) => status === upTo) + 1))
      await rounds(b)
      t.equal(done(b), count, `${what}, ${upTo}`)
      t.match(await b.row(), { status: 'confirmed', reason: 'Found at the provider.' }, `${what}, ${upTo}`)
    }
})

t.test('what waits goes on waiting, with what it waits for and the attempts that were made', async (t) => {
  const b = await ledgerBench(t)
  await b.lead()
  await b.plan({})
  b.sandbox.addFault({ kind: '429', count: 1 })
  await b.worker().cycle()
  const [before, told] = [known(await b.row()), await b.told()]
  t.match(before, { status: 'deferred', attempt: 1 })
  await lost(b)
  await b.plan({})
  await read(b, told)
  const { scheduledAt, attempt, status } = await b.row()
  t.strictSame({ scheduledAt, attempt, status }, { scheduledAt: before.scheduledAt, attempt: 1, status: 'deferred' })
  b.clock.advance(deliveryDefaults.firstWaitMs + MINUTE)
  await rounds(b, 1)
  t.equal(b.sandbox.messages().length, 1)
  t.match((await b.told()).at(-1), { status: 'confirmed', attempt: 2, sequence: before.sequence + 3 }, 'and numbers go on where they were')
})

t.test('what was sent counts against the budget of the lead', async (t) => {
  const b = await ledgerBench(t)
  await b.lead()
  const saying = (text: string) => `Hi Maria, Example Homes here. ${text} Reply STOP to opt out.`
  const texts = ['One of the homes is open on Sunday.', 'A price was lowered today.', 'Would Thursday be good for a call?']
  const plans = texts.map((text, nth) => ({ decisionId: `d${nth}`, text: saying(text) }))
  await b.plan(...plans)
  await b.worker().cycle()
  const told = await b.told()
  t.equal(b.sandbox.messages().length, 3)
  await lost(b)
  await b.plan(...plans)
  await read(b, told)
  await b.plan({ decisionId: 'd9', text: saying('A home like the one that you looked at came up.') })
  await rounds(b, 1)
  t.match(await b.row('maria', 'd9'), { status: 'deferred', gateId: 'contact_budget' })
})

t.test('what was taken back stays taken back', async (t) => {
  const b = await ledgerBench(t)
  const at = b.clock.now()
  const told = (over: Partial<DeliveryChanged>) =>
    deliveryRecord({ followupId: followUpRecord().followupId, decisionId: 'd1', epoch: 4, messageId: null, at, attempt: 1, ...over })
  for (const [status, after] of [
    ['deferred', 'cancelled'],
    ['reserved', 'failed'],
    ['unknown', 'failed'],
    ['denied', 'denied'],
  ] as const) {
    await lost(b)
    await b.plan({}, { change: 'cancelled', reason: 'A person takes over.' })
    await read(b, [told({ status, sequence: 4, liftsAt: status === 'deferred' ? at + MINUTE : null })])
    if (after === 'failed') t.match(await b.row(), { ruleId: 'taken_back' }, status)
    await rounds(b)
    t.match(await b.row(), { status: after }, status)
  }
  t.strictSame(b.sandbox.messages(), [])
  await lost(b)
  const question = { ...kinds['a question'], expiresAt: b.clock.now() + HOUR }
  await b.plan(question, { ...question, change: 'cancelled' })
  const { value: task } = (await b.ghl.tasks.create(tenantId, 'maria', { title: 'Decide', body: '', dueAt: at, assignedTo: null })) as {
    value: { taskId: string }
  }
  const put = { action: 'ask', channel: 'none', followupId: followUpRecord({ channel: 'none' }).followupId, messageId: task.taskId }
  await read(b, [told({ ...put, status: 'confirmed', sequence: 3 })])
  await rounds(b, 2)
  t.match(await b.row(), { status: 'cancelled', nextCheckAt: null })
  t.strictSame(
    b.sandbox.tasks().map(({ completed }) => completed),
    [true],
    'the task of a question that was taken back is ended',
  )
})

t.test('a change that the topic has told otherwise is not told from the outbox', async (t) => {
  const b = await ledgerBench(t)
  await b.lead()
  await b.plan({})
  await b.worker().cycle()
  const told = await b.told()
  await lost(b)
  await b.plan({})
  await b.plan({ change: 'cancelled' })
  t.match(await b.told(), [{ status: 'cancelled', sequence: 1 }], 'read before the deliveries: it looks as if it had not left')
  await read(b, told)
  t.strictSame(await b.told(), [])
  t.match(await b.row(), { status: 'confirmed', sequence: 3 })
})

t.test('while the database is whole nothing comes of what the topic tells', async (t) => {
  const b = await ledgerBench(t)
  await b.lead()
  await b.plan({})
  await b.worker().cycle()
  const [row, told] = [await b.row(), await b.told()]
  await read(b, told)
  await read(b, told.slice(0, 1))
  t.strictSame([await b.row(), await b.told()], [row, told])
})

t.test('one that enters follow-ups and one that stores deliveries at the same time miss nothing of each other', async (t) => {
  const b = await ledgerBench(t)
  const [one, other] = [postgresSink(b.pool), postgresSink(b.pool)]
  for (let nth = 0; nth < 25; nth++) {
    const plan = followUpRecord({ decisionId: `d${nth}` })
    const told = deliveryRecord({ deliveryId: `x${nth}`, followupId: plan.followupId, decisionId: plan.decisionId, sequence: 3 })
    await Promise.all([one.write([sinkBatch(followups, nth, [[maria, plan]])]), other.write([sinkBatch(deliveries, nth, [[maria, told]])])])
  }
  const { rows } = await b.pool.query('SELECT status, count(*)::int AS n FROM followup_actions GROUP BY status')
  t.strictSame(rows, [{ status: 'confirmed', n: 25 }])
})
