import { createPublicKey, verify } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { contactIdOf, tenantIdOf } from '../../pipelines/ingest/subject.ts'
import { placeOfAreaCode, zonesOfState } from '../../pipelines/enrich/areaCodes.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import { liveDeliveries, pastDeliveries } from '../../simulate/deliveries.ts'
import { receivedWebhook } from '../../simulate/receivedWebhook.ts'
import type { Delivery } from '../../simulate/deliveries.ts'
import { isChannel } from '../../pipelines/attribution/channels.ts'
import { plots, tellStory } from '../../simulate/leadStory.ts'
import { sandboxSpend } from '../../simulate/sandboxSpend.ts'
import { platformTruth } from '../../simulate/platformTruth.ts'
import { runSimulator } from '../../simulate/runSimulator.ts'
import { dressed, readSample, sampleNames } from '../../simulate/samples.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import { sandboxAppId, sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { httpPost, sendAll } from '../../simulate/sender.ts'
import type { Answer } from '../../simulate/sender.ts'
import { leadEvents, leadKey, tenants, webhooks } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'

const at = Date.parse('2026-11-24T15:00:00.000Z')
const quiet = { duplicates: 0, reordered: 0 }
const past = (seed: number, leads: number, disturbance = quiet) => [...pastDeliveries({ seed, leads, now: () => at, ...disturbance })]
const bodyOf = ({ webhook }: Delivery) => JSON.parse(webhook.body.toString()) as Record<string, unknown>
const accepted: Answer = { status: 202, body: '{"accepted":1,"dropped":0}' }

t.test('the same seed tells the same stories in the same bytes and order, another seed tells others', async (t) => {
  const bytes = (seed: number) => past(seed, 40, { duplicates: 0.1, reordered: 0.1 }).map(({ webhook }) => webhook.body.toString())
  t.strictSame(bytes(7), bytes(7))
  t.notSame(bytes(7), bytes(8))
  t.strictSame(tellStory(7, 3), tellStory(7, 3), 'a story does not depend on the ones before it')
})

t.test('all plots occur, about as often as they are meant to', async (t) => {
  const counts = new Map<string, number>(plots.map((plot) => [plot, 0]))
  for (let i = 0; i < 2000; i++) counts.set(tellStory(1, i).plot, (counts.get(tellStory(1, i).plot) ?? 0) + 1)
  // 24 of 100 fall silent: 480 of 2,000, standard deviation 19; four of them are allowed. 6 of 100 opt out: 120, 11.
  t.ok(Math.abs((counts.get('falls_silent') ?? 0) - 480) < 76)
  t.ok(Math.abs((counts.get('opts_out') ?? 0) - 120) < 44)
  t.ok([...counts.values()].every((count) => count > 0))
})

t.test('nobody in the stories can be a real person', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(), fc.nat(100_000), (seed, index) => {
      const { person } = tellStory(seed, index)
      return /^\+1\d{3}55501\d{2}$/.test(person.phone) && person.email.endsWith('@example.com')
    }),
  ),
)

t.test(
  'persons of a seed have numbers of their own until those of their state are taken, and none that lies in another zone',
  async (t) => {
    const phones = (seed: number, many: number) => Array.from({ length: many }, (_, index) => tellStory(seed, index).person.phone)
    for (const seed of [1, 7, 42]) t.equal(new Set(phones(seed, 200)).size, 200, 'the smallest state has two area codes of a hundred')
    // Index and index + 200 share one when both are of Oregon, index and index + 400 when both are of Tennessee or of Arizona, and so on: of
    // 1,000 stories, 1 of 144 of 800 + 600 + 400 + 200 pairs of Oregon, of 600 + 200 of the other two each, of 500 of Colorado: 14 + 11 + 3.
    const shared = 1_000 - new Set(phones(7, 1_000)).size
    t.ok(shared > 10 && shared < 46, `28 are expected, three standard deviations of 5 and a little are allowed: ${shared}`)
    t.ok(new Set([...phones(7, 200), ...phones(8, 200)]).size > 380, 'another seed begins elsewhere')
    for (let index = 0; index < 500; index++) {
      const { phone, state } = tellStory(7, index).person
      const place = placeOfAreaCode(phone.slice(2, 5))
      t.match(place, { states: [`US-${state}`], zones: { length: 1 } }, phone)
      t.ok(zonesOfState(`US-${state}`)?.includes(place?.zones[0] ?? ''))
    }
  },
)

