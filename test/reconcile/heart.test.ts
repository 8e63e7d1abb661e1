/**
 * Heartbeats against the sandbox of GoHighLevel, whose signed webhooks go through the API and the line into Postgres: while they
 * come all is well; when all are lost it is told within three beats, and told again when they are back.
 */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { KeyRing } from '../../api/ghlKeys.ts'
import { HEARTBEAT_EMAIL, lastNameOf } from '../../pipelines/heartbeat/beat.ts'
import { coverageWords } from '../../pipelines/reconcile/coverage.ts'
import { sweepSources } from '../../pipelines/reconcile/sweepPlan.ts'
import { ghlClient } from '../../integrations/ghl/client.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import { Heart } from '../../reconcile/heart.ts'
import type { HeartOptions, SeenHeartbeat } from '../../reconcile/heart.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import { sandboxAppId, sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { claimHeartbeat, heartbeats, restHeartbeats } from '../../sinks/postgres/heartbeats.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { leadEvents, profiles, unrecognised, webhooks } from '../../topics/index.ts'
import { apiUnderTest } from '../api/apiUnderTest.ts'
import { DAY, MINUTE, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { lossyLine } from './lossyLine.ts'
import { database, platform } from './platform.ts'

t.setTimeout(120_000)
const everyMs = 10 * MINUTE

interface Said {
  readonly level: string
  readonly fields: Record<string, unknown>
  readonly what: string
}

function saying(): { said: Said[]; logger: HeartOptions['logger'] } {
  const said: Said[] = []
  const at = (level: string) => (fields: Record<string, unknown>, what: string) => void said.push({ level, fields, what })
  return { said, logger: { info: at('info'), warn: at('warn'), error: at('error') } as never }
}

/** The way of a webhook: platform, API, ingest, sink. `lose` says whether the platform loses what it would tell now. */
async function world(t: Test) {
  const clock = new ManualClock(tuesdayNoon)
  const pool = await database(t)
  const line = lossyLine(clock.now(), pool)
  const pair = generateKeyPairSync('ed25519')
  const api = await apiUnderTest({ keys: { ed25519: new KeyRing([{ id: 'sandbox', key: pair.publicKey }]) }, now: () => clock.now() })
  const answers: number[] = []
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        void api.post(Buffer.concat(chunks), request.headers as Record<string, string>).then(({ statusCode }) => {
          answers.push(statusCode)
          response.writeHead(statusCode).end('{}')
        })
      })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const lose = { all: false }
  const { sandbox, ghl } = await platform(t, clock, {
    webhookUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    signingKeyPem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    appId: sandboxAppId,
    tellsWrites: () => !lose.all,
  })
  t.teardown(async () => {
    receiver.close()
    await api.app.close()
  })
  await line.store()
  const { said, logger } = saying()
  const seen: { now: readonly SeenHeartbeat[] } = { now: [] }
  const outcomes: string[] = []
  const heart = (over: Partial<HeartOptions> = {}) =>
    new Heart({
      pool,
      ghl,
      clock,
      logger,
      everyMs,
      onBeat: (outcome) => outcomes.push(outcome),
      onSeen: (all) => (seen.now = all),
      ...over,
    })
  let taken = 0
  /** What the platform told goes through the line into the database. */
  async function arrive(): Promise<void> {
    await clock.run(sandbox.settled())
    for (const { key, value } of api.produced.slice(taken)) await line.publish(key, value)
    taken = api.produced.length
    await line.store()
  }
  const owed = async () => (await readerQueries(pool).owed({ writtenBefore: clock.now(), limit: 5 }, clock.now())).coverage
  const pass = (minutes: number) => {
    clock.advance(minutes * MINUTE)
    line.line.advance(`${minutes}m`)
  }
  const row = async () => (await heartbeats(pool))[0]
  return { clock, pool, line, sandbox, ghl, heart, said, seen, outcomes, lose, arrive, owed, pass, row, answers }
}

