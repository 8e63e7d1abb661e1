import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import t from 'tap'
import type { Step } from '../../delivery/context.ts'
import { deliveryMetrics } from '../../delivery/metrics.ts'
import { deliveryRelay } from '../../delivery/relay.ts'
import { deliveryDefaults, waitAfter } from '../../delivery/settings.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { ghlClient } from '../../integrations/ghl/client.ts'
import type { GhlClient } from '../../integrations/ghl/client.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import { sandboxToken } from '../../integrations/ghl/sandbox/sandbox.ts'
import { faultKinds } from '../../integrations/ghl/sandbox/faults.ts'
import type { DeliveryChanged, FollowUp, LeadProfile } from '../../schemas/generated/records.ts'
import { DeliveryChanged as DeliverySchema } from '../../schemas/generated/records.ts'
import { eraseLeads } from '../../sinks/postgres/erasure.ts'
import { inTransaction } from '../../sinks/postgres/pool.ts'
import { profiles } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'
import { DAY, HOUR, MINUTE, followUpRecord, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { ledgerBench as bench, silent } from './ledgerBench.ts'

class Crash extends Error {
  override readonly name = 'Crash'
}

/** Long tables of cases on an engine that others use too. */
const patient = { timeout: 300_000 }

t.test('P-28: a due message is reserved, handed over and confirmed, and each step is told in order with all gates', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  t.equal(await b.worker({ workerId: 'w1' }).cycle(), 1)
  const row = await b.row()
  t.match(row, { status: 'confirmed', attempt: 1, sequence: 3, reservedBy: 'w1', gateId: null, ruleId: null })
  t.strictSame(
    b.sandbox.messages().map(({ messageId, contactId, body }) => [messageId, contactId, body]),
    [[row.messageId, 'maria', followUpRecord().text]],
  )
  const told = await b.told()
  t.strictSame(
    told.map(({ status, sequence }) => [status, sequence]),
    [
      ['reserved', 1],
      ['handed_over', 2],
      ['confirmed', 3],
    ],
  )
  t.equal(told[0]?.gates.length, 13)
  t.equal(new Set(told.map(({ deliveryId }) => deliveryId)).size, 3)
  for (const delivery of told) t.equal(DeliverySchema.mismatch(delivery), undefined, 'it fits the topic')
  t.equal(await b.worker().cycle(), 0, 'nothing is due any more')
})

t.test('P-33: a call becomes a task for the owner, a hand-over a tag and a task', async (t) => {
  const b = await bench(t)
  await b.lead({ ownerId: 'realtor1' })
  await b.plan({ action: 'create_task', channel: 'call', templateId: null, text: 'Call Maria' })
  await b.worker().cycle()
  await b.plan({ decisionId: 'd2', action: 'hand_over', channel: 'none', templateId: null, text: 'Take over' })
  await b.worker().cycle()
  t.match(b.sandbox.tasks(), [{ title: 'Call Maria', body: /Ref f-maria-d1-call/ }, { title: 'Take over' }])
  t.strictSame(b.sandbox.tagsOf('maria'), ['rekindle hand over'])
  t.strictSame([(await b.row('maria', 'd1')).status, (await b.row('maria', 'd2')).status], ['confirmed', 'confirmed'])
  t.equal(b.sandbox.messages().length, 0)
})

t.test('a question becomes a task with all that one needs to decide, at any hour, due when an answer no longer helps', async (t) => {
  const b = await bench(t)
  b.clock.advance(12 * HOUR)
  await b.lead({ ownerId: 'realtor1', dnd: true })
  await b.fresh()
  const until = b.clock.now() + 4 * HOUR
  await b.plan({ action: 'ask', channel: 'none', templateId: null, text: 'Decide about Maria', body: 'Either\nor', expiresAt: until })
  await b.worker().cycle()
  t.match(b.sandbox.tasks(), [
    { title: 'Decide about Maria', body: /^Either\nor\nRef f-maria-d1-none$/, dueAt: until, assignedTo: 'realtor1' },
  ])
  t.equal((await b.row()).status, 'confirmed')
  t.strictSame(b.sandbox.tagsOf('maria'), [])
})

t.test('gates that lift move the follow-up, the others end it, and waiting for the same reason is told once', async (t) => {
  const b = await bench(t)
  const worker = b.worker()
  await b.plan({})
  await worker.cycle()
  t.match(await b.row(), { status: 'deferred', gateId: 'epoch', ruleId: 'lead_unknown', scheduledAt: tuesdayNoon + 5_000 })
  for (let i = 0; i < 3; i++) {
    b.clock.advance(5_000)
    await worker.cycle()
  }
  t.equal((await b.told()).length, 1, 'told once')
  await b.lead()
  b.clock.advance(5_000)
  await worker.cycle()
  t.match(await b.row(), { status: 'deferred', gateId: 'freshness', ruleId: 'copy_stale' }, 'the copy is 20 s old')
  b.clock.advance(13 * HOUR)
  await b.fresh()
  await worker.cycle()
  // 01:00 in New York; the 11th is Veterans Day; the 12th opens at 09:00.
  t.match(await b.row(), { status: 'deferred', gateId: 'hours', scheduledAt: Date.UTC(2026, 10, 12, 14) })
  b.clock.advance(Date.UTC(2026, 10, 12, 14) - b.clock.now())
  await b.fresh()
  await worker.cycle()
  t.equal((await b.row()).status, 'confirmed')

  const ends: readonly (readonly [string, string, Partial<LeadProfile>, Partial<FollowUp>])[] = [
    ['superseded', 'epoch', { epoch: 9 }, {}],
    ['denied', 'consent', { dnd: true }, {}],
    ['expired', 'expiry', {}, { expiresAt: tuesdayNoon }],
    ['denied', 'human_ownership', { humanOwnership: { since: 0, userId: null, reason: 'tag', untilAt: null } }, {}],
    ['denied', 'length', {}, { text: 'no way out' }],
  ]
  for (const [index, [status, gateId, lead, plan]] of ends.entries()) {
    const contactId = `end${index}`
    await b.lead({ contactId, ...lead })
    await b.plan({ contactId, dueAt: tuesdayNoon, expiresAt: tuesdayNoon + 10 * DAY, ...plan })
    await worker.cycle()
    t.match(await b.row(contactId), { status, gateId }, `${status} by ${gateId}`)
  }
  t.equal(b.sandbox.messages().length, 1)
  const counts = await b.queries.counts()
  t.match(counts.heldBy, { 'consent/dnd': 1, 'epoch/superseded': 1 })
})