t.test('times rise within a story, lie in the past, and silent leads have been silent for a day or more', async (t) => {
  for (let i = 0; i < 300; i++) {
    const { beats } = tellStory(3, i)
    t.ok(
      beats.every((beat, n) => n === 0 || beat.atMs >= (beats[n - 1]?.atMs ?? 0)),
      'in order',
    )
  }
  const deliveries = past(3, 300)
  t.ok(deliveries.every(({ webhook }) => webhook.at <= at))
  const silent = Array.from({ length: 300 }, (_, i) => tellStory(3, i)).filter(({ plot }) => plot === 'falls_silent')
  for (const { contactId } of silent) {
    const last = Math.max(...deliveries.filter(({ webhook }) => webhook.contactId === contactId).map(({ webhook }) => webhook.at))
    t.ok(at - last >= 25 * 3_600_000 && at - last <= 80 * 3_600_000 + 3_000)
  }
})

t.test('every body has the envelope of the platform and names its lead where the platform does', async (t) => {
  const deliveries = past(5, 200)
  for (const delivery of deliveries) {
    const body = bodyOf(delivery)
    t.match(body, {
      appId: sandboxAppId,
      versionId: sandboxAppId,
      webhookId: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      timestamp: /Z$/,
      type: delivery.webhook.type,
    })
    t.equal(tenantIdOf(body), sandboxTenantId)
    t.equal(contactIdOf(body), delivery.webhook.contactId)
  }
  const kinds = new Set(deliveries.map(({ webhook }) => webhook.type))
  for (const type of [
    'ContactCreate',
    'ContactUpdate',
    'ContactTagUpdate',
    'ContactDndUpdate',
    'InboundMessage',
    'OutboundMessage',
    'AppointmentCreate',
    'OpportunityCreate',
    'OpportunityStageUpdate',
    'OpportunityStatusUpdate',
  ])
    t.ok(kinds.has(type), type)
  t.equal(new Set(deliveries.map(({ webhook }) => webhook.webhookId)).size, deliveries.length, 'ids are different')
})

t.test('every simulated webhook becomes one lead event, repeats become none', async (t) => {
  const line = drive(ingest, { at: new Date(at).toISOString() })
  const deliveries = past(11, 120, { duplicates: 0.2, reordered: 0.1 })
  for (const delivery of deliveries)
    line.pipe(webhooks, leadKey(sandboxTenantId, delivery.webhook.contactId), received(delivery.webhook.body, delivery.webhook.contactId), {
      timestamp: at,
    })
  const events = line.outputs(leadEvents)
  t.strictSame(line.deadLetters, [])
  t.equal(events.length, deliveries.filter(({ repeat }) => !repeat).length)
  t.equal(line.drops.length, deliveries.filter(({ repeat }) => repeat).length)
  t.strictSame([...new Set(events.flatMap(({ message }) => (message === null ? [] : [`${message.direction} ${message.sender}`])))].sort(), [
    'inbound lead',
    'outbound human',
    'outbound workflow',
  ])
  const told = new Map(events.map((event) => [event.sourceId, event.occurredAt]))
  t.ok(
    deliveries.every(({ webhook }) => told.get(webhook.webhookId) === webhook.at),
    'at the time the body states',
  )
})

t.test('repeats and reorderings come at the rate asked for, and a repeat never comes before its first', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(1000), fc.constantFrom(0, 0.5, 1), (seed, duplicates) => {
      const deliveries = past(seed, 6, { duplicates, reordered: 0.3 })
      const seen = new Set<string>()
      for (const { webhook, repeat } of deliveries) {
        if (repeat !== seen.has(webhook.webhookId)) return false
        seen.add(webhook.webhookId)
      }
      const repeats = deliveries.filter(({ repeat }) => repeat).length
      return duplicates === 0 ? repeats === 0 : duplicates === 1 ? repeats === deliveries.length / 2 : true
    }),
    { numRuns: 60 },
  ),
)