t.test('beats come back: all is well; all webhooks lost: told within three beats, once; back again: told again', async (t) => {
  const { clock, pool, line, ghl, heart, said, seen, outcomes, lose, arrive, owed, pass, row, answers } = await world(t)
  const one = heart()
  t.equal(await clock.run(one.round()), 1)
  await arrive()
  t.ok(answers.length >= 2 && answers.every((status) => status === 202), `signed, and taken: ${answers.join(' ')}`)
  const first = await row()
  t.match(first, { sentAt: tuesdayNoon, waitingSince: null, backAt: tuesdayNoon, failedBecause: null })
  const contact = (await clock.run(ghl.contacts.get(sandboxTenantId, first?.contactId ?? ''))) as { value: object }
  t.match(contact.value, {
    email: HEARTBEAT_EMAIL,
    firstName: 'Rekindle',
    tags: ['rekindle-heartbeat'],
    dndChannels: { email: 'active', sms: 'active' },
  })
  t.equal(await clock.run(one.round()), 0, 'not due')
  for (let beat = 0; beat < 5; beat++) {
    pass(10)
    t.equal(await clock.run(one.round()), 1)
    await arrive()
  }
  await clock.run(one.round())
  t.match(seen.now, [{ state: 'fine', contactId: first?.contactId }], 'one contact, the same')
  const heardAt = clock.now()

  lose.all = true
  const states: string[] = []
  for (let beat = 0; beat < 6; beat++) {
    pass(10)
    await clock.run(one.round())
    await arrive()
    states.push(seen.now[0]?.state ?? '')
  }
  // The first lost beat is sent after 10 min; it has been away for 30 min when the fourth is sent.
  t.strictSame(states, ['fine', 'fine', 'fine', 'silent', 'silent', 'silent'])
  const errors = () => said.filter(({ level }) => level === 'error')
  t.match(errors(), [{ fields: { code: 'E_HEARTBEAT_SILENT', tenantId: sandboxTenantId, lastBackAt: new Date(heardAt).toISOString() } }])
  t.equal(errors().length, 1, 'told once')
  await clock.run(heart().round())
  t.equal(errors().length, 1, 'nor by another process, nor after a restart')
  const lost = await owed()
  t.match(lost.unheard, [{ tenantId: sandboxTenantId, state: 'silent', heardAt }])
  t.match(coverageWords(lost, clock.now()).join('\n'), /webhooks of this location have not arrived since 2026-11-10 17:50 UTC, 1h 0m ago\./)

  lose.all = false
  pass(10)
  await clock.run(one.round())
  await arrive()
  await clock.run(one.round())
  t.match(await row(), { waitingSince: null, toldSilentAt: null })
  t.match(said.at(-1), { level: 'info', what: /arrive again/, fields: { tenantId: sandboxTenantId } })
  t.strictSame((await owed()).unheard, [])
  t.equal(outcomes.filter((outcome) => outcome !== 'sent').length, 0)

  // The contact is nobody's lead: not in what the line made of it, nor by a comparison that finds it changed.
  pass(5)
  const sweeper = new Sweeper({ pool, ghl, clock, publish: line.publish })
  for (const source of sweepSources) {
    const sweep = { tenantId: sandboxTenantId, source, from: tuesdayNoon, before: clock.now(), startedAt: clock.now() }
    t.match(await clock.run(sweeper.sweep(sweep, sandboxTenant(0))), { kind: 'read', missed: 0, read: 0 }, source)
  }
  t.strictSame(line.line.outputs(leadEvents), [])
  t.strictSame(line.line.outputs(profiles), [])
  t.ok(line.line.outputs(unrecognised).every(({ reason }) => reason === 'heartbeat'))
  t.strictSame((await pool.query('SELECT FROM leads')).rowCount, 0)
})

t.test('two processes send one beat, and a process that dies in one is followed by the next', async (t) => {
  const { clock, heart, outcomes, pass, pool, row } = await world(t)
  await clock.run(Promise.all([heart().round(), heart().round(), heart().round()]))
  t.strictSame(outcomes, ['sent'])
  pass(10)
  // Claimed, and then nothing.
  await pool.query('UPDATE heartbeats SET claim = claim + 1, tried_at = $1', [new Date(clock.now())])
  t.equal(await clock.run(heart().round()), 0)
  pass(10)
  t.equal(await clock.run(heart().round()), 1)
  t.match(await row(), { sentAt: clock.now() })
  // Rounds begun together may still come one after the other: what two see of a beat before either takes it is the same here.
  const seen = (await heartbeats(pool)).find(({ tenantId }) => tenantId === sandboxTenantId)
  const take = (before: typeof seen) => claimHeartbeat(pool, sandboxTenantId, before, clock.now(), everyMs)
  t.equal(await take(seen), (seen?.claim ?? NaN) + 1)
  t.equal(await take(seen), undefined, 'one of two who saw the same')
  t.equal(await take(undefined), undefined, 'and nobody who saw none where there is one')
})

