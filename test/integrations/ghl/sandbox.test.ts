import '../../support/uncountedChildren.ts'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPairSync, verify } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import t from 'tap'
import type { Test } from 'tap'
import { ghlClient } from '../../../integrations/ghl/client.ts'
import { fixedTokens } from '../../../integrations/ghl/tokens.ts'
import type { OutgoingMessage } from '../../../integrations/ghl/conversations.ts'
import { wordsOf } from '../../../integrations/ghl/emailHtml.ts'
import { sandboxToken, startSandbox } from '../../../integrations/ghl/sandbox/sandbox.ts'
import type { Sandbox, SandboxOptions } from '../../../integrations/ghl/sandbox/sandbox.ts'
import { faultKinds } from '../../../integrations/ghl/sandbox/faults.ts'
import { ManualClock } from '../../support/manualClock.ts'

const tenantId = 'sandboxLocation000001'
const sms: OutgoingMessage = { contactId: 'maria', channel: 'sms', text: 'Hello. Reply STOP to opt out.', subject: null }

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'rekindle-ghl-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function pair(t: Test, options: Partial<SandboxOptions> = {}, timeoutMs = 2_000) {
  const clock = new ManualClock(Date.UTC(2026, 10, 10, 17))
  const file = options.file ?? join(folder(t), 'sandbox.jsonl')
  const sandbox = await startSandbox({ clock, ...options, file })
  const client = ghlClient({ apiUrl: sandbox.url, tokens: fixedTokens(sandboxToken), clock, timeoutMs })
  t.teardown(async () => {
    await client.close()
    await sandbox.close()
  })
  return { sandbox, client, clock, file }
}

t.test('a text and an e-mail are taken, found again by contact, and told apart', async (t) => {
  const { sandbox, client } = await pair(t)
  const text = await client.conversations.send(tenantId, sms)
  const email = await client.conversations.send(tenantId, {
    ...sms,
    channel: 'email',
    subject: 'Hi <there>',
    text: 'Dear & near,\n\nline\nReply STOP',
  })
  if (text.kind !== 'accepted' || email.kind !== 'accepted') return t.fail('both are accepted')
  t.strictSame(
    sandbox.messages().map(({ type, location, contactId, subject }) => [type, location, contactId, subject]),
    [
      ['SMS', tenantId, 'maria', null],
      ['Email', tenantId, 'maria', 'Hi <there>'],
    ],
  )
  t.equal(text.value.conversationId, email.value.conversationId)
  const late = { since: 0, channel: 'email' } as const
  const found = await client.conversations.messagesTo(tenantId, 'maria', late)
  if (!found.ok) return t.fail(found.detail)
  t.strictSame(
    found.value.map(({ messageId, emailMessageId }) => emailMessageId ?? messageId).sort(),
    [text.value.messageId, email.value.messageId].sort(),
  )
  t.ok(
    found.value.some(({ body }) => wordsOf(body) === wordsOf('Dear & near,\n\nline\nReply STOP')),
    'HTML and text compare by words',
  )
  t.strictSame(await client.conversations.messagesTo(tenantId, 'nobody', late), { ok: true, value: [] })
  t.strictSame(
    await client.conversations.messagesTo('otherLocation', 'maria', late),
    { ok: true, value: [] },
    'a token sees its own location',
  )
})