t.test('a story played live is compressed and due in order', async (t) => {
  const slow = liveDeliveries({ seed: 2, leads: 5, from: at, speed: 1, everyMs: 1000, ...quiet })
  const fast = liveDeliveries({ seed: 2, leads: 5, from: at, speed: 1000, everyMs: 1000, ...quiet })
  t.equal(slow.length, fast.length)
  const span = (list: readonly Delivery[]) => (list.at(-1)?.dueAt ?? 0) - at
  t.ok(span(slow) > 3_600_000 && span(fast) < span(slow) / 10)
  t.ok(fast.every(({ dueAt = 0 }, i) => i === 0 || dueAt >= (fast[i - 1]?.dueAt ?? 0)))
})

t.test('the sandbox key is made once, readable by its owner only, and what it signs verifies', async (t) => {
  const dir = t.testdir()
  const key = sandboxKey(dir)
  t.equal(key.file, join(dir, 'sandbox', 'ghl-signing.pem'))
  t.equal(statSync(key.file).mode & 0o777, 0o600)
  t.match(readFileSync(key.file, 'utf8'), /BEGIN PRIVATE KEY/)
  t.equal(sandboxKey(dir).publicPem, key.publicPem)
  t.ok(verify(null, Buffer.from('body'), createPublicKey(key.publicPem), Buffer.from(key.sign(Buffer.from('body')), 'base64')))
  writeFileSync(key.file, 'nonsense')
  t.throws(() => sandboxKey(dir))
})

t.test('the accounts add up to the last webhook', async (t) => {
  const deliveries = past(4, 30, { duplicates: 0.3, reordered: 0 })
  const ids = [...new Set(deliveries.map(({ webhook }) => webhook.webhookId))]
  const fate = (body: Buffer) => ids.indexOf((JSON.parse(body.toString()) as { webhookId: string }).webhookId) % 4
  const answers: Answer[] = [
    accepted,
    { status: 202, body: '{"accepted":0,"dropped":1}' },
    { status: 401, body: '{"code":"E_SIGNATURE_REFUSED","reason":"header_missing"}' },
    { status: 403, body: 'no json' },
  ]
  const accounts = await sendAll(deliveries, {
    post: async (body) => answers[fate(body)] ?? accepted,
    sign: () => 'signed',
    rate: Infinity,
    now: () => at,
  })
  const expected = (n: number) => ids.filter((_, index) => index % 4 === n).length
  t.equal(accounts.sent, ids.length)
  t.equal(accounts.attempts, deliveries.length)
  t.equal(accounts.accepted, expected(0))
  t.equal(accounts.dropped, expected(1))
  t.strictSame(accounts.rejected, { header_missing: expected(2), http_403: expected(3) })
  t.equal(accounts.duplicates, deliveries.filter(({ webhook, repeat }) => repeat && fate(webhook.body) === 0).length)
  t.equal(accounts.accepted + accounts.dropped + expected(2) + expected(3) + accounts.lost, accounts.sent)
  t.equal(
    Object.values(accounts.acceptedByType).reduce((sum, count) => sum + count, 0),
    accounts.accepted,
  )
})

t.test('a 5xx or a lost connection is tried again as the platform does, a 4xx is not', async (t) => {
  const [delivery] = past(4, 1)
  if (delivery === undefined) return t.fail('there is a delivery')
  const pauses: number[] = []
  const run = async (...answers: (Answer | Error)[]) => {
    pauses.length = 0
    return sendAll([delivery], {
      post: async () => {
        const answer = answers.shift() ?? accepted
        if (answer instanceof Error) throw answer
        return answer
      },
      sign: () => 's',
      rate: Infinity,
      now: () => at,
      wait: async (ms) => {
        pauses.push(ms)
      },
    })
  }
  const lostConnection = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  const through = await run({ status: 503, body: '', retryAfterSeconds: 5 }, lostConnection, { status: 500, body: '' })
  t.match(through, { sent: 1, attempts: 4, retries: 3, accepted: 1, lost: 0 })
  t.strictSame(pauses, [5000, 200, 400])
  const never = await run(...Array.from({ length: 13 }, () => ({ status: 503, body: '' })))
  t.match(never, { attempts: 13, retries: 12, accepted: 0, lost: 1 })
  t.strictSame(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000])
  t.match(await run({ status: 401, body: '{"code":"E_SIGNATURE_REFUSED"}' }), {
    attempts: 1,
    retries: 0,
    rejected: { E_SIGNATURE_REFUSED: 1 },
  })
  await t.rejects(run(new TypeError('a bug')), { message: 'a bug' }, 'a fault of the program is not a lost connection')
})

