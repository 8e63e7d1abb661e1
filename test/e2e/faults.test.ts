/** Bad input through the real API, a record that does not decode, a refused schema, and a full shutdown in mid-load. */
import '../support/lawfulHour.ts'
import { randomUUID } from 'node:crypto'
import pino from 'pino'
import t from 'tap'
import { pipelineGroup } from '../../cli/roles/groups.ts'
import { createClient } from '../../runtime/kafka/client.ts'
import { schema } from '../../runtime/schema.ts'
import { physicalName } from '../../runtime/topic.ts'
import { httpPost } from '../../simulate/sender.ts'
import { sandboxAppId, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { decisions, leadEvents, leadKey, webhooks } from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'
import { accountOf, accountText } from './accounting.ts'
import { deadLetters, findings, recordsOf, webhookRecords } from './findings.ts'
import { startLine } from './line.ts'
import type { RoleName } from './line.ts'
import { acceptedOf, sendThrough } from './midLoad.ts'
import { pipelineBehind, quiet, sinksBehind, standStill, until } from './quiet.ts'

const DAY_MS = 86_400_000

t.setTimeout(1_190_000)

t.test('the line under bad input and a full shutdown', async (t) => {
  const engines = await testStack(t)
  const line = await startLine(t, engines)
  const { post, close } = httpPost(line.apiUrl)
  t.teardown(close)

  const contact = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
    type: 'ContactUpdate',
    locationId: sandboxTenantId,
    id,
    firstName: 'Ada',
    lastName: 'Example',
    email: `${id.toLowerCase()}@example.com`,
    country: 'US',
    state: 'TX',
    appId: sandboxAppId,
    webhookId: randomUUID(),
    timestamp: new Date().toISOString(),
    ...more,
  })
  const bytes = (body: unknown) => Buffer.from(JSON.stringify(body))
  const send = async (body: Buffer, signature = line.key.sign(body)) => post(body, signature)
  const processed = async () => {
    await until('the pipeline reads what was sent', () => pipelineBehind(line))
    await until('the sinks store it', () => sinksBehind(line))
  }
  /** What the platform told of a contact; what we sent it ourselves and its echo are left out. */
  const eventsOf = async (contactId: string) =>
    (await recordsOf(line, leadEvents)).flatMap(({ key, value }) =>
      key === leadKey(sandboxTenantId, contactId) && value?.rawType.startsWith('Contact') === true ? [value] : [],
    )
  const webhooksOf = async (contactId: string) =>
    (await webhookRecords(line)).filter(
      ({ key, value }) => key === leadKey(sandboxTenantId, contactId) && value?.type.startsWith('Contact') === true,
    )
  const lettersOf = async (code: string) => (await deadLetters(line)).filter((letter) => letter.code === code)

  await t.test('a bad signature is answered 401 and stores nothing', async (t) => {
    const body = bytes(contact('badSignature00000001'))
    const forged = Buffer.from(line.key.sign(body), 'base64')
    forged[0] = (forged[0] ?? 0) ^ 1
    for (const signature of [forged.toString('base64'), 'N/A', line.key.sign(bytes({ other: 'body' }))])
      t.equal((await send(body, signature)).status, 401)
    await processed()
    t.strictSame(await webhooksOf('badSignature00000001'), [])
  })

  await t.test('5 MB are answered 413', async (t) => {
    const answer = await send(bytes(contact('tooLarge000000000001', { notes: 'x'.repeat(5_000_000) }))).catch(
      (error: unknown) => error as NodeJS.ErrnoException,
    )
    // The API may close the connection before it has read everything; then the platform sees a broken connection.
    if ('status' in answer) t.equal(answer.status, 413)
    else t.match(answer.code, /^(EPIPE|ECONNRESET)$/)
    await processed()
    t.strictSame(await webhooksOf('tooLarge000000000001'), [])
  })

  await t.test('a timestamp in the future is not believed: the event is dated by its receipt and later ones win', async (t) => {
    const id = 'future00000000000001'
    const future = Date.now() + 30 * DAY_MS
    t.equal((await send(bytes(contact(id, { timestamp: new Date(future).toISOString() })))).status, 202)
    t.equal((await send(bytes(contact(id, { firstName: 'Grace', timestamp: new Date(Date.now() + 1_000).toISOString() })))).status, 202)
    await processed()
    const [event, later] = await eventsOf(id)
    t.equal(event?.statedAt, future)
    t.equal(event?.occurredAt, event?.receivedAt)
    t.equal(later?.statedAt, null)
    const stored = await line.database.query<{ first_name: string }>('SELECT first_name FROM leads WHERE contact_id = $1', [id])
    t.strictSame(stored.rows, [{ first_name: 'Grace' }])
  })

  await t.test('deep nesting, invalid UTF-8, no JSON and a null locationId are stored and set aside as dead letters', async (t) => {
    const deep = Buffer.from(
      JSON.stringify(contact('deep0000000000000001', { x: 0 })).replace('"x":0', `"x":${'['.repeat(20_000)}${']'.repeat(20_000)}`),
    )
    const broken = bytes(contact('utf800000000000001'))
    broken[broken.indexOf('Ada')] = 0xff
    const homeless = bytes(contact('homeless000000000001', { locationId: null }))
    for (const body of [deep, broken, Buffer.from('{"type":'), homeless]) t.equal((await send(body)).status, 202)
    await processed()
    const malformed = await lettersOf('E_WEBHOOK_MALFORMED')
    t.strictSame(malformed.map(({ headers }) => (JSON.parse(headers['dlq-message'] ?? '{}') as { problem?: string }).problem).sort(), [
      'not_json',
      'not_utf8',
      'too_deep',
    ])
    t.equal((await lettersOf('E_WEBHOOK_TENANT_MISSING')).length, 1)
  })

  await t.test('the same webhookId 50 times in parallel is one event', async (t) => {
    const body = bytes(contact('parallel000000000001'))
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(body)))
    t.strictSame([...new Set(answers.map(({ status }) => status))], [202])
    await processed()
    t.equal((await eventsOf('parallel000000000001')).length, 1)
    t.equal((await webhooksOf('parallel000000000001')).length, 50)
  })

  await t.test('of two updates in the wrong order the later event wins', async (t) => {
    const id = 'disorder000000000001'
    const now = Date.now()
    const at = (ms: number) => new Date(now - ms).toISOString()
    t.equal((await send(bytes(contact(id, { type: 'ContactCreate', city: 'Waco', timestamp: at(60_000) })))).status, 202)
    t.equal((await send(bytes(contact(id, { city: 'Austin', timestamp: at(10_000) })))).status, 202)
    t.equal((await send(bytes(contact(id, { city: 'Dallas', timestamp: at(30_000) })))).status, 202)
    await processed()
    const stored = await line.database.query<{ city: string }>('SELECT city FROM leads WHERE contact_id = $1', [id])
    t.strictSame(stored.rows, [{ city: 'Austin' }])
    t.equal((await fetch(`${line.apiUrl}/leads/${id}`)).status, 200)
  })

  await t.test('a record that does not decode goes to the dead letters with its place, and the line goes on', async (t) => {
    const name = physicalName(webhooks, engines.prefix)
    const producer = createClient({ brokers: engines.kafkaBrokers, clientId: 'poison', logger: pino({ level: 'silent' }) }).producer()
    await producer.connect()
    const key = leadKey(sandboxTenantId, 'poison00000000000001')
    const poison = [Buffer.from('no Avro at all'), Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]), Buffer.alloc(0)]
    await producer.send({ topic: name, acks: -1, messages: poison.map((value) => ({ key, value, headers: { origin: 'test' } })) })
    await producer.disconnect()
    t.equal((await send(bytes(contact('poison00000000000001')))).status, 202)
    await processed()
    const letters = (await deadLetters(line)).filter((letter) => letter.key === key)
    t.equal(letters.length, poison.length)
    t.match(letters[0]?.headers, {
      'dlq-code': 'E_RECORD_UNDECODABLE',
      'dlq-source-topic': name,
      'dlq-group': pipelineGroup,
      'dlq-attempts': '1',
      origin: 'test',
    })
    t.equal((await eventsOf('poison00000000000001')).length, 1, 'the record behind them was processed')
  })

  await t.test('a schema that breaks a public contract is refused by the registry, and the topic goes on as it was', async (t) => {
    const breaking = schema<{ verdict: string }>({
      type: 'record',
      name: 'Decision',
      namespace: 'rekindle',
      fields: [{ name: 'verdict', type: 'string' }],
    })
    await t.rejects(line.kafka.registerSchemas([{ ...decisions, value: breaking }]), {
      code: 'E_SCHEMA_REFUSED',
      message: new RegExp(decisions.name),
    })
    await line.kafka.registerSchemas([decisions])
  })

  await t.test('SIGTERM of every process in mid-load: each ends cleanly, and after the restarts the totals agree', async (t) => {
    const before = new Set((await webhookRecords(line)).flatMap(({ value }) => value?.webhookId ?? []))
    const restart = async (role: RoleName) => {
      t.strictSame(await line.end(role), { code: 0, signal: null }, `${role} ended cleanly`)
      await line.start(role)
    }
    const accounts = await sendThrough(line, { seed: 17, leads: 120, rate: 60 }, [
      { at: 0.2, happens: () => restart('pipeline') },
      { at: 0.4, happens: () => restart('sinks') },
      { at: 0.5, happens: () => restart('api') },
      { at: 0.6, happens: () => restart('sandbox') },
      {
        at: 0.8,
        happens: () => Promise.all([restart('api'), restart('pipeline'), restart('sinks'), restart('sandbox')]).then(() => undefined),
      },
    ])
    t.equal(accounts.lost, 0)
    t.strictSame(accounts.rejected, {})
    await quiet(line)
    await standStill(line)
    const found = await findings(line, new Set([...acceptedOf(accounts), ...before]), undefined)
    const account = accountOf(found)
    for (const text of accountText(account)) t.comment(text)
    t.strictSame(account.faults, [], 'nothing is lost, nothing is doubled')
  })
})