t.test('tasks, tags and contacts', async (t) => {
  const { sandbox, client, clock } = await pair(t)
  const made = await client.tasks.create(tenantId, 'maria', {
    title: 'Call Maria',
    body: 'Ref f1',
    dueAt: clock.now(),
    assignedTo: 'user1',
  })
  t.equal(made.kind, 'accepted')
  t.match(await client.tasks.list(tenantId, 'maria'), { ok: true, value: { items: [{ title: 'Call Maria', body: 'Ref f1' }] } })
  t.equal((await client.contacts.addTags(tenantId, 'maria', ['a', 'b'])).kind, 'accepted')
  t.equal((await client.contacts.addTags(tenantId, 'maria', ['b', 'c'])).kind, 'accepted')
  t.strictSame(sandbox.tagsOf('maria'), ['a', 'b', 'c'])
  sandbox.setContact({ contactId: 'maria', dnd: true, dndSettings: { SMS: { status: 'active' } } })
  t.match(await client.contacts.get(tenantId, 'maria'), {
    ok: true,
    value: { contactId: 'maria', dnd: true, dndChannels: { sms: 'active' }, tags: ['a', 'b', 'c'] },
  })
  sandbox.setContact({ contactId: 'gone', missing: true })
  t.strictSame(await client.contacts.get(tenantId, 'gone'), { ok: true, value: undefined })
  t.match(await client.conversations.send(tenantId, { ...sms, contactId: 'gone' }), { kind: 'refused', code: 'contact_not_found' })
  t.match(await client.conversations.send(tenantId, sms), { kind: 'refused', code: 'dnd_active' })
  t.match(await client.tasks.create(tenantId, 'maria', { title: '', body: '', dueAt: 0, assignedTo: null }), {
    kind: 'refused',
    code: 'bad_request',
  })
})

t.test('every fault has its outcome, and only those after acceptance leave a message', async (t) => {
  const expected: Record<string, readonly [outcome: object, messages: number]> = {
    timeout: [{ kind: 'unknown', code: 'timed_out' }, 0],
    timeout_after_accept: [{ kind: 'unknown', code: 'timed_out' }, 1],
    drop_after_accept: [{ kind: 'unknown', code: 'connection_lost' }, 1],
    drop: [{ kind: 'unknown', code: 'connection_lost' }, 0],
    429: [{ kind: 'not_sent', code: 'rate_limited', retryAfterMs: 10_000 }, 0],
    500: [{ kind: 'unknown', code: 'server_error' }, 0],
    '500_after_accept': [{ kind: 'unknown', code: 'server_error' }, 1],
    '401_after_accept': [{ kind: 'unknown', code: 'timed_out' }, 1],
    slow: [{ kind: 'accepted' }, 1],
    odd: [{ kind: 'unknown', code: 'answer_unreadable' }, 1],
    page: [{ kind: 'unknown', code: 'answer_unreadable' }, 1],
    cut: [{ kind: 'unknown', code: 'answer_unreadable' }, 1],
    404: [{ kind: 'not_sent', code: 'not_connected' }, 0],
    dnd: [{ kind: 'refused', code: 'dnd_active' }, 0],
    opt_out: [{ kind: 'refused', code: 'carrier_opt_out' }, 0],
  }
  t.strictSame(Object.keys(expected).sort(), [...faultKinds].sort())
  for (const kind of faultKinds) {
    const { sandbox, client, clock } = await pair(t, {}, 250)
    sandbox.addFault({ kind, count: 1, ...(kind === 'slow' ? { ms: 50 } : {}) })
    const [outcome, messages] = expected[kind] ?? [{}, -1]
    t.match(await clock.run(client.conversations.send(tenantId, sms, { admitted: true })), outcome, kind)
    t.equal(sandbox.messages().length, messages, `${kind}: messages`)
    t.match(await client.conversations.send(tenantId, sms, { admitted: true }), { kind: 'accepted' }, `${kind}: used up`)
  }
})

t.test('reads say why there is no value', async (t) => {
  const { sandbox, client } = await pair(t, {}, 250)
  await client.conversations.send(tenantId, sms)
  const once = { tries: 1 }
  for (const kind of ['500', 'drop', 'timeout'] as const) {
    sandbox.addFault({ kind, count: 3, on: 'reads' })
    const code = { '500': 'server_error', drop: 'connection_lost', timeout: 'timed_out' }[kind]
    t.match(await client.contacts.get(tenantId, 'maria', once), { ok: false, failure: { code } })
    t.match(await client.conversations.messagesTo(tenantId, 'maria', { since: 0, channel: 'sms' }, once), { ok: false, failure: { code } })
    t.match(await client.tasks.list(tenantId, 'maria', once), { ok: false, failure: { code } })
    // An answer in between: nine failures in a row would open the breaker.
    t.match(await client.tasks.list(tenantId, 'maria', once), { ok: true })
  }
  sandbox.addFault({ kind: 'odd', count: 3, on: 'all' })
  t.match(await client.contacts.get(tenantId, 'maria'), { ok: false, failure: { code: 'answer_unreadable' } })
  t.match(await client.conversations.messagesTo(tenantId, 'maria', { since: 0, channel: 'sms' }), {
    ok: false,
    failure: { code: 'answer_unreadable' },
  })
  t.match(await client.tasks.list(tenantId, 'maria'), { ok: false, failure: { code: 'answer_unreadable' } })
})