t.test('the rate is kept and webhooks of one lead are never in flight together', async (t) => {
  const deliveries = past(6, 8)
  let clock = at
  const inFlight = new Set<string>()
  let most = 0
  const accounts = await sendAll(deliveries, {
    post: async (body) => {
      const contact = contactIdOf(JSON.parse(body.toString()) as Record<string, unknown>) ?? ''
      t.notOk(inFlight.has(contact))
      inFlight.add(contact)
      most = Math.max(most, inFlight.size)
      await new Promise(setImmediate)
      inFlight.delete(contact)
      return accepted
    },
    sign: () => 's',
    rate: 50,
    now: () => clock,
    wait: async (ms) => {
      clock += ms
    },
  })
  t.equal(accounts.accepted, deliveries.length)
  t.equal(Math.round(clock - at), (deliveries.length - 1) * 20, '50 a second are 20 ms apart')
  t.ok(most > 1, 'different leads are')
})

t.test('over HTTP the signature and the bytes arrive as they are', async (t) => {
  const key = sandboxKey(t.testdir())
  const seen: { url: string | undefined; ok: boolean }[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        const ok = verify(
          null,
          Buffer.concat(parts),
          createPublicKey(key.publicPem),
          Buffer.from(String(request.headers['x-ghl-signature']), 'base64'),
        )
        seen.push({ url: request.url, ok })
        if (seen.length === 1) response.writeHead(503, { 'retry-after': '0' }).end()
        else response.writeHead(202).end(accepted.body)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { post, close } = httpPost(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const accounts = await sendAll(past(9, 3), { post, sign: (body) => key.sign(body), rate: Infinity })
  close()
  await new Promise((resolve) => server.close(resolve))
  t.equal(accounts.accepted, accounts.sent)
  t.equal(accounts.retries, 1)
  t.ok(seen.every(({ url, ok }) => url === '/webhooks/ghl' && ok))
})

t.test('a second run of the stream tells new stories', async (t) => {
  const markFile = join(t.testdir(), 'sandbox', 'simulator.json')
  const run = () =>
    runSimulator({ seed: 1, leads: 5, markFile, post: async () => accepted, sign: () => 's', rate: Infinity, now: () => at })
  const first = await run()
  const second = await run()
  t.ok(existsSync(markFile))
  t.strictSame(
    [...first.fates.keys()].filter((id) => second.fates.has(id)),
    [],
  )
  const stop = new AbortController()
  const stopped = await runSimulator({
    seed: 1,
    markFile,
    post: async () => {
      stop.abort()
      return accepted
    },
    sign: () => 's',
    rate: Infinity,
    now: () => at,
    signal: stop.signal,
    concurrency: 1,
  })
  t.ok(stopped.sent >= 1 && stopped.sent <= 3, 'an endless stream ends when it is told to')
})

t.test('samples are of the sandbox location and become lead events when they are dressed', async (t) => {
  const names = sampleNames()
  t.ok(names.length >= 14)
  let id = 0
  const line = drive(ingest, { at: new Date(at).toISOString() })
  for (const name of names) {
    const body = dressed(readSample(name), at, () => `webhook-${++id}`)
    const parsed = JSON.parse(body.toString()) as Record<string, unknown>
    t.match(
      parsed,
      { locationId: sandboxTenantId, appId: sandboxAppId, timestamp: '2026-11-24T15:00:00.000Z', webhookId: `webhook-${id}` },
      name,
    )
    t.equal(contactIdOf(parsed), 'sbxSampleContact0001')
    line.pipe(webhooks, leadKey(sandboxTenantId, 'sbxSampleContact0001'), received(body, 'sbxSampleContact0001'), { timestamp: at })
  }
  t.strictSame(line.deadLetters, [])
  t.ok(line.outputs(leadEvents).length >= 11)
  t.match(JSON.parse(dressed(readSample('inboundmessage'), at, () => 'w', { body: 'STOP', webhookId: 'mine' }).toString()), {
    body: 'STOP',
    webhookId: 'mine',
  })
  t.match(JSON.parse(dressed(Buffer.from('[{"type":"A"},7]'), at, () => 'w').toString()), [{ type: 'A', webhookId: 'w' }, 7])
  t.throws(() => readSample('no-such-file.json'), { code: 'E_SAMPLE_UNKNOWN' })
  t.throws(() => dressed(Buffer.from('{'), at, () => 'w'), { code: 'E_SAMPLE_NOT_JSON' })
  t.equal(tenants.value.mismatch(sandboxTenant(at)), undefined)
})

function received(body: Buffer, contactId: string) {
  const { type, webhookId } = JSON.parse(body.toString()) as { type: string; webhookId: string }
  return receivedWebhook({ type, webhookId, contactId, body }, at)
}

t.test('the platform knows of everything that happens, and loses the share it is told to: the same webhooks for a seed', async (t) => {
  const told: { at: number; notedAt: number; body: { webhookId: string } }[] = []
  let answers = true
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      told.push(JSON.parse(Buffer.concat(parts).toString()) as (typeof told)[number])
      response.writeHead(answers ? 201 : 422).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const sandboxUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const play = async (lost: number, to = sandboxUrl) => {
    const posted: string[] = []
    const accounts = await sendAll(past(7, 60, { duplicates: 0.2, reordered: 0 }), {
      sign: () => '',
      rate: Infinity,
      post: async (body) => {
        posted.push((JSON.parse(body.toString()) as { webhookId: string }).webhookId)
        return accepted
      },
      onHappened: platformTruth({ sandboxUrl: to, seed: 7, lost, now: () => at }),
    })
    return { accounts, posted: new Set(posted), posts: posted.length }
  }
  const first = await play(0.1)
  t.equal(told.length, first.accounts.sent, 'told once, repeats not again')
  t.ok(told.every((one) => one.notedAt === at && one.at < at))
  // 10 % of some 270 webhooks: 27, standard deviation 5; four of them are allowed.
  t.ok(Math.abs(first.accounts.unsent - first.accounts.sent / 10) < 20, `${first.accounts.unsent} of ${first.accounts.sent}`)
  t.equal(first.posted.size, first.accounts.sent - first.accounts.unsent)
  const unsent = told.map(({ body }) => body.webhookId).filter((id) => !first.posted.has(id))
  t.ok(unsent.every((id) => first.accounts.fates.get(id) === 'unsent'))
  t.strictSame((await play(0.1)).posted, first.posted)
  t.equal((await play(0)).accounts.unsent, 0)
  answers = false
  t.equal((await play(1)).accounts.unsent, 0, 'what the platform did not note could never be found')
  t.equal((await play(1, 'http://127.0.0.1:1')).accounts.unsent, 0, 'nor what it was not there to hear')
})

t.test('some who book become clients, more of some sources than of others, and what the opportunity was worth stays', async (t) => {
  const stories = Array.from({ length: 3000 }, (_, index) => tellStory(1, index))
  const booked = (source: string) => stories.filter((story) => story.source === source && story.plot === 'books')
  const won = (source: string) => booked(source).filter(({ beats }) => beats.at(-1)?.kind === 'won')
  // 70 and 25 of 100 of some 60 each: standard deviations 5.9 and 5.6 of 100; four of them are allowed.
  t.ok(Math.abs(won('referral').length / booked('referral').length - 0.7) < 0.24)
  t.ok(Math.abs(won('facebook lead ad').length / booked('facebook lead ad').length - 0.25) < 0.23)
  const values = won('referral').map(({ beats }) => beats.flatMap((beat) => ('value' in beat ? [beat.value] : [])))
  t.ok(values.every((list) => new Set(list).size === 1))
  const statuses = past(1, 200)
    .map(bodyOf)
    .filter(({ type }) => type === 'OpportunityStatusUpdate')
  t.ok(statuses.length > 0 && statuses.every(({ status }) => status === 'won'))
})

t.test('the sandbox location states the spend of four weeks, each day the same whenever it is asked for', async (t) => {
  const rows = sandboxSpend(at)
  t.equal(rows.length, 28 * 4)
  t.ok(rows.every(({ channel, day, amount }) => isChannel(channel) && Date.parse(day) < at && /^\d+\.\d\d$/.test(amount)))
  t.equal(rows.at(-1)?.day, '2026-11-24', 'up to today')
  const later = sandboxSpend(at + 7 * 86_400_000)
  const of = (list: typeof rows) => new Map(list.map((row) => [`${row.channel} ${row.day}`, row]))
  t.equal([...of(later)].filter(([key, row]) => JSON.stringify(of(rows).get(key)) === JSON.stringify(row)).length, 21 * 4)
})