t.test("the provider's own do-not-disturb, a contact that is gone and a provider that says nothing hold a message", async (t) => {
  const b = await bench(t)
  const worker = b.worker()
  for (const contactId of ['dnd', 'gone', 'mute']) {
    await b.lead({ contactId })
    await b.plan({ contactId })
  }
  b.sandbox.setContact({ contactId: 'dnd', dndSettings: { SMS: { status: 'permanent' } } })
  b.sandbox.setContact({ contactId: 'gone', missing: true })
  await b.pool.query("UPDATE followup_actions SET scheduled_at = scheduled_at + interval '1 minute' WHERE contact_id = 'mute'")
  await worker.cycle()
  t.match(await b.row('dnd'), { status: 'denied', ruleId: 'provider_dnd', attempt: 0 })
  t.match(await b.row('gone'), { status: 'denied', ruleId: 'contact_gone' })
  b.clock.advance(MINUTE)
  await b.fresh()
  b.sandbox.addFault({ kind: '500', count: 1, on: 'reads' })
  await worker.cycle()
  t.match(await b.row('mute'), { status: 'deferred', ruleId: 'provider_unreadable', scheduledAt: b.clock.now() + MINUTE })
  t.equal(b.sandbox.messages().length, 0)
})

t.test('what GoHighLevel shows as said and no webhook has told of is waited for, by the lead or by a colleague', async (t) => {
  for (const said of ['InboundMessage', 'OutboundMessage']) {
    const b = await bench(t)
    await b.lead()
    await b.plan({})
    const saidAt = tuesdayNoon + MINUTE
    const words = { messageType: 'SMS', body: 'can you call me tomorrow?', dateAdded: new Date(saidAt).toISOString() }
    const sender = said === 'OutboundMessage' ? { source: 'app', userId: 'zoe', status: 'delivered' } : {}
    b.sandbox.happened(
      { type: said, locationId: tenantId, contactId: 'maria', conversationId: 'c1', messageId: 'm1', ...words, ...sender },
      saidAt,
    )
    b.clock.advance(4 * MINUTE)
    await b.fresh()
    await b.worker().cycle()
    t.match(await b.row(), { status: 'deferred', gateId: 'freshness', ruleId: 'message_untold', attempt: 0 }, said)
    t.match(await b.row(), { scheduledAt: b.clock.now() + MINUTE })
    const sent = () => b.sandbox.messages().filter(({ messageId }) => messageId !== 'm1')
    t.equal(sent().length, 0)
    // Its webhook comes, and changes nothing that the follow-up rests on.
    await b.lead({ version: 9, ...(said === 'InboundMessage' ? { lastInboundAt: saidAt } : { lastOutboundAt: saidAt }) })
    b.clock.advance(MINUTE)
    await b.fresh()
    await b.worker().cycle()
    t.match(await b.row(), { status: 'confirmed' }, said)
    t.equal(sent().length, 1)
  }
})

t.test('what was said is seen behind what the platform has noted of it', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  const saidAt = tuesdayNoon + MINUTE
  const of = { locationId: tenantId, contactId: 'maria' }
  const words = { messageType: 'SMS', body: 'can you call me tomorrow?', dateAdded: new Date(saidAt).toISOString() }
  b.sandbox.happened({ type: 'InboundMessage', ...of, conversationId: 'c1', messageId: 'm1', ...words }, saidAt)
  // A workflow that answers to her message leaves a row behind it.
  const moved = { id: 'o1', status: 'open', name: 'Buyer', pipelineId: 'p', pipelineStageId: 'answered' }
  b.sandbox.happened({ type: 'OpportunityStageUpdate', ...of, ...moved }, saidAt + 1_000)
  b.clock.advance(4 * MINUTE)
  await b.fresh()
  await b.worker().cycle()
  t.match(await b.row(), { status: 'deferred', gateId: 'freshness', ruleId: 'message_untold', attempt: 0 })
  const blind = await b.behind(t, (_, url) => (url.startsWith('/conversations/c1/messages') ? { status: 500, body: '{}' } : undefined))
  b.clock.advance(MINUTE)
  await b.fresh()
  await b.worker({ ghl: blind }).cycle()
  t.match(await b.row(), { status: 'deferred', ruleId: 'provider_unreadable' }, 'a list that cannot be read holds it as well')
  await b.lead({ version: 9, lastInboundAt: saidAt })
  await b.untilDone(b.worker())
  t.match(await b.row(), { status: 'confirmed' })
  t.equal(b.sandbox.messages().filter(({ messageId }) => messageId !== 'm1').length, 1)
})

t.test(
  'a conversation is read where its row does not say what was said when; one in which nothing was said, as a new contact has, holds nothing',
  async (t) => {
    const of = { id: 'c0', contactId: 'maria', locationId: tenantId, type: 'TYPE_PHONE' }
    const inbound = { lastMessageType: 'TYPE_SMS', lastMessageDirection: 'inbound' }
    const message = {
      id: 'm1',
      contactId: 'maria',
      messageType: 'TYPE_SMS',
      direction: 'inbound',
      dateAdded: new Date(tuesdayNoon).toISOString(),
    }
    for (const [row, messages, then] of [
      [{ lastMessageDate: tuesdayNoon }, [], { status: 'confirmed' }],
      [{ lastMessageDate: tuesdayNoon }, [message], { status: 'deferred', ruleId: 'message_untold' }],
      [inbound, [message], { status: 'deferred', ruleId: 'message_untold' }],
      [{ ...inbound, lastMessageDate: String(tuesdayNoon) }, [], { status: 'deferred', ruleId: 'message_untold' }],
    ] as const) {
      const b = await bench(t)
      await b.lead()
      await b.plan({})
      const answers: Readonly<Record<string, object>> = {
        '/conversations/search': { conversations: [{ ...of, ...row }], total: 1 },
        '/conversations/c0/messages': { messages: { messages, lastMessageId: null, nextPage: false } },
      }
      const ghl = await b.behind(t, (_, url) => {
        const answer = answers[url.replace(/\?.*/, '')]
        return answer && { status: 200, body: JSON.stringify(answer) }
      })
      await b.worker({ ghl }).cycle()
      t.match(await b.row(), then, JSON.stringify([row, messages.length]))
    }
  },
)