t.test('beats that come back late, twice or out of order: the newest counts, and what is older than it waits no more', async (t) => {
  const { clock, heart, lose, arrive, pass, row, line } = await world(t)
  const one = heart()
  await clock.run(one.round())
  await arrive()
  lose.all = true
  const beats: number[] = []
  for (let beat = 0; beat < 3; beat++) {
    pass(10)
    await clock.run(one.round())
    beats.push(clock.now())
  }
  const [first = 0, second = 0, third = 0] = beats
  t.match(await row(), { waitingSince: first, backAt: tuesdayNoon })
  pass(1)
  let deliveries = 0
  async function comes(beat: number | undefined, timestamp?: number) {
    const contactId = (await row())?.contactId ?? ''
    const lastName = beat === undefined ? 'Anybody' : lastNameOf(beat)
    const body = { type: 'ContactUpdate', locationId: sandboxTenantId, id: contactId, email: HEARTBEAT_EMAIL, lastName }
    const dated = timestamp === undefined ? body : { ...body, timestamp: new Date(timestamp).toISOString() }
    line.line.pipe(webhooks, `${sandboxTenantId}:${contactId}`, {
      ...{ receivedId: `late${++deliveries}`, tenantId: sandboxTenantId, origin: 'webhook', scheme: 'ed25519', keyId: 'k', contactId },
      ...{
        type: 'ContactUpdate',
        webhookId: `late${deliveries}`,
        batchIndex: 0,
        receivedAt: clock.now(),
        body: Buffer.from(JSON.stringify(dated)),
      },
    })
    await line.store()
  }
  await comes(tuesdayNoon)
  t.match(await row(), { waitingSince: first, backAt: tuesdayNoon }, 'one that is known already')
  await comes(undefined)
  t.match(await row(), { waitingSince: first }, 'one that tells of no beat')
  await comes(second)
  t.match(await row(), { waitingSince: second, backAt: clock.now() }, 'the third may still be on its way')
  pass(1)
  await comes(first)
  t.match(await row(), { waitingSince: second, backAt: clock.now() - MINUTE }, 'older than what is back')
  await comes(undefined, third + DAY)
  t.match(
    await row(),
    { waitingSince: null, backAt: clock.now() },
    'without a name the time of the webhook counts, never beyond its receipt',
  )
  pass(9)
  lose.all = false
  await clock.run(one.round())
  await arrive()
  t.match(await row(), { waitingSince: null, backAt: clock.now() }, 'so the next beat counts')
})

t.test('after a pause waiting begins anew; switched off nothing is said, and the contact stays known', async (t) => {
  const { clock, heart, lose, pass, pool, row, seen, owed, said } = await world(t)
  lose.all = true
  await clock.run(heart().round())
  // Nothing was sent for five hours: that nothing came back says nothing.
  pass(300)
  await clock.run(heart().round())
  t.match(seen.now, [{ state: 'fine', waitingSince: clock.now() }])
  pass(40)
  t.match((await owed()).unheard, [{ state: 'silent', heardAt: null }])
  await restHeartbeats(pool)
  t.strictSame((await owed()).unheard, [])
  t.match(await row(), { contactId: /./, everyMs: 0 })
  t.strictSame(said, [])
  await clock.run(heart().round())
  t.match(await row(), { sentAt: clock.now() }, 'and on again it beats at once')
})