t.test('a rate limit told by the platform is waited out', async (t) => {
  const { sandbox, client, clock } = await pair(t, { callsPer10s: 2 })
  await client.conversations.send(tenantId, sms)
  await client.conversations.send(tenantId, sms)
  t.strictSame(client.busy(), [tenantId], 'remaining 0')
  const third = client.conversations.send(tenantId, sms)
  await clock.run(third)
  t.match(await third, { kind: 'accepted' })
  t.equal(clock.now(), Date.UTC(2026, 10, 10, 17) + 10_000)
  t.match(await client.conversations.send(tenantId, sms, { admitted: true }), { kind: 'accepted' })
  t.match(await client.conversations.send(tenantId, sms, { admitted: true }), { kind: 'not_sent', code: 'rate_limited' })
  t.equal(sandbox.messages().length, 4)
  t.equal(await client.admit('other', 2), true)
})

t.test('the sandbox wants a token and the right version, finds new messages late, and answers control calls', async (t) => {
  const { sandbox, client, clock } = await pair(t, { indexLagMs: 60_000 })
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${sandbox.url}${path}`, init)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  t.equal((await get('/contacts/x')).status, 401)
  t.equal((await get('/contacts/x', { headers: { authorization: 'Bearer t', version: '2021-04-15' } })).status, 404)
  t.equal((await get('/contacts/x/nothing', { headers: { authorization: 'Bearer t', version: '2021-07-28' } })).status, 404)
  const conversations = { authorization: 'Bearer t', version: '2021-04-15', 'content-type': 'application/json' }
  t.equal((await get('/conversations/messages', { method: 'POST', headers: conversations, body: '{"type":"Fax"}' })).status, 422)
  t.equal((await get('/conversations/messages', { method: 'POST', headers: conversations, body: '{"type":"SMS"}' })).status, 422)
  t.equal(
    (
      await get('/conversations/messages', { method: 'POST', headers: conversations, body: 'x'.repeat(1_048_577) }).catch(() => ({
        status: 413,
      }))
    ).status,
    413,
  )
  await client.conversations.send(tenantId, sms)
  t.strictSame(await client.conversations.messagesTo(tenantId, 'maria', { since: 0, channel: 'sms' }), { ok: true, value: [] })
  clock.advance(60_000)
  t.match(await client.conversations.messagesTo(tenantId, 'maria', { since: 0, channel: 'sms' }), {
    ok: true,
    value: [{ direction: 'outbound' }],
  })
  const post = (path: string, body: object) => get(`/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) })
  t.match(await post('faults', { kind: '429', count: 2, on: 'reads', ms: 3 }), {
    status: 201,
    body: { faults: [{ kind: '429', count: 2, on: 'reads', ms: 3 }] },
  })
  t.equal((await post('faults', { kind: 'nonsense' })).status, 422)
  t.equal((await post('faults', { kind: '429', on: 'tuesdays' })).status, 422)
  t.match(await get('/_sandbox/faults'), { body: { faults: [{ kind: '429' }] } })
  t.match(await get('/_sandbox/faults', { method: 'DELETE' }), { body: { faults: [] } })
  t.match(await get('/_sandbox/messages'), { body: { total: 1 } })
  t.match(await get('/_sandbox/tasks'), { body: { total: 0 } })
  t.match(await get('/_sandbox/health'), { status: 200 })
  t.match(await post('contacts/maria', { dnd: true }), { status: 201, body: { contactId: 'maria', dnd: true } })
  t.equal((await post('contacts', {})).status, 422)
  t.equal((await get('/_sandbox/unheard-of')).status, 404)
  await t.rejects(startSandbox({ file: join(folder(t), 'x'), clock, webhookUrl: 'http://127.0.0.1:1' }), /signingKeyPem/)
})