t.test('a list that is imported is begun with over days: a location sends no more in 24 hours than it may', async (t) => {
  const b = await bench(t)
  const contacts = Array.from({ length: 12 }, (_, index) => `imported${index}`)
  await b.put(
    profiles,
    contacts.map((contactId) => [`${tenantId}:${contactId}`, profileRecord({ contactId })]),
  )
  await b.plan(...contacts.map((contactId) => ({ contactId, priority: 1, expiresAt: tuesdayNoon + 4 * DAY })))
  const limits = { ...deliveryDefaults.limits, messagesPer24h: 5 }
  const worker = b.worker({ settings: { limits } })
  const sent = () => b.sandbox.messages().length
  await worker.cycle()
  t.equal(sent(), 5)
  const { heldBy } = await b.queries.counts()
  t.match(heldBy, { 'contact_budget/location_per_24h': 7 })
  await b.lead({ contactId: 'asks' })
  await b.plan({ contactId: 'asks', priority: 4 })
  b.clock.advance(HOUR)
  await b.fresh()
  await worker.cycle()
  t.match(await b.row('asks'), { status: 'confirmed' }, 'who is waited for is not held')
  t.equal(sent(), 6)
  const waiting = contacts.filter((contactId) => !b.sandbox.messages().some((one) => one.contactId === contactId))
  t.strictSame(
    (await Promise.all(waiting.map((contactId) => b.told(contactId)))).map(({ length }) => length),
    [1, 1, 1, 1, 1, 1, 1],
    'told once',
  )
  // Wednesday is a holiday.
  b.clock.advance(2 * DAY - HOUR)
  await b.fresh()
  await worker.cycle()
  t.equal(sent(), 11, 'five more')
})

t.test('conversations that cannot be read hold a message', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  const ghl = await b.behind(t, (_, url) => (url.startsWith('/conversations/search') ? { status: 500, body: '{}' } : undefined))
  await b.worker({ ghl }).cycle()
  t.match(await b.row(), { status: 'deferred', ruleId: 'provider_unreadable', attempt: 0 })
  t.equal(b.sandbox.messages().length, 0)
})

/** A gateway without the path. */
const bare404 = (method: string, url: string) => (method === 'GET' && url.startsWith('/contacts/') ? { status: 404, body: '' } : undefined)

t.test('a 404 that is not in the words of the platform ends no follow-up', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  await b.worker({ ghl: await b.behind(t, bare404) }).cycle()
  t.match(await b.row(), { status: 'deferred', ruleId: 'provider_unreadable' })
  t.equal(b.sandbox.messages().length, 0)
  await b.untilDone(b.worker())
  t.equal(b.sandbox.messages().length, 1)
})

t.test('an outcome that the platform does not tell is asked for less and less often', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  b.sandbox.addFault({ kind: 'timeout', count: 1 })
  await b.worker().cycle()
  let asked = 0
  const messagesTo = async () => {
    asked += 1
    return { ok: false, detail: 'forbidden', failure: { kind: 'not_sent', code: 'forbidden', detail: 'no', retryAfterMs: 0 } }
  }
  const conversations = { ...b.ghl.conversations, messagesTo }
  const ghl = Object.create(b.ghl, { conversations: { value: conversations } }) as GhlClient
  for (let i = 0; i < 240; i++) {
    await b.worker({ ghl }).sweep()
    b.clock.advance(15_000)
  }
  // Every 15 s for two minutes, then each wait is an eighth of the time: ln(30) / ln(9/8) = 29 more in an hour.
  t.ok(asked > 8 && asked < 45, `${asked} in an hour`)
  t.equal((await b.row()).status, 'unknown')
})

t.test('an opt-out between reservation and hand-over stops the message', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  await b
    .worker({
      onStep: async (step) => {
        if (step === 'contact_read')
          await b.lead({
            version: 4,
            epoch: 5,
            consents: { sms: { status: 'revoked', at: tuesdayNoon, expiresAt: null, eventId: 'stop', words: 'STOP' } },
          })
      },
    })
    .cycle()
  t.match(await b.row(), { status: 'superseded', gateId: 'epoch', attempt: 0 })
  t.strictSame(
    (await b.told()).map(({ status }) => status),
    ['reserved', 'superseded'],
  )
  t.match(
    (await b.told())[1]?.gates.filter(({ verdict }) => verdict !== 'allow').map(({ ruleId }) => ruleId),
    ['superseded', 'revoked'],
    'both reasons are kept',
  )
  t.equal(b.sandbox.messages().length, 0)
})

t.test('the budget holds inside one batch, across batches and against other senders', async (t) => {
  const b = await bench(t)
  await b.lead({ outboundTimes: [tuesdayNoon - HOUR] })
  const words = ['one alpha beta', 'two gamma delta', 'three epsilon zeta', 'four eta theta']
  await b.plan(
    ...words.map((text, index) => ({
      decisionId: `d${index}`,
      text: `${text} STOP`,
      priority: 5 - index,
      expiresAt: tuesdayNoon + 4 * DAY,
    })),
  )
  await b.worker().cycle()
  t.strictSame(
    b.sandbox
      .messages()
      .map(({ body }) => body)
      .sort(),
    ['one alpha beta STOP', 'two gamma delta STOP'],
  )
  t.match(await b.row('maria', 'd2'), {
    status: 'deferred',
    gateId: 'contact_budget',
    ruleId: '3_per_24h',
    scheduledAt: tuesdayNoon - HOUR + DAY,
  })
})