t.test('a deleted contact is made anew; a create whose outcome is unknown is looked for before it is repeated', async (t) => {
  const { clock, heart, sandbox, ghl, pass, row, outcomes } = await world(t)
  sandbox.addFault({ kind: '500_after_accept', count: 1 })
  await clock.run(heart().round())
  t.match(await row(), { failedBecause: /^server_error/, contactId: null })
  pass(10)
  await clock.run(heart().round())
  const known = (await row())?.contactId ?? ''
  await clock.run(ghl.contacts.delete(sandboxTenantId, known))
  pass(10)
  await clock.run(heart().round())
  t.match(await row(), { failedBecause: /not_found/, contactId: null })
  pass(10)
  await clock.run(heart().round())
  t.match(await row(), { failedBecause: null, contactId: /./ })
  t.not((await row())?.contactId, known)
  t.strictSame(outcomes, ['failed', 'sent', 'failed', 'sent'])
})

t.test('a contact with the address and a number is somebody’s: it is neither renamed nor silenced, and that is told', async (t) => {
  const { clock, heart, sandbox, ghl, row } = await world(t)
  const maria = { id: 'maria', firstName: 'Maria', email: HEARTBEAT_EMAIL, phone: '+14155552671', dateAdded: new Date(0).toISOString() }
  sandbox.put('contacts', sandboxTenantId, maria)
  await clock.run(heart().round())
  t.match(await row(), { failedBecause: /^contact_taken: the contact maria/, contactId: null })
  t.match(await clock.run(ghl.contacts.get(sandboxTenantId, 'maria')), { value: { firstName: 'Maria', dndChannels: {} } })
})

t.test('a heartbeat contact that got a number, or another address, is not renamed any more', async (t) => {
  const { clock, heart, ghl, pass, row } = await world(t)
  await clock.run(heart().round())
  const known = (await row())?.contactId ?? ''
  const read = async () => (await clock.run(ghl.contacts.get(sandboxTenantId, known))) as { value: object }
  await clock.run(ghl.contacts.update(sandboxTenantId, known, { firstName: 'Maria', lastName: 'Garcia', email: 'maria@example.com' }))
  pass(10)
  await clock.run(heart().round())
  t.match(await row(), { failedBecause: /^contact_taken/, contactId: null })
  t.match(await read(), { value: { firstName: 'Maria', lastName: 'Garcia' } })
  pass(10)
  await clock.run(heart().round())
  const next = (await row())?.contactId ?? ''
  t.match(await row(), { failedBecause: null, contactId: /./ }, 'another one is made')
  t.not(next, known)
  await clock.run(ghl.contacts.update(sandboxTenantId, next, { firstName: 'Jo', lastName: 'Silva', phone: '+14155552671' }))
  for (let beat = 0; beat < 2; beat++) {
    pass(10)
    await clock.run(heart().round())
    t.match(await row(), { failedBecause: new RegExp(`^contact_taken: the contact ${next}`), contactId: null })
  }
  t.match(await clock.run(ghl.contacts.get(sandboxTenantId, next)), { value: { firstName: 'Jo', lastName: 'Silva' } })
})

t.test('a location that does not let us write is told of with what to do, and asked again after a day, not before', async (t) => {
  const { clock, heart, pass, row, said, outcomes, owed } = await world(t)
  let calls = 0
  const refusing = createServer((_request, response) => {
    calls++
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"The token is not authorized for this scope."}')
  }).listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  const ghl = ghlClient({ apiUrl: `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`, tokens: fixedTokens(() => 'x'), clock })
  t.teardown(async () => {
    await ghl.close()
    refusing.close()
  })
  await clock.run(heart({ ghl }).round())
  t.match(said, [{ level: 'warn', fields: { code: 'E_HEARTBEAT_NOT_SENT', retryMs: 24 * 60 * MINUTE }, what: /contacts\.write/ }])
  t.match((await owed()).unheard, [{ state: 'unwatched', heardAt: null, words: /cannot be sent: scope_missing/ }])
  const made = calls
  for (let hours = 0; hours < 23; hours++) {
    pass(60)
    t.equal(await clock.run(heart({ ghl }).round()), 0)
  }
  t.equal(calls, made)
  pass(60)
  await clock.run(heart({ ghl }).round())
  t.strictSame(outcomes, ['refused', 'refused'])
  pass(24 * 60)
  await clock.run(heart().round())
  t.match(await row(), { failedBecause: null, sentAt: clock.now() }, 'access was widened')
})