t.test('messages are told back signed, with the same body until they are taken, also after a restart', async (t) => {
  const keys = generateKeyPairSync('ed25519')
  const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const received: { body: string; ok: boolean }[] = []
  let refuse = 2
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const body = Buffer.concat(chunks)
        const signature = Buffer.from(String(request.headers['x-ghl-signature']), 'base64')
        received.push({ body: body.toString(), ok: verify(null, body, keys.publicKey, signature) })
        response.writeHead(refuse-- > 0 ? 503 : 200).end('{}')
      })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/ghl`
  const file = join(folder(t), 'sandbox.jsonl')
  const { sandbox, client, clock } = await pair(t, { file, webhookUrl, signingKeyPem: pem, appId: 'app1' })
  const sent = await client.conversations.send(tenantId, sms)
  await clock.run(sandbox.settled())
  t.equal(received.length, 3, 'two refusals, then taken')
  t.equal(new Set(received.map(({ body }) => body)).size, 1)
  t.ok(received.every(({ ok }) => ok))
  t.match(JSON.parse(received[0]?.body ?? '{}'), {
    type: 'OutboundMessage',
    source: 'api',
    messageId: sent.kind === 'accepted' ? sent.value.messageId : '',
    locationId: tenantId,
    contactId: 'maria',
    messageType: 'SMS',
    direction: 'outbound',
    appId: 'app1',
  })
  refuse = 1_000
  const mailed = await client.conversations.send(tenantId, { ...sms, channel: 'email', subject: 'S' })
  await clock.settle()
  await sandbox.close()
  refuse = 0
  const before = received.length
  const again = await startSandbox({ file, clock, webhookUrl, signingKeyPem: pem })
  t.teardown(() => again.close())
  await clock.run(again.settled())
  t.strictSame(
    received.slice(before).map(({ body }) => (JSON.parse(body) as { messageType: string }).messageType),
    ['Email'],
    'only the one that was not taken',
  )
  const told = JSON.parse(received.at(-1)?.body ?? '{}') as { messageId?: string; emailMessageId?: string }
  t.equal(told.messageId, undefined, 'the webhook of an e-mail names no message')
  t.equal(mailed.kind === 'accepted' ? mailed.value.messageId : '', told.emailMessageId, 'and is known again by what it names')
})

t.test('a killed sandbox knows every message it has confirmed; a line cut off by the kill is ignored', async (t) => {
  const file = join(folder(t), 'sandbox.jsonl')
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '-e',
      `
    import { startSandbox } from ${JSON.stringify(join(import.meta.dirname, '../../../integrations/ghl/sandbox/sandbox.ts'))}
    import { systemClock } from ${JSON.stringify(join(import.meta.dirname, '../../../delivery/systemClock.ts'))}
    const sandbox = await startSandbox({ file: ${JSON.stringify(file)}, clock: systemClock, callsPer10s: 10_000 })
    console.log(sandbox.url)`,
      '--input-type=module',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const client = ghlClient({
    apiUrl: line.toString().trim(),
    tokens: fixedTokens(sandboxToken),
    clock: new ManualClock(0),
    timeoutMs: 2_000,
  })
  t.teardown(() => client.close())
  const outcomes = Promise.all(
    Array.from({ length: 200 }, (_, index) => client.conversations.send(tenantId, { ...sms, contactId: `c${index}` }, { admitted: true })),
  )
  const first = await client.conversations.send(tenantId, sms, { admitted: true })
  child.kill('SIGKILL')
  const confirmed = [first, ...(await outcomes)].flatMap((outcome) => (outcome.kind === 'accepted' ? [outcome.value.messageId] : []))
  await once(child, 'exit').catch(() => undefined)
  appendFileSync(file, '{"kind":"message","message":{"messageId":"half')
  const sandbox: Sandbox = await startSandbox({ file, clock: new ManualClock(0) })
  t.teardown(() => sandbox.close())
  const known = new Set(sandbox.messages().map(({ messageId }) => messageId))
  t.strictSame(
    confirmed.filter((id) => !known.has(id)),
    [],
  )
  t.ok(confirmed.length > 0)
  sandbox.setContact({ contactId: 'x' })
  t.ok(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .every((one) => JSON.parse(one) !== null),
    'the half line is gone',
  )
})