t.test('the budget holds when several workers serve one lead at the same moment', async (t) => {
  const b = await bench(t)
  const words = ['alpha beta', 'gamma delta', 'epsilon zeta', 'eta theta', 'iota kappa', 'lambda mu', 'nu xi', 'omicron pi']
  for (const round of [1, 2, 3]) {
    const contactId = `shared${round}`
    await b.lead({ contactId })
    await b.plan(...words.map((text, index) => ({ contactId, decisionId: `d${index}`, text: `${text} STOP` })))
    await Promise.all(Array.from({ length: 6 }, () => b.worker({ settings: { batch: 2 } }).cycle()))
    await Promise.all(Array.from({ length: 6 }, () => b.worker({ settings: { batch: 2 } }).cycle()))
    t.equal(b.sandbox.messages().filter((message) => message.contactId === contactId).length, 3, contactId)
    const { followupsByOutcome } = await b.queries.counts()
    t.strictSame(followupsByOutcome, { 'send_message/confirmed': 3 * round, 'send_message/deferred': 5 * round })
  }
})

t.test('P-29: every fault of the provider ends in at most one message and a final status', patient, async (t) => {
  const b = await bench(t)
  const expected: Record<string, string> = {
    timeout: 'failed',
    drop: 'failed',
    500: 'failed',
    timeout_after_accept: 'confirmed',
    drop_after_accept: 'confirmed',
    '500_after_accept': 'confirmed',
    '401_after_accept': 'confirmed',
    odd: 'confirmed',
    page: 'confirmed',
    cut: 'confirmed',
    429: 'confirmed',
    404: 'confirmed',
    dnd: 'failed',
    opt_out: 'failed',
  }
  const refusals: Readonly<Record<string, string>> = { dnd: 'dnd_active', opt_out: 'carrier_opt_out' }
  for (const kind of faultKinds.filter((one) => one !== 'slow')) {
    await b.reset()
    await b.tenant()
    await b.lead({ contactId: `c${kind}` })
    await b.plan({ contactId: `c${kind}` })
    b.sandbox.addFault({ kind, count: 1 })
    await b.untilDone(b.worker(), 8, 20_000)
    const row = await b.row(`c${kind}`)
    t.equal(row.status, expected[kind], kind)
    const sent = b.sandbox.messages().filter(({ contactId }) => contactId === `c${kind}`)
    t.equal(sent.length, expected[kind] === 'confirmed' ? 1 : 0, `${kind}: messages`)
    if (sent[0] !== undefined) t.equal(row.messageId, sent[0].messageId, `${kind}: it knows which`)
    if (expected[kind] === 'failed') t.equal(row.ruleId, refusals[kind] ?? 'not_sent')
  }
})

t.test("an unknown message is not called unsent before the provider's search must have it, nor while the provider is silent", async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  const worker = b.worker()
  b.sandbox.addFault({ kind: 'timeout', count: 1 })
  await worker.cycle()
  t.match(await b.row(), { status: 'unknown', ruleId: 'timed_out', nextCheckAt: tuesdayNoon + 5_000 })
  b.clock.advance(89_000)
  t.equal(await worker.sweep(), 1)
  t.equal((await b.row()).status, 'unknown', 'too early to tell')
  b.clock.advance(15_000)
  b.sandbox.addFault({ kind: '500', count: 1, on: 'reads' })
  await worker.sweep()
  t.equal((await b.row()).status, 'unknown', 'no answer is no answer')
  b.clock.advance(15_000)
  await worker.sweep()
  t.match(await b.row(), { status: 'failed', ruleId: 'not_sent' })
  b.clock.advance(DAY)
  await b.fresh()
  t.equal(await worker.cycle(), 0, 'and it is never sent again')
})

t.test(
  'a message to which the platform has added words, or of which it tells no time, is known again; an e-mail by its own id',
  async (t) => {
    const b = await bench(t)
    const added = {
      sms: (words: string) => `${words}\n\nExample Homes. Reply STOP to unsubscribe.`,
      email: (html: string) => `<div>${html}<p><a href="https://example.com/u">Unsubscribe</a></p></div>`,
    }
    for (const channel of ['sms', 'email'] as const) {
      await b.lead({ contactId: channel })
      await b.plan({ contactId: channel, channel, subject: channel === 'email' ? 'Your plans' : null })
      b.sandbox.addFault({ kind: 'timeout_after_accept', count: 1 })
      await b.fresh()
      await b.worker().cycle()
      t.match(await b.row(channel), { status: 'unknown', ruleId: 'timed_out' })
      b.clock.advance(120_000)
      const { conversations } = b.ghl
      const messagesTo: typeof conversations.messagesTo = async (...given) => {
        const found = await conversations.messagesTo(...given)
        return found.ok ? { ok: true, value: found.value.map((one) => ({ ...one, body: added[channel](one.body), at: null })) } : found
      }
      await b.worker({ ghl: { ...b.ghl, conversations: { ...conversations, messagesTo } } }).sweep()
      const [sent] = b.sandbox.messages().filter(({ contactId }) => contactId === channel)
      t.match(await b.row(channel), { status: 'confirmed', messageId: sent?.emailMessageId ?? sent?.messageId }, channel)
    }
  },
)

t.test('an e-mail of unknown outcome whose words cannot be read is not called unsent', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({ channel: 'email', subject: 'Your plans' })
  b.sandbox.addFault({ kind: 'timeout_after_accept', count: 1 })
  await b.worker().cycle()
  b.clock.advance(120_000)
  const ghl = await b.behind(t, (_, url) => (url.includes('/messages/email/') ? { status: 500, body: '{}' } : undefined))
  await b.worker({ ghl }).sweep()
  t.match(await b.row(), { status: 'unknown' })
  b.clock.advance(60_000)
  await b.worker().sweep()
  t.match(await b.row(), { status: 'confirmed', messageId: b.sandbox.messages()[0]?.emailMessageId })
})

