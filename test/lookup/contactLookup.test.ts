/** Whom webhooks without a contact are about: asked of the sandbox, told once, and never guessed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { ghlClient } from '../../integrations/ghl/client.ts'
import { RateLimit } from '../../integrations/ghl/rateLimit.ts'
import { sandboxToken, startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import { contactLookup, VISIBLE_AFTER_MS } from '../../lookup/contactLookup.ts'
import { findContact } from '../../lookup/findContact.ts'
import { Patience } from '../../lookup/patience.ts'
import { askedTypes, questionOf, toldOf } from '../../pipelines/lookup/question.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { isCallbackType } from '../../pipelines/ingest/translate/callback.ts'
import { drive } from '../../runtime/driver.ts'
import type { WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { leadEvents, leadKey, unrecognised, webhooks } from '../../topics/index.ts'
import type { Body } from '../pipelines/ghlSamples.ts'
import { sample } from '../pipelines/ghlSamples.ts'
import { tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { fromSendGrid, fromTwilio, texted } from '../support/unnamedSenders.ts'

const MINUTE = 60_000

interface Setting {
  readonly erased?: ReadonlyMap<string, number>
  /** Locations without a token. */
  readonly unconnected?: readonly string[]
}

/** The line of ingest, the worker, and the sandbox between them, under a clock that the test moves. */
async function world(t: Test, { erased = new Map(), unconnected = [] }: Setting = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-lookup-'))
  const clock = new ManualClock(tuesdayNoon)
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock, indexLagMs: MINUTE })
  const tokens = fixedTokens((of) => (unconnected.includes(of) ? undefined : sandboxToken(of)))
  const rateLimit = new RateLimit({ clock })
  const classes: string[] = []
  const take = rateLimit.take.bind(rateLimit)
  rateLimit.take = (location, count, signal, of = 'first') => {
    classes.push(of)
    return take(location, count, signal, of)
  }
  const ghl = ghlClient({ apiUrl: sandbox.url, tokens, clock, timeoutMs: 2_000, rateLimit })
  t.teardown(async () => {
    await ghl.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const outcomes: string[] = []
  const stopping = new AbortController()
  const worker = contactLookup({
    ghl,
    clock,
    logger: { info: () => undefined },
    erased: async (keys) => new Map([...erased].filter(([key]) => keys.includes(key))),
    stopping: stopping.signal,
    onOutcome: (type, outcome) => outcomes.push(`${type} ${outcome}`),
  })
  const line = drive(ingest, { at: clock.now(), tables: { tenants: [[tenantId, tenantRecord()]] } })
  let received = 0
  const webhook = (body: Body, changes: Partial<WebhookReceived> = {}): WebhookReceived => ({
    receivedId: `received-${++received}`,
    tenantId,
    origin: 'webhook',
    scheme: 'ed25519',
    keyId: 'sandbox',
    type: String(body['type']),
    webhookId: `webhook-${received}`,
    contactId: null,
    batchIndex: 0,
    receivedAt: clock.now(),
    body: Buffer.from(JSON.stringify({ ...body, locationId: tenantId, contactId: undefined })),
    ...changes,
  })
  /** What ingest keeps raw of a webhook, under the key of its location. */
  const keptRaw = (record: WebhookReceived): WebhookUnrecognised => {
    const before = line.outputs(unrecognised).length
    line.pipe(webhooks, tenantId, record)
    return line.outputs(unrecognised)[before] as WebhookUnrecognised
  }
  const handle = (raw: WebhookUnrecognised, offset = 0) =>
    worker.handle(
      { topic: unrecognised.name, key: tenantId, value: raw, timestamp: raw.receivedAt, headers: {} },
      {
        key: tenantId,
        at: raw.receivedAt,
        signal: new AbortController().signal,
        idempotencyKey: `contact-lookup:${unrecognised.name}:0:${offset}`,
        id: (...parts) => parts.join(' '),
      },
    )
  /** The worker's answer, with what it tells piped on to ingest. */
  const lookUp = async (raw: WebhookUnrecognised, offset = 0) => {
    const result = await clock.run(handle(raw, offset))
    if (result.kind === 'done')
      for (const { topic, key, value } of result.emit)
        if (topic.name === webhooks.name) line.pipe(webhooks, key as string, value as WebhookReceived)
    return result
  }
  return { clock, sandbox, ghl, line, webhook, keptRaw, handle, lookUp, outcomes, stopping, classes }
}

const contact = (id: string, email: string, at = tuesdayNoon - 60 * MINUTE) => ({
  id,
  email,
  dateAdded: new Date(at).toISOString(),
  dateUpdated: new Date(at).toISOString(),
})
const mail = (event: string, recipient: string, id = `${event} ${recipient}`): Body => {
  const body = sample('LCEmailStats')
  return { ...body, webhookPayload: { ...(body['webhookPayload'] as Body), event, recipient, id } }
}

t.test('a new task that names no contact is told of the contact that the platform lists it with, once', async (t) => {
  const { ghl, clock, line, webhook, keptRaw, lookUp, outcomes, classes } = await world(t)
  const made = await ghl.tasks.create(tenantId, 'maria', { title: 'Call Maria', body: 'today', dueAt: clock.now(), assignedTo: 'user1' })
  if (made.kind !== 'accepted') return t.fail(made.detail)
  const record = webhook({ type: 'TaskCreate', id: made.value.taskId, assignedTo: 'user1', title: 'Call Maria' })
  const raw = keptRaw(record)
  t.match(raw, { reason: 'contact_not_named', shape: 'TaskCreate', scheme: 'ed25519', keyId: 'sandbox' })
  await lookUp(raw)
  t.strictSame(classes, ['first', 'background'], 'who asks leaves room for messages')
  t.match(line.outputs(leadEvents), [
    {
      kind: 'task_created',
      contactId: 'maria',
      tenantId,
      source: 'ghl_webhook',
      sourceId: record.webhookId,
      task: { title: 'Call Maria' },
    },
  ])
  // The worker died after its transaction and the platform repeats the delivery, too.
  await lookUp(raw)
  line.pipe(webhooks, tenantId, { ...record, receivedId: 'again' })
  t.equal(line.outputs(leadEvents).length, 1)
  t.equal(line.drops.filter(({ reason }) => reason === 'duplicate_webhook').length, 2)
  t.strictSame(outcomes, ['TaskCreate found', 'TaskCreate found'])
})

t.test('a task is found among many, and among those of its owner only', async (t) => {
  const { sandbox, webhook, keptRaw, lookUp } = await world(t)
  const row = (id: string, contactId: string, assignedTo: string) => ({ id, contactId, assignedTo, title: id, completed: false })
  for (let i = 0; i < 250; i++) sandbox.put('tasks', tenantId, row(`task${i}`, `contact${i}`, i < 245 ? 'user1' : 'user2'))
  const of = async (id: string, assignedTo?: string) => {
    const result = await lookUp(keptRaw(webhook({ type: 'TaskCreate', id, assignedTo })))
    return result.kind === 'done' ? result.emit.map(({ topic, key }) => `${topic.name} ${key ?? ''}`) : [result.kind]
  }
  t.strictSame(await of('task244', 'user1'), [`ghl.webhooks ${leadKey(tenantId, 'contact244')}`], 'on the third page')
  t.strictSame(await of('task249'), [`ghl.webhooks ${leadKey(tenantId, 'contact249')}`], 'nobody owns it by the webhook')
  t.strictSame(await of('task249', 'user1'), ['ghl.unrecognised '], 'it has another owner by now')
})

t.test('a platform that lists whoever it likes for an address does not spend the day of its location on one webhook', async (t) => {
  const asked = { search: 0, find: 0 }
  const anybody = (place: number) => ({ contactId: `c${place}`, email: `other${place}@example.com`, additionalEmails: [], phone: null })
  const contacts = {
    async *search() {
      // 50,000 contacts, a hundred at a time.
      for (let page = 0; page < 500; page++) {
        asked.search += 1
        yield { ok: true, value: { items: Array.from({ length: 100 }, (_, i) => anybody(100 * page + i)), unreadable: 0 } }
      }
    },
    find: async () => {
      asked.find += 1
      return { ok: true, value: { contact: undefined } }
    },
  } as unknown as Parameters<typeof findContact>[0]['contacts']
  const question = { kind: 'address', by: 'email', address: 'maria@example.com', ofEach: true } as const
  t.match(await findContact({ contacts, tasks: {} as never }, tenantId, question, {}), {
    kind: 'not_found',
    detail: 'no contact has the address, of the first 2000 that are listed for it',
  })
  t.strictSame(asked, { search: 20, find: 1 })
})

t.test('a task that is not listed yet is asked for again when lists have caught up; then it stays raw, with why', async (t) => {
  const { sandbox, clock, webhook, keptRaw, handle, outcomes } = await world(t)
  const late = keptRaw(webhook({ type: 'TaskCreate', id: 'late' }))
  const answer = handle(late)
  await clock.settle(200)
  sandbox.put('tasks', tenantId, { id: 'late', contactId: 'maria', completed: false })
  clock.advance(VISIBLE_AFTER_MS)
  t.match(await clock.run(answer), { kind: 'done', emit: [{ key: leadKey(tenantId, 'maria') }] })

  const began = clock.now()
  const never = await clock.run(handle(keptRaw(webhook({ type: 'TaskCreate', id: 'never' }))))
  t.match(never, {
    kind: 'done',
    emit: [{ value: { reason: 'contact_not_found', detail: 'no open task never is listed', webhookId: /webhook/ } }],
  })
  t.equal(clock.now() - began, VISIBLE_AFTER_MS, 'no longer than that, and not at all when it is old')
  const old = keptRaw(webhook({ type: 'TaskCreate', id: 'old' }, { receivedAt: clock.now() - VISIBLE_AFTER_MS }))
  t.match(await handle(old), { kind: 'done', emit: [{ topic: { name: 'ghl.unrecognised' } }] })
  t.strictSame(outcomes, ['TaskCreate found', 'TaskCreate contact_not_found', 'TaskCreate contact_not_found'])
})

t.test('an e-mail event is told of the one contact that has the address', async (t) => {
  const { sandbox, clock, line, webhook, keptRaw, lookUp, outcomes } = await world(t)
  sandbox.put('contacts', tenantId, contact('maria', 'Maria@Example.com'))
  sandbox.put('contacts', tenantId, contact('jo', 'jo@example.com'))
  await lookUp(keptRaw(webhook(mail('delivered', 'maria@example.com'))))
  t.match(line.outputs(leadEvents), [{ kind: 'email_delivered', contactId: 'maria', emailEvent: { address: 'maria@example.com' } }])

  // A contact of this minute is in no index yet, but found by its address.
  sandbox.put('contacts', tenantId, contact('new', 'new@example.com', clock.now()))
  await lookUp(keptRaw(webhook(mail('delivered', 'new@example.com'))))
  t.match(line.outputs(leadEvents)[1], { contactId: 'new' })

  clock.advance(VISIBLE_AFTER_MS)
  const nobody = await lookUp(keptRaw(webhook(mail('delivered', 'nobody@example.com'), { receivedAt: tuesdayNoon })))
  t.match(nobody, { emit: [{ value: { reason: 'contact_not_found', detail: 'no contact has the address' } }] })
  t.strictSame(outcomes, ['LCEmailStats found', 'LCEmailStats found', 'LCEmailStats contact_not_found'])
})

t.test('of an address that several have a delivery is told of none, a refusal of each', async (t) => {
  const { sandbox, line, webhook, keptRaw, lookUp } = await world(t)
  for (const id of ['maria', 'spouse']) sandbox.put('contacts', tenantId, contact(id, 'home@example.com'))
  const delivered = await lookUp(keptRaw(webhook(mail('delivered', 'home@example.com'))))
  t.match(delivered, { emit: [{ value: { reason: 'contact_ambiguous', detail: '2 contacts have the address' } }] })
  for (const event of ['unsubscribed', 'complained']) await lookUp(keptRaw(webhook(mail(event, 'home@example.com'))))
  t.strictSame(
    line.outputs(leadEvents).map(({ kind, contactId }) => `${kind} ${contactId}`),
    ['email_unsubscribed maria', 'email_unsubscribed spouse', 'email_complained maria', 'email_complained spouse'],
  )
})

t.test('STOP of a number is told of each contact that has it, and once of each; START of the one that has it', async (t) => {
  const { sandbox, line, lookUp, outcomes } = await world(t)
  const number = '+12125550101'
  const having = (id: string, phone: string) => sandbox.put('contacts', tenantId, { ...contact(id, `${id}@example.com`), phone })
  having('maria', number)
  having('elsewhere', '+12125550199')
  const told = () => line.outputs(leadEvents).map(({ kind, contactId, source, message }) => [kind, contactId, source, message?.text])
  await lookUp(texted(number, 'START', { id: 'SM1' }))
  t.strictSame(told(), [['message_inbound', 'maria', 'twilio', 'START']])
  having('spouse', number)
  const stop = texted(number, 'STOP', { id: 'SM2' })
  await lookUp(stop)
  await lookUp(stop)
  t.strictSame(told().slice(1), [
    ['message_inbound', 'maria', 'twilio', 'STOP'],
    ['message_inbound', 'spouse', 'twilio', 'STOP'],
  ])
  await lookUp(fromTwilio({ MessageStatus: 'failed', ErrorCode: '21610', To: number }, { id: 'SM3' }))
  t.match(line.outputs(leadEvents).slice(3), [
    { kind: 'message_outbound', contactId: 'maria', message: { status: 'opt_out' } },
    { kind: 'message_outbound', contactId: 'spouse', message: { status: 'opt_out' } },
  ])
  t.match(await lookUp(texted(number, 'START', { id: 'SM4' })), { emit: [{ value: { reason: 'contact_ambiguous' } }] })
  t.match(await lookUp(texted(number, 'What is the price?', { id: 'SM5' })), { kind: 'drop', reason: 'waits_for_no_contact' })
  t.equal(line.outputs(leadEvents).length, 5, 'who of the two it was is not guessed')
  t.strictSame(outcomes, [...Array.from({ length: 4 }, () => 'TwilioMessage found'), 'TwilioMessage contact_ambiguous'])
})

t.test(
  'a number is the same with and without its country code, and a contact that the index does not have yet is found by it',
  async (t) => {
    const { sandbox, clock, line, lookUp } = await world(t)
    sandbox.put('contacts', tenantId, { ...contact('new', 'new@example.com', clock.now()), phone: '+12125550101' })
    await lookUp(texted('+12125550101', 'STOP'))
    t.match(line.outputs(leadEvents), [{ contactId: 'new' }])
    const national = {
      search: async function* () {},
      find: async () => ({ ok: true, value: { contact: { contactId: 'maria', phone: '(212) 555-0101' } } }),
    }
    const found = await findContact(
      { contacts: national, tasks: {} } as unknown as Parameters<typeof findContact>[0],
      tenantId,
      { kind: 'address', by: 'number', address: '+12125550101', ofEach: true },
      {},
    )
    t.match(found, { kind: 'found', contactIds: ['maria'] })
  },
)

t.test(
  'who unsubscribes through SendGrid is told of each contact that has the address, also when one was asked for it before',
  async (t) => {
    const { sandbox, line, webhook, keptRaw, lookUp } = await world(t)
    sandbox.put('contacts', tenantId, contact('maria', 'home@example.com'))
    await lookUp(keptRaw(webhook(mail('opened', 'home@example.com'))))
    sandbox.put('contacts', tenantId, contact('spouse', 'home@example.com'))
    await lookUp(fromSendGrid({ event: 'unsubscribe', email: 'home@example.com' }))
    t.strictSame(
      line.outputs(leadEvents).map(({ kind, contactId, source }) => `${kind} ${contactId} ${source}`),
      ['email_opened maria ghl_webhook', 'email_unsubscribed maria sendgrid', 'email_unsubscribed spouse sendgrid'],
    )
  },
)

t.test('one e-mail that is delivered, opened and clicked is asked about once', async (t) => {
  const { sandbox, line, webhook, keptRaw, lookUp } = await world(t)
  sandbox.put('contacts', tenantId, contact('maria', 'maria@example.com'))
  await lookUp(keptRaw(webhook(mail('delivered', 'maria@example.com'))))
  // Nobody answers any more.
  sandbox.addFault({ kind: '500', count: 1_000, on: 'all' })
  for (const event of ['opened', 'clicked']) await lookUp(keptRaw(webhook(mail(event, 'maria@example.com'))))
  t.strictSame(
    line.outputs(leadEvents).map(({ kind }) => kind),
    ['email_delivered', 'email_opened', 'email_clicked'],
  )
})

t.test('what is from before its lead was erased does not bring it back', async (t) => {
  const erased = new Map([[leadKey(tenantId, 'maria'), tuesdayNoon]])
  const { sandbox, clock, webhook, keptRaw, lookUp, outcomes } = await world(t, { erased })
  sandbox.put('contacts', tenantId, contact('maria', 'maria@example.com'))
  t.match(await lookUp(keptRaw(webhook(mail('delivered', 'maria@example.com')))), { kind: 'drop', reason: 'lead_erased' })
  clock.advance(1)
  t.match(await lookUp(keptRaw(webhook(mail('opened', 'maria@example.com')))), { kind: 'done' })
  t.strictSame(outcomes, ['LCEmailStats lead_erased', 'LCEmailStats found'])
})

t.test('a location without access is given up at once, a platform that answers nobody never', async (t) => {
  const { sandbox, webhook, keptRaw, lookUp, outcomes } = await world(t, { unconnected: ['elsewhere'] })
  const raw = keptRaw(webhook({ type: 'TaskCreate', id: 'task1' }))
  t.match(await lookUp({ ...raw, tenantId: 'elsewhere' }), { emit: [{ value: { reason: 'lookup_failed', detail: /^no_token: / } }] })
  sandbox.addFault({ kind: '500', count: 1_000, on: 'all' })
  for (let tried = 0; tried < 10; tried++)
    await t.rejects(lookUp(raw, 1), { code: 'E_LOOKUP_UNANSWERED', retriable: true, message: /server_error|breaker_open/ })
  t.strictSame(outcomes, ['TaskCreate lookup_failed'])
})

t.test('a location that alone gets no answer is given up after four tries, when another one had an answer since the first', (t) => {
  const patience = new Patience()
  patience.answered('before')
  t.strictSame(
    [1, 2, 3, 4, 5].map(() => patience.isSpent('stuck')),
    [false, false, false, false, false],
    'an answer from before says nothing',
  )
  patience.answered('other')
  t.equal(patience.isSpent('stuck'), true)
  const other = new Patience()
  t.equal(other.isSpent('stuck'), false)
  other.answered('other')
  t.strictSame([other.isSpent('stuck'), other.isSpent('stuck'), other.isSpent('stuck')], [false, false, true])
  other.forget('stuck')
  t.equal(other.isSpent('stuck'), false)
  t.end()
})

t.test('a process that stops does not wait for lists to catch up', async (t) => {
  const { clock, webhook, keptRaw, handle, stopping } = await world(t)
  const answer = handle(keptRaw(webhook({ type: 'TaskCreate', id: 'late' })))
  await clock.settle(200)
  stopping.abort()
  await t.rejects(answer, { code: 'E_LOOKUP_UNANSWERED' })
})

t.test('what waits for no contact is left alone, and what no call can find says so without one', async (t) => {
  const { webhook, keptRaw, lookUp } = await world(t, { unconnected: [tenantId] })
  const raw = keptRaw(webhook(mail('delivered', 'maria@example.com')))
  for (const reason of ['unknown_type', 'contact_not_found', 'contact_ambiguous', 'lookup_failed'])
    t.match(await lookUp({ ...raw, reason }), { kind: 'drop', reason: 'waits_for_no_contact' }, `${reason}: its own words are not answered`)
  t.match(await lookUp({ ...raw, shape: 'TwilioMessage' }), { kind: 'drop' }, 'callbacks are of whom their sender proved')
  t.match(await lookUp(keptRaw(webhook({ type: 'TaskDelete', id: 'task1' }))), {
    emit: [{ value: { reason: 'contact_not_found', detail: 'a deleted task is in no list' } }],
  })
  t.match(await lookUp(keptRaw(webhook({ type: 'LCEmailStats', webhookPayload: { event: 'opened' } }))), {
    emit: [{ value: { detail: 'the body names no recipient' } }],
  })
})

t.test('each type that may lack its contact has a question or says why not, by its sample', (t) => {
  for (const type of askedTypes.filter((one) => !isCallbackType(one))) {
    const body = { ...sample(type), contactId: undefined }
    const asked = questionOf({ reason: 'contact_not_named', shape: type, body: Buffer.from(JSON.stringify(body)) })
    t.match(asked, {
      kind: type === 'LCEmailStats' ? 'address' : type === 'TaskDelete' ? 'none' : 'task',
      ...(type === 'TaskCreate' ? { taskId: 'UlRWGLSXh0ji5qbiGu4i', ownerId: '63e4qiWDsFJjOYAC8phG', completed: false } : {}),
      ...(type === 'LCEmailStats' ? { address: 'test@example.com', ofEach: false } : {}),
    })
  }
  t.end()
})

t.test('a record from before the proof was kept is told with none', (t) => {
  const raw: WebhookUnrecognised = {
    receivedId: 'r1',
    tenantId,
    rawType: 'TaskCreate',
    reason: 'contact_not_named',
    webhookId: 'w1',
    receivedAt: tuesdayNoon,
    body: Buffer.from('{}'),
    shape: null,
    detail: null,
    batchIndex: 3,
    scheme: '',
    keyId: '',
  }
  t.match(toldOf(raw, 'maria'), {
    origin: 'lookup',
    scheme: 'none',
    type: 'TaskCreate',
    contactId: 'maria',
    batchIndex: 3,
    webhookId: 'w1',
  })
  t.end()
})
