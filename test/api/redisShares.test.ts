/** Shares over two APIs through a real Redis: together while it answers, alone while it is gone or stands still, and never a webhook refused. */
import '../support/uncountedChildren.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { pino } from 'pino'
import t from 'tap'
import type { Test } from 'tap'
import { redisShareLedger } from '../../api/redisShareLedger.ts'
import { ShareExchange } from '../../api/shareExchange.ts'
import { WebhookLanes } from '../../api/webhookLanes.ts'
import { sharedCounts } from '../../cli/roles/sharedCounts.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { RedisEngine } from '../../stack/redis/redisEngine.ts'
import { apiUnderTest } from './apiUnderTest.ts'
import type { ApiUnderTest } from './apiUnderTest.ts'

t.setTimeout(120_000)
const folder = mkdtempSync(join(tmpdir(), 'rekindle-shares-'))
const engine = new RedisEngine({ dataDir: folder, port: 0, onProgress: () => undefined })
await engine.start()
t.teardown(async () => {
  await engine.stop(5_000)
  rmSync(folder, { recursive: true, force: true })
})
const skip = engine.state === 'off' ? engine.note : false
const silent = pino({ level: 'silent' })

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 30_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never: ${what}`)
    await pause(20)
  }
}

function connection(t: Test, logger = silent): Redis {
  const redis = sharedCounts(engine.address ?? '', 'requests', logger)
  t.teardown(() => redis.disconnect())
  return redis
}

async function connected(t: Test): Promise<Redis> {
  const redis = connection(t)
  await until(() => redis.status === 'ready', 'connected')
  return redis
}

t.test('what is told is read once by each of the others, in order, from where he stands', { skip }, async (t) => {
  const redis = await connected(t)
  const [one, other] = [redisShareLedger(redis, 'order.'), redisShareLedger(await connected(t), 'order.')]
  const begun = await one.swap(undefined, undefined)
  t.match(begun, { position: 0, messages: [] })
  const before = begun.at + 60_000
  t.match(await other.swap(0, { message: 'a', before }), { position: 1, messages: [] })
  t.match(await other.swap(1, { message: 'b', before }), { position: 2, messages: [] }, 'not its own')
  const read = await one.swap(0, { message: 'c', before })
  t.match(read, { position: 3, messages: ['a', 'b'] })
  t.match(await one.swap(3, undefined), { position: 3, messages: [] })
  t.match(await other.swap(2, undefined), { position: 3, messages: ['c'] })
  t.match(await one.swap(undefined, undefined), { position: 3, messages: [] }, 'who begins reads nothing of before')
  t.match(await redisShareLedger(redis, 'another.').swap(undefined, undefined), { position: 0 }, 'another pipeline on the same Redis')
  t.match(await one.swap(3, { message: 'late', before: read.at - 1 }), { position: 3 }, 'what is older than it may be is not told')
  t.equal(await redis.llen('rekindle:{shares:order.}:messages'), 3)
})

t.test('Redis keeps the last 512 messages and none for ever; what it has lost hides nothing that comes after', { skip }, async (t) => {
  const redis = await connected(t)
  const ledger = redisShareLedger(redis, 'kept.')
  const keys = ['rekindle:{shares:kept.}:messages', 'rekindle:{shares:kept.}:count'] as const
  const before = Date.now() + 60_000
  for (let index = 0; index < 520; index++) await ledger.swap(undefined, { message: `m${index}`, before })
  const all = await ledger.swap(0, undefined)
  t.equal(all.position, 520)
  t.equal(all.messages.length, 512)
  t.equal(all.messages[0], 'm8')
  for (const key of keys) t.ok((await redis.pttl(key)) > 0, `${key} goes by itself`)
  await redis.del(keys[0])
  t.match(await ledger.swap(519, { message: 'next', before }), { position: 521, messages: [] }, 'messages evicted')
  t.match(await ledger.swap(520, undefined), { position: 521, messages: ['next'] })
  await redis.del(keys[1])
  t.match(await ledger.swap(521, { message: 'after', before }), { position: 1, messages: ['next'] }, 'the count evicted')
  t.match(await ledger.swap(1, undefined), { position: 1, messages: [] })
})

t.test('a Redis that stands still is waited for by nobody, and what waited in it is not told afterwards', { skip }, async (t) => {
  const redis = await connected(t)
  const watching = await connected(t)
  const lanes = new WebhookLanes(undefined, 50)
  const exchange = new ShareExchange({
    lanes,
    ledger: redisShareLedger(redis, 'still.'),
    processId: 'one',
    monotonic: () => performance.now(),
    onOutcome: () => undefined,
    onAlone: () => undefined,
  })
  await until(async () => {
    lanes.place({ tenantId: 'one', key: 'one:x' }, performance.now())
    return (await exchange.exchange()) === 'done'
  }, 'it answers')
  const told = () => watching.llen('rekindle:{shares:still.}:messages')
  const toldBefore = await told()
  t.ok(toldBefore > 0)
  const { pid = 0 } = engine
  process.kill(pid, 'SIGSTOP')
  try {
    for (let index = 0; index < 2; index++) {
      lanes.place({ tenantId: 'one', key: 'one:x' }, performance.now())
      t.equal(await exchange.exchange(), 'failed')
    }
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await until(async () => (await exchange.exchange()) === 'done', 'it answers again')
  t.equal(await told(), toldBefore, 'both questions waited for half a second and more')
})

t.test('two APIs share what a location may send; one Redis killed later each judges alone, and says so', { skip }, async (t) => {
  const logged: Record<string, unknown>[] = []
  const logger = pino(
    { level: 'info' },
    new Writable({
      write: (line: Buffer, _encoding, done) => {
        logged.push(JSON.parse(line.toString()) as Record<string, unknown>)
        done()
      },
    }),
  )
  const api = async (name: string): Promise<ApiUnderTest> => {
    const redis = connection(t)
    let ids = 0
    const one = await apiUnderTest({
      shareLedger: redisShareLedger(redis, 'apis.'),
      monotonic: () => performance.now(),
      newId: () => `${name}-${ids++}`,
      limits: { tenantPerSecond: 1 },
      logger,
    })
    t.teardown(() => one.app.close())
    return one
  }
  const [first, second] = [await api('first'), await api('second')]
  const done = (one: ApiUnderTest) => one.metric('lr_webhook_share_exchanges_total', { outcome: 'done' })
  const heard = async () => {
    const seen = [await done(first), await done(second)] as const
    // Two of each: the first may have begun before.
    await until(async () => (await done(first)) >= seen[0] + 2 && (await done(second)) >= seen[1] + 2, 'two exchanges of both')
  }
  const post = async (one: ApiUnderTest, text: string) => {
    const answer = await one.post(
      JSON.stringify({
        type: 'InboundMessage',
        locationId: sandboxTenantId,
        contactId: 'maria',
        messageType: 'SMS',
        messageId: text,
        body: text,
      }),
    )
    t.equal(answer.statusCode, 202)
    return one.produced.at(-1)?.topic
  }
  await heard()
  // Ten at once are within a share of one a second: six and three, and then so many that seconds on the way do not matter.
  for (let index = 0; index < 6; index++) t.equal(await post(first, `a ${index}`), 'ghl.webhooks')
  for (let index = 0; index < 3; index++) t.equal(await post(second, `b ${index}`), 'ghl.webhooks')
  for (let index = 0; index < 60; index++) await post(first, `c ${index}`)
  await heard()
  t.equal(await post(second, 'd'), 'ghl.webhooks.bulk', 'after three of its own')
  t.equal(logged.filter(({ reason }) => reason === 'above_share').length, 2, 'said once at each')
  t.strictSame((await second.app.inject('/readyz')).json(), { ready: true, parts: {}, degraded: {} })
  t.equal(await second.metric('lr_webhook_shares_alone', {}), 0)

  process.kill(engine.pid ?? 0, 'SIGKILL')
  t.equal(await post(second, 'e'), 'ghl.webhooks.bulk')
  const alone = async (one: ApiUnderTest) => (await one.metric('lr_webhook_shares_alone', {})) === 1
  await until(async () => (await alone(first)) && (await alone(second)), 'both judge alone')
  const ready = await second.app.inject('/readyz')
  t.equal(ready.statusCode, 200, 'webhooks are taken all the same')
  t.match(ready.json(), { ready: true, degraded: { shares: /judged by each API process alone/ } })
  t.match((await second.app.inject('/')).body, /shares: Redis does not answer in time/)
  t.equal(await post(second, 'f'), 'ghl.webhooks.bulk')
  const said = (words: RegExp) => logged.filter(({ msg }) => typeof msg === 'string' && words.test(msg)).length
  t.equal(said(/judged by this process alone/), 2, 'said once by each')
  t.ok((await first.metric('lr_webhook_share_exchanges_total', { outcome: 'failed' })) > 0)

  await engine.start()
  await until(async () => !(await alone(first)) && !(await alone(second)), 'both hear each other again')
  t.strictSame((await second.app.inject('/readyz')).json(), { ready: true, parts: {}, degraded: {} })
  t.equal(said(/by all API processes together again/), 2)
  t.ok((await first.metric('lr_webhook_share_exchanges_total', { outcome: 'anew' })) > 0)
})