t.test('what was certainly not sent is tried again with growing waits until its time is over, then fails', async (t) => {
  t.strictSame(
    [1, 2, 3, 20].map((attempt) => waitAfter(attempt, deliveryDefaults)),
    [10_000, 20_000, 40_000, 900_000],
  )
  const b = await bench(t)
  await b.lead()
  // Tried at 0, 10 and 30 s; the next would be at 70 s.
  await b.plan({ expiresAt: tuesdayNoon + 65_000 })
  const worker = b.worker()
  b.sandbox.addFault({ kind: '429', count: 50 })
  const waits: number[] = []
  for (let i = 0; i < 3; i++) {
    await b.fresh()
    await b.clock.run(worker.cycle())
    const row = await b.row()
    waits.push(row.scheduledAt - row.updatedAt)
    if (row.status === 'deferred') b.clock.advance(row.scheduledAt - b.clock.now())
  }
  t.strictSame(waits.slice(0, 2), [10_000, 20_000])
  t.match(await b.row(), {
    status: 'failed',
    ruleId: 'not_sent',
    attempt: 3,
    handedOverAt: Number,
    reason: /its time is over before the next/,
  })
  t.equal(b.sandbox.messages().length, 0)
})

t.test('a platform that is away for six hours is waited for: who asked for a person is handed over once it is back', async (t) => {
  const HOURS_AWAY = 6
  const b = await bench(t)
  await b.lead()
  await b.plan({ action: 'hand_over', channel: 'none', templateId: null, text: 'Take over', expiresAt: tuesdayNoon + DAY })
  b.sandbox.addFault({ kind: '500', count: 1_000_000, on: 'all' })
  const worker = b.worker()
  while (b.clock.now() < tuesdayNoon + HOURS_AWAY * HOUR) {
    await b.fresh()
    await b.clock.run(worker.cycle())
    t.match(await b.row(), { status: 'deferred' })
    b.clock.advance(Math.max(2 * MINUTE, (await b.row()).scheduledAt - b.clock.now()))
  }
  t.ok((await b.row()).attempt > 8, `${(await b.row()).attempt} attempts`)
  b.sandbox.clearFaults()
  // The breaker of the location stays open for six minutes at most (five and a fifth).
  b.clock.advance(6 * MINUTE)
  await b.untilDone(worker, 12, 60_000)
  t.match(await b.row(), { status: 'confirmed' })
  t.equal(b.sandbox.tasks().length, 1)
})

const steps: readonly Step[] = [
  'reserve_commit',
  'reserved',
  'admitted',
  'contact_read',
  'hand_over_commit',
  'handed_over',
  'called',
  'settle_commit',
  'settled',
  'recover_commit',
  'looked_up',
  'reconcile_commit',
  'tagged',
]

t.test(
  'P-30: a crash between every pair of steps, for every kind of action: one external action, and one that is known',
  patient,
  async (t) => {
    const b = await bench(t)
    const actions: readonly Partial<FollowUp>[] = [
      {},
      { channel: 'email', subject: 'Hello', templateId: 'reply.email.1' },
      { action: 'create_task', channel: 'call', templateId: null, text: 'Call Maria' },
      { action: 'hand_over', channel: 'none', templateId: null, text: 'Take over' },
    ]
    let crashes = 0
    for (const [index, action] of actions.entries()) {
      for (const step of steps) {
        // Steps of the look-up need an outcome that is unknown first.
        for (const fault of step === 'looked_up' || step === 'reconcile_commit' ? (['drop_after_accept', 'drop'] as const) : [undefined]) {
          await b.reset()
          await b.tenant()
          const contactId = `crash-${index}-${step}-${fault ?? 'none'}`
          await b.lead({ contactId })
          await b.plan({ contactId, ...action })
          await b.fresh()
          if (fault !== undefined) b.sandbox.addFault({ kind: fault, count: 1 })
          let armed = true
          const doomed = b.worker({
            onStep: (at) => {
              if (at !== step || !armed) return
              armed = false
              crashes++
              throw new Crash(step)
            },
          })
          if (step === 'recover_commit') {
            const first = b.worker({
              onStep: (at) => {
                if (at === 'handed_over') throw new Crash(at)
              },
            })
            await t.rejects(first.cycle(), Crash)
            b.clock.advance(100_000)
          }
          // The doomed worker works until it dies; another takes over.
          try {
            for (let i = 0; i < 12 && armed; i++) {
              await b.fresh()
              await doomed.cycle()
              await doomed.sweep()
              b.clock.advance(20_000)
            }
          } catch (error) {
            if (!(error instanceof Crash)) throw error
          }
          await b.untilDone(b.worker())
          const done = [...b.sandbox.messages(), ...b.sandbox.tasks()].filter((one) => one.contactId === contactId)
          const row = await b.row(contactId)
          const name = `${action.action ?? 'send'} ${action.channel ?? 'sms'} at ${step}${fault === undefined ? '' : ` after ${fault}`}`
          t.ok(done.length <= 1, `${name}: ${done.length} actions`)
          t.equal(row.status, done.length === 1 ? 'confirmed' : 'failed', `${name}: ${row.status} ${String(row.ruleId)}`)
          const told = await b.told(contactId)
          t.strictSame(
            told.map(({ sequence }) => sequence),
            told.map((_, place) => place + 1),
            `${name}: told without gaps`,
          )
        }
      }
    }
    t.ok(crashes >= actions.length * (steps.length - 2), `${crashes} crashes`)
  },
)

t.test(
  'inputs 1 to 50 times in any order, workers that die anywhere, a provider that fails anyhow: at most one message per intent',
  patient,
  async (t) => {
    const b = await bench(t)
    let run = 0
    await assertProperty(
      t,
      fc.asyncProperty(
        fc.array(
          fc.record({
            decision: fc.integer({ min: 1, max: 3 }),
            change: fc.constantFrom('planned', 'planned', 'cancelled'),
            times: fc.integer({ min: 1, max: 50 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        fc.array(fc.constantFrom<Step | undefined>(...steps, undefined), { minLength: 1, maxLength: 5 }),
        fc.array(
          fc.constantFrom(...faultKinds.filter((kind) => kind !== 'slow' && kind !== 'timeout' && kind !== 'timeout_after_accept')),
          { maxLength: 3 },
        ),
        fc.infiniteStream(fc.nat()),
        async (inputs, deaths, faults, shuffle) => {
          await b.reset()
          await b.tenant()
          const contactId = `any${run++}`
          await b.lead({ contactId, consents: profileRecord().consents })
          const all = inputs.flatMap(({ decision, change, times }) =>
            Array.from({ length: times }, () => ({
              contactId,
              decisionId: `d${decision}`,
              change,
              text: `words ${decision} ${'abc'.repeat(decision)} STOP`,
            })),
          )
          const order = all
            .map((one) => [shuffle.next().value as number, one] as const)
            .sort(([a], [z]) => a - z)
            .map(([, one]) => one)
          for (const kind of faults) b.sandbox.addFault({ kind, count: 1 })
          const share = Math.ceil(order.length / deaths.length)
          for (const [index, step] of deaths.entries()) {
            await b.plan(...order.slice(index * share, (index + 1) * share))
            await b.fresh()
            const worker = b.worker({
              onStep: (at) => {
                if (at === step) throw new Crash(at)
              },
            })
            try {
              // Calls wait for the room that a 429 took: on a clock that stands still they would wait for ever.
              await b.clock.run(worker.cycle())
              await b.clock.run(worker.sweep())
            } catch (error) {
              if (!(error instanceof Crash)) throw error
            }
            b.clock.advance(35_000)
          }
          await b.untilDone(b.worker(), 6, 60_000)
          // The clock goes on from run to run: it must stay in the open hours of a working day.
          b.clock.advance(-(b.clock.now() - tuesdayNoon))
          const sent = b.sandbox.messages().filter((message) => message.contactId === contactId)
          const rows = await b.queries.ledger(tenantId, contactId, 10)
          const found = `sent ${JSON.stringify(sent.map(({ body }) => body))}, rows ${JSON.stringify(rows.map(({ decisionId, status, ruleId, attempt }) => ({ decisionId, status, ruleId, attempt })))}`
          assert.equal(new Set(sent.map(({ body }) => body)).size, sent.length, `a message left twice: ${found}`)
          assert.ok(sent.length <= 3, `more messages than intents: ${found}`)
          assert.ok(
            rows.every((row) => !['reserved', 'handed_over', 'unknown'].includes(row.status)),
            `a follow-up has no final state: ${found}`,
          )
          assert.equal(
            rows.filter(({ status }) => status === 'confirmed').length,
            sent.length,
            `the ledger and the provider differ: ${found}`,
          )
        },
      ),
      { numRuns: 40 },
    )
  },
)

t.test('a worker that stood still after the last look does not send what it had found allowed', async (t) => {
  for (const minutes of [1, 10]) {
    const b = await bench(t)
    await b.lead()
    await b.plan({})
    let stands = true
    await b
      .worker({
        onStep: async (at) => {
          if (at !== 'handed_over' || !stands) return
          stands = false
          b.clock.advance(minutes * MINUTE)
          // Meanwhile the lead opts out, and another worker looks after what was left.
          const stop = { status: 'revoked', at: b.clock.now(), expiresAt: null, eventId: 'stop', words: 'stop' }
          await b.lead({ version: 9, epoch: 5, consents: { sms: stop } })
          await b.worker().sweep()
          await b.worker().sweep()
        },
      })
      .cycle()
    t.strictSame(b.sandbox.messages(), [], `${minutes} min`)
    await b.untilDone(b.worker())
    t.strictSame(b.sandbox.messages(), [], `${minutes} min, later`)
    t.match(await b.row(), minutes === 1 ? { status: 'superseded' } : { status: 'failed', ruleId: 'not_sent' })
  }
})

t.test('a token that takes long after the last look sends nothing that was allowed before', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  let takesLong = false
  const ghl = ghlClient({
    apiUrl: b.sandbox.url,
    clock: b.clock,
    tokens: {
      async current() {
        if (takesLong) {
          takesLong = false
          b.clock.advance(16_000)
          const stop = { status: 'revoked', at: b.clock.now(), expiresAt: null, eventId: 'stop', words: 'stop' }
          await b.lead({ version: 9, epoch: 5, consents: { sms: stop } })
        }
        return { ok: true, token: sandboxToken(tenantId) }
      },
      renewed: async () => ({ ok: true, token: sandboxToken(tenantId) }),
    },
  })
  t.teardown(() => ghl.close())
  await b.worker({ ghl, onStep: (at) => void (takesLong ||= at === 'handed_over') }).cycle()
  t.match(await b.row(), { status: 'deferred', ruleId: 'aborted_before_sending' })
  await b.untilDone(b.worker())
  t.strictSame(b.sandbox.messages(), [])
  t.match(await b.row(), { status: 'superseded' })
})

t.test('a look-up waits until the platform takes calls again after a 429, and is made then', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({ decisionId: 'lost' })
  const dies = b.worker({
    onStep: (at) => {
      if (at === 'handed_over') throw new Crash(at)
    },
  })
  await t.rejects(dies.cycle(), Crash)
  b.clock.advance(91_000)
  await b.plan({ decisionId: 'refused', text: 'other words, reply STOP to end' })
  await b.fresh()
  b.sandbox.addFault({ kind: '429', count: 1 })
  const worker = b.worker()
  await worker.cycle()
  const before = b.clock.now()
  await b.clock.run(worker.sweep())
  t.equal(b.clock.now() - before, 10_000, 'the window of the limit')
  t.match(await b.row('maria', 'lost'), { status: 'failed', ruleId: 'not_sent' })
})

t.test('several workers on one ledger send each message once', patient, async (t) => {
  const b = await bench(t)
  const contacts = Array.from({ length: 60 }, (_, index) => `many${index}`)
  await b.put(
    profiles,
    contacts.map((contactId) => [`${tenantId}:${contactId}`, profileRecord({ contactId })]),
  )
  await b.plan(
    ...contacts.map((contactId) => ({ contactId })),
    ...contacts.map((contactId) => ({ contactId, decisionId: 'd2', text: 'Quite different words. STOP' })),
  )
  // One time for the ledger and the calls, as in a process: a call leaves within 15 s of the last look.
  const clock = {
    now: () => b.clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 5), signal),
  }
  const ghl = ghlClient({
    apiUrl: b.sandbox.url,
    tokens: fixedTokens(sandboxToken),
    clock,
    timeoutMs: 5_000,
    rateLimit: {
      take: async () => ({ granted: true }),
      busy: () => [],
      told: async () => undefined,
      block: async () => undefined,
    } as never,
  })
  t.teardown(() => ghl.close())
  const stop = new AbortController()
  let settled = 0
  const workers = ['a', 'b', 'c'].map((workerId) =>
    b
      .worker({
        workerId,
        ghl,
        clock,
        onChange: ({ status }) => {
          if (status === 'confirmed' && ++settled === 120) stop.abort()
        },
      })
      .run(stop.signal),
  )
  await Promise.all(workers)
  t.equal(b.sandbox.messages().length, 120)
  t.equal(new Set(b.sandbox.messages().map(({ contactId, body }) => `${contactId} ${body}`)).size, 120)
  const { followupsByOutcome } = await b.queries.counts()
  t.strictSame(followupsByOutcome, { 'send_message/confirmed': 120 })
  t.ok((await b.pool.query('SELECT DISTINCT reserved_by FROM followup_actions')).rowCount ?? 0)
})

t.test('a worker that was given up by the others lets go: its row has another number', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  const other = b.worker()
  await b
    .worker({
      onStep: async (step) => {
        if (step !== 'contact_read') return
        b.clock.advance(91_000)
        await other.sweep()
      },
    })
    .cycle()
  t.match(await b.row(), { status: 'deferred', ruleId: 'worker_lost' })
  t.equal(b.sandbox.messages().length, 0)
  await b.fresh()
  await other.cycle()
  t.equal(b.sandbox.messages().length, 1)
})

t.test('a worker whose row another one holds by now does not hand it over in its place', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  const steps: string[] = []
  let held: () => void = () => undefined
  let goOn: () => void = () => undefined
  const isHeld = new Promise<void>((resolve) => (held = resolve))
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve))
  const heir = b.worker({
    workerId: 'w2',
    onStep: async (step) => {
      steps.push(`w2 ${step}`)
      if (step !== 'contact_read') return
      held()
      await mayGoOn
    },
  })
  let cycle: Promise<number> | undefined
  await b
    .worker({
      workerId: 'w1',
      onStep: async (step) => {
        steps.push(`w1 ${step}`)
        if (step !== 'contact_read') return
        b.clock.advance(91_000)
        await heir.sweep()
        await b.fresh()
        cycle = heir.cycle()
        await isHeld
      },
    })
    .cycle()
  goOn()
  await cycle
  t.strictSame(
    steps.filter((step) => step.endsWith(' handed_over')),
    ['w2 handed_over'],
    'what the first one read of the provider is more than a minute old',
  )
  t.match(await b.row(), { status: 'confirmed', reservedBy: 'w2' })
  t.equal(b.sandbox.messages().length, 1)
})

t.test('an answer that comes after the sweep called it unknown still counts', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  await b
    .worker({
      onStep: async (step) => {
        if (step !== 'called') return
        b.clock.advance(91_000)
        await b.worker().sweep()
      },
    })
    .cycle()
  const told = (await b.told()).map(({ status }) => status)
  t.strictSame(told, ['reserved', 'handed_over', 'unknown', 'confirmed'])
  t.equal((await b.row()).messageId, b.sandbox.messages()[0]?.messageId)
})

/** Carries out what is due; at this step of it the lead is erased. */
async function carryOutErasedAt(b: Awaited<ReturnType<typeof bench>>, step: string): Promise<void> {
  const worker = b.worker({
    onStep: async (reached) => {
      if (reached !== step) return
      await inTransaction(b.pool, (client) => eraseLeads(client, [{ leadId: `${tenantId}:maria`, erasedAt: b.clock.now() }]))
    },
  })
  await worker.cycle()
}

t.test('what is in hand while its lead is erased is told of without its text', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  await carryOutErasedAt(b, 'called')
  t.equal(b.sandbox.messages().length, 1, 'it had left')
  t.match(await b.row(), { status: 'confirmed', text: null })
  t.match(await b.told(), [{ status: 'confirmed', text: null }], 'what was told before the erasure went with it')
})

t.test('what is reserved while its lead is erased has not left: it does not, and nothing of it is kept or told', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  await carryOutErasedAt(b, 'contact_read')
  t.equal(b.sandbox.messages().length, 0)
  t.equal((await b.pool.query('SELECT 1 FROM followup_actions')).rowCount, 0)
  t.strictSame(await b.told(), [])
})

t.test('a worker that stops while it waits for room gives the row back; one without a database goes on when it is back', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({})
  const stop = new AbortController()
  const waiting = { ...b.ghl, admit: async () => false }
  await b.worker({ ghl: waiting }).cycle(stop.signal)
  t.match(await b.row(), { status: 'deferred', ruleId: 'worker_stopped' })

  const errors: unknown[] = []
  let broken = 2
  const pool = new Proxy(b.pool, {
    get: (target, name) =>
      name === 'connect' && broken-- > 0 ? () => Promise.reject(new Error('no database')) : (Reflect.get(target, name) as unknown),
  })
  const run = b
    .worker({
      pool,
      logger: { ...silent, error: (...said: unknown[]) => errors.push(said) } as never,
      onChange: ({ status }) => {
        if (status === 'confirmed') stop.abort()
      },
      clock: { now: () => b.clock.now(), sleep: (_, signal) => systemClock.sleep(1, signal) },
    })
    .run(stop.signal)
  await run
  t.equal((await b.row()).status, 'confirmed')
  t.ok(errors.length >= 1, 'and it said so')
})

t.test('the tag of a hand-over that could not be set is set again before the task is made', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({ action: 'hand_over', channel: 'none', templateId: null, text: 'Take over' })
  b.sandbox.addFault({ kind: 'drop_after_accept', count: 1 })
  await b.worker().cycle()
  const reason = /^Whether its tag was set is not known \(connection_lost\), and its task was not made; tried again later\.$/
  t.match(await b.row(), { status: 'deferred', ruleId: 'connection_lost', reason })
  t.equal(b.sandbox.tasks().length, 0)
  b.clock.advance(10_000)
  await b.fresh()
  await b.worker().cycle()
  t.equal(b.sandbox.tasks().length, 1)
  b.sandbox.setContact({ contactId: 'missing', missing: true })
  await b.lead({ contactId: 'missing' })
  await b.plan({ contactId: 'missing', action: 'hand_over', channel: 'none', templateId: null, text: 'Take over' })
  await b.worker().cycle()
  t.match(await b.row('missing'), { status: 'failed', ruleId: 'contact_not_found' })
})

t.test('a hand-over whose task is not there says so, and no word of a message', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.plan({ action: 'hand_over', channel: 'none', templateId: null, text: 'Take over' })
  const ghl = await b.behind(t, (method, url) => (method === 'POST' && url.endsWith('/tasks') ? { status: 500, body: '{}' } : undefined))
  await b.worker({ ghl }).cycle()
  t.match(await b.row(), { status: 'unknown', ruleId: 'server_error' })
  t.strictSame(b.sandbox.tagsOf('maria'), [deliveryDefaults.handOverTag])
  b.clock.advance(2 * MINUTE)
  await b.worker().sweep()
  const reason = 'The provider has no such task: it was not made, and will not be. The tag of the hand-over may be set.'
  t.match(await b.row(), { status: 'failed', ruleId: 'not_sent', reason })
})

t.test('two equal messages never take the same one at the provider for theirs', async (t) => {
  const b = await bench(t)
  await b.lead({ contactId: 'twin' })
  await b.plan({ contactId: 'twin' })
  await b.worker().cycle()
  const first = await b.row('twin')
  await b.plan({ contactId: 'twin', decisionId: 'd2' })
  // As if the gate against repetition had not been there.
  await b.pool.query("UPDATE followup_actions SET status = 'unknown', handed_over_at = $1, next_check_at = $1 WHERE decision_id = 'd2'", [
    new Date(tuesdayNoon),
  ])
  b.clock.advance(100_000)
  await b.worker().sweep()
  t.match(await b.row('twin', 'd2'), { status: 'failed', ruleId: 'not_sent', messageId: null })
  t.equal((await b.row('twin', 'd1')).messageId, first.messageId)
})

t.test('the relay publishes everything in order per lead, again after a crash, and one at a time', async (t) => {
  const b = await bench(t)
  await b.lead()
  await b.lead({ contactId: 'jon' })
  await b.plan({}, { contactId: 'jon' })
  await b.worker().cycle()
  const published: { key: string; id: string; sequence: number; timestamp: number }[] = []
  const producer = {
    send: async (_: unknown, key: string, value: DeliveryChanged, { timestamp }: { timestamp: number }) => {
      published.push({ key, id: value.deliveryId, sequence: value.sequence, timestamp })
    },
  }
  let dies = true
  const relay = deliveryRelay({
    pool: b.pool,
    producer,
    clock: b.clock,
    logger: silent,
    onAcknowledged: () => {
      if (!dies) return
      dies = false
      throw new Crash('acknowledged, not marked')
    },
  })
  await t.rejects(relay.publish(), Crash)
  t.equal(await relay.publish(), 6, 'all of them again')
  t.equal(await relay.publish(), 0)
  t.equal(published.length, 12)
  const once = [...new Map(published.map((one) => [one.id, one])).values()]
  t.strictSame(
    once.filter(({ key }) => key.endsWith(':jon')).map(({ sequence }) => sequence),
    [1, 2, 3],
  )
  t.ok(published.every(({ timestamp }) => timestamp === tuesdayNoon))

  await b.plan({ decisionId: 'd9', change: 'planned', text: 'Another one entirely, STOP' })
  await b.plan({ decisionId: 'd9', change: 'cancelled' })
  let refusals = 1
  const refusing = deliveryRelay({
    pool: b.pool,
    clock: b.clock,
    logger: silent,
    producer: { send: (...args) => (refusals-- > 0 ? Promise.reject(new Error('no broker')) : producer.send(...args)) },
  })
  await t.rejects(refusing.publish(), /no broker/)
  t.equal(await refusing.publish(), 1, 'nothing is lost')

  const stop = new AbortController()
  const holders: string[] = []
  const clock = { now: () => b.clock.now(), sleep: (_: number, signal?: AbortSignal) => systemClock.sleep(2, signal) }
  let failures = 1
  const relays = ['a', 'b'].map((name) =>
    deliveryRelay({
      pool: b.pool,
      clock,
      keepMs: 0,
      batch: 2,
      logger: { ...silent, info: () => holders.push(name) } as never,
      producer: {
        send: async (...args) => {
          if (failures-- > 0) throw new Error('no broker')
          await producer.send(...args)
          if (args[2].status === 'confirmed')
            setImmediate(() => {
              b.clock.advance(120_000)
            })
        },
      },
    }).run(stop.signal),
  )
  await b.plan({ contactId: 'jon', decisionId: 'd3', text: 'Yet another one, STOP' })
  await b.fresh()
  await b.worker().cycle()
  const left = async () => Number((await b.pool.query<{ count: string }>('SELECT count(*) FROM delivery_outbox')).rows[0]?.count)
  while ((await left()) > 0) await systemClock.sleep(5)
  stop.abort()
  await Promise.all(relays)
  t.equal(published.length, 16, 'one relay published the three new ones')
  t.ok(new Set(holders).size >= 1 && holders.length >= 1)
})

t.test('metrics count changes, gates and the delay', async (t) => {
  const b = await bench(t)
  const registry = new Registry()
  const onChange = deliveryMetrics(registry)
  await b.lead()
  await b.lead({ contactId: 'dnd', dnd: true })
  await b.plan({ dueAt: tuesdayNoon - 5 * MINUTE }, { contactId: 'dnd' })
  await b.worker({ onChange }).cycle()
  const text = await registry.metrics()
  t.match(text, /lr_deliveries_total\{channel="sms",status="confirmed"\} 1/)
  t.match(text, /lr_followups_held_total\{gate="consent",rule="dnd"\} 1/)
  t.match(text, /lr_delivery_delay_seconds_sum\{channel="sms"\} 300/)
})
