import '../../support/uncountedChildren.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { LocalWindows } from '../../../integrations/ghl/limit/localWindows.ts'
import { RedisWindows } from '../../../integrations/ghl/limit/redisWindows.ts'
import { SharedWindows } from '../../../integrations/ghl/limit/sharedWindows.ts'
import { HOUR_MS, limitDefaults } from '../../../integrations/ghl/limit/windows.ts'
import type { LimitSize } from '../../../integrations/ghl/limit/windows.ts'
import { RateLimit } from '../../../integrations/ghl/rateLimit.ts'
import { ManualClock } from '../../support/manualClock.ts'
import { assertProperty } from '../../support/property.ts'
import { testStack } from '../../support/stack.ts'

const start = Date.UTC(2026, 10, 10, 17)

/** The most calls in any window that begins with a call. */
function mostIn(windowMs: number, taken: readonly (readonly [at: number, count: number])[]): number {
  return Math.max(
    0,
    ...taken.map(([from]) => taken.reduce((sum, [at, count]) => sum + (at >= from && at < from + windowMs ? count : 0), 0)),
  )
}

t.test('P-75: never more than 80 calls in any 10 seconds per location, in order, others unhindered', async (t) => {
  const clock = new ManualClock(1_000_000)
  const limit = new RateLimit({ clock })
  const taken: number[] = []
  const all = Promise.all(Array.from({ length: 200 }, () => limit.take('a').then(() => taken.push(clock.now()))))
  t.match(await limit.take('b'), { granted: true })
  await clock.settle(500)
  t.equal(taken.length, 80)
  t.strictSame(limit.busy(), ['a'])
  await clock.run(all)
  t.equal(
    mostIn(
      10_000,
      taken.map((at) => [at, 1]),
    ),
    80,
  )
  t.equal(Math.max(...taken), 1_020_000)
  const stop = new AbortController()
  await limit.block('b', 3_000)
  const waiting = limit.take('b', 2, stop.signal)
  stop.abort()
  t.match(await clock.run(waiting), { granted: false, why: 'stopped' }, 'an aborted wait takes nothing')
})

// Found by the property over any inputs in test/delivery, seed 419847208.
t.test('a clock that is set back holds nothing up for longer: what is remembered moves with it', async (t) => {
  const clock = new ManualClock(1_000_000)
  const windows = new LocalWindows({ ...limitDefaults, calls: 2 }, clock)
  await windows.block('blocked', 7_000)
  await windows.take('full', 2)
  const wait = async (location: string) => (await windows.take(location, 1)).waitMs
  clock.advance(1_000)
  t.equal(await wait('full'), 9_000)
  clock.advance(-600_000)
  t.equal(await wait('full'), 9_000)
  t.equal(await wait('blocked'), 6_000)
  clock.advance(6_000)
  t.equal(await wait('full'), 3_000)
  t.equal(await wait('blocked'), 0)
})

t.test('whatever is asked, whatever the clock does: no window holds more, and everything leaves in the end', async (t) => {
  const step = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ move: fc.integer({ min: 0, max: 4_000 }) }),
    fc.record({ set: fc.integer({ min: -5_000_000, max: 0 }) }),
    fc.record({ lower: fc.nat(5) }),
    fc.record({ block: fc.nat(3_000) }),
  )
  await assertProperty(
    t,
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), fc.integer({ min: 3, max: 8 }), async (steps, calls) => {
      const clock = new ManualClock(start)
      const size: LimitSize = { calls, windowMs: 1_000, daily: 1_000_000 }
      const windows = new LocalWindows(size, clock)
      const taken: [number, number][] = []
      for (const one of steps) {
        if ('move' in one) clock.advance(one.move)
        else if ('set' in one) clock.advance(one.set)
        else if ('lower' in one) await windows.lower('l', one.lower)
        else if ('block' in one) await windows.block('l', one.block)
        else {
          const { waitMs, at } = await windows.take('l', one.take)
          if (waitMs === 0) taken.push([at, one.take])
          // Nothing is ever held up for longer than a window or a block.
          else if (waitMs > 3_000) return false
        }
      }
      // Whoever waits has looked at the clock: only what was looked at can be known to have passed.
      await windows.take('l', calls)
      clock.advance(3_000)
      return mostIn(1_000, taken) <= calls && (await windows.take('l', calls)).waitMs === 0
    }),
  )
})

t.test('a day is counted too: what is spent is not waited for, and comes back hour by hour', async (t) => {
  const clock = new ManualClock(start)
  const limit = new RateLimit({ clock, windows: new LocalWindows({ calls: 10, windowMs: 1_000, daily: 25 }, clock) })
  for (let i = 0; i < 25; i++) await clock.run(limit.take('l'))
  const refused = await limit.take('l')
  t.match(refused, { granted: false, why: 'too_long' })
  t.strictSame(limit.busy(), ['l'])
  // The hour that began at 17:00 leaves the count when the 25th after it begins.
  clock.advance(25 * HOUR_MS - (clock.now() - start) - 1)
  t.match(await clock.run(limit.take('l')), { granted: true })
  t.equal(clock.now(), start + 25 * HOUR_MS)
})

t.test('what the platform counts can only slow it down', async (t) => {
  const clock = new ManualClock(start)
  const limit = new RateLimit({ clock })
  await limit.take('l')
  await limit.told('l', { remaining: 90 })
  t.strictSame(limit.busy(), [], 'more room than we use changes nothing')
  await limit.told('l', { remaining: 3 })
  const four = Array.from({ length: 4 }, () => limit.take('l').then(() => clock.now() - start))
  await clock.run(Promise.all(four))
  t.strictSame(await Promise.all(four), [0, 0, 0, 10_000], 'three more in this window, as it says')
  await limit.told('other', { remaining: 0, intervalMs: 4_000 })
  t.strictSame(limit.busy(), ['other'])
  const at = clock.now()
  await clock.run(limit.take('other'))
  t.equal(clock.now() - at, 4_000)
  await limit.told('spent', { dailyRemaining: 0, remaining: 50 })
  t.match(await limit.take('spent'), { granted: false, why: 'too_long', waitMs: 300_000 })
})

t.test('of a day that the platform makes shorter than we count on, what nobody waits for leaves a fifth too', async (t) => {
  const clock = new ManualClock(start)
  const limit = new RateLimit({ clock })
  const background = () => limit.take('l', 1, undefined, 'background')
  await limit.told('l', { dailyLimit: 10_000, dailyRemaining: 2_001 })
  t.match(await background(), { granted: true })
  await limit.told('l', { dailyLimit: 10_000, dailyRemaining: 2_000 })
  t.match(await background(), { granted: false, why: 'too_long', waitMs: 300_000 })
  t.match(await limit.take('l'), { granted: true }, 'a message leaves')
  t.strictSame(limit.busy(), [])
  clock.advance(300_000)
  t.match(await background(), { granted: true }, 'the platform is asked again how much is left')
  await limit.told('l', { dailyLimit: 10_000, dailyRemaining: 1_999 })
  await limit.told('l', { dailyLimit: 10_000, dailyRemaining: 9_999 })
  t.match(await background(), { granted: true }, 'its day has begun')
})

t.test(
  'what nobody waits for leaves a quarter of the window and a fifth of the day, and holds up nothing that somebody does',
  async (t) => {
    const clock = new ManualClock(start)
    const limit = new RateLimit({ clock })
    const background: number[] = []
    // A contact sweep after a bulk import: always more to read than may leave.
    const sweep = Promise.all(
      Array.from({ length: 200 }, () => limit.take('l', 1, undefined, 'background').then(() => background.push(clock.now() - start))),
    )
    await clock.settle(500)
    t.equal(background.length, 60, '60 of 80 in ten seconds')
    t.strictSame(limit.busy(), [], 'a location that is swept takes messages')
    const sends = Array.from({ length: 10 }, () => limit.take('l', 2).then((taken) => [taken.granted, clock.now() - start]))
    t.strictSame(await Promise.all(sends), Array(10).fill([true, 0]), 'twenty calls leave at once, past 140 that wait')
    await clock.run(sweep)
    t.equal(Math.max(...background), 30_000, '60 at once, 60 each ten seconds later')
    t.strictSame(limit.busy(), [])

    const day = new RateLimit({ clock, windows: new LocalWindows({ calls: 1_000, windowMs: 1_000, daily: 100 }, clock) })
    for (let i = 0; i < 80; i++) t.match(await day.take('l', 1, undefined, 'background'), { granted: true })
    t.match(await day.take('l', 1, undefined, 'background'), { granted: false, why: 'too_long' })
    t.strictSame(day.busy(), [])
    for (let i = 0; i < 20; i++) t.match(await day.take('l'), { granted: true })
    t.match(await day.take('l'), { granted: false, why: 'too_long' })
    t.strictSame(day.busy(), ['l'])
  },
)

async function redisOf(t: Test): Promise<{ url: string; redis: Redis; prefix: string } | undefined> {
  const { redisUrl } = await testStack(t)
  if (redisUrl === undefined) {
    t.comment('no redis-server on this machine')
    return undefined
  }
  const redis = new Redis(redisUrl)
  t.teardown(() => redis.disconnect())
  return { url: redisUrl, redis, prefix: `test:${randomBytes(6).toString('hex')}:` }
}

/** What a process took, location by location, as the one that counts says it. */
async function taking(url: string, prefix: string, size: LimitSize, plan: Readonly<Record<string, readonly number[]>>) {
  const file = join(import.meta.dirname, 'takeChild.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', file, url, prefix, JSON.stringify(size), JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`takeChild ended with ${code}`)
  return JSON.parse(out) as Record<string, [number, number][]>
}

t.test('two processes that share Redis never take more than the limit in any window', { timeout: 60_000 }, async (t) => {
  const shared = await redisOf(t)
  if (shared === undefined) return
  const { url, prefix } = shared
  const size: LimitSize = { calls: 12, windowMs: 400, daily: 1_000_000 }
  const orders = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 40 })
  const seed = Number(process.env['FC_SEED'] ?? Date.now() & 0x7fffffff)
  t.comment(`seed ${seed}`)
  const plans = fc.sample(fc.record({ a: orders, b: orders, c: orders, d: orders, e: orders, f: orders }), { numRuns: 2, seed })
  const taken = await Promise.all(plans.map((plan) => taking(url, prefix, size, plan)))
  for (const location of ['a', 'b', 'c', 'd', 'e', 'f'] as const) {
    const both = taken.flatMap((one) => one[location] ?? [])
    const asked = plans.flatMap((plan) => plan[location])
    t.equal(both.length, asked.length, `${location}: everything left in the end`)
    t.ok(mostIn(size.windowMs, both) <= size.calls, `${location}: ${mostIn(size.windowMs, both)} of ${size.calls} in a window`)
  }
})

t.test(
  'at the size of the platform: 80 of 160 calls of two processes leave at once, the others ten seconds later',
  { timeout: 60_000 },
  async (t) => {
    const shared = await redisOf(t)
    if (shared === undefined) return
    const plan = { l: Array.from({ length: 80 }, () => 1) }
    const both = (await Promise.all([1, 2].map(() => taking(shared.url, shared.prefix, limitDefaults, plan)))).flatMap(({ l = [] }) => l)
    t.equal(both.length, 160)
    t.equal(mostIn(10_000, both), 80)
  },
)

t.test('Redis counts as one process does: blocks, lower counts, the day', async (t) => {
  const shared = await redisOf(t)
  if (shared === undefined) return
  const { redis, prefix } = shared
  const windows = new RedisWindows(redis, { calls: 5, windowMs: 60_000, daily: 7 }, prefix)
  t.match(await windows.take('l', 3), { waitMs: 0, free: 2, nextMs: 0 })
  const full = await windows.take('l', 3)
  t.equal(full.free, 2)
  t.ok(full.waitMs > 59_000 && full.waitMs <= 60_001, `${full.waitMs}`)
  await windows.lower('l', 1)
  t.match(await windows.take('l', 1), { waitMs: 0, free: 0 })
  await windows.lower('l', 4)
  t.ok((await windows.take('l', 1)).waitMs > 0, 'a higher count raises nothing')
  await windows.block('m', 5_000)
  await windows.block('m', 1_000)
  const blocked = await windows.take('m', 1)
  t.ok(blocked.waitMs > 4_500 && blocked.waitMs <= 5_000)
  const daily = new RedisWindows(redis, { calls: 100, windowMs: 10, daily: 7 }, prefix)
  t.match(await daily.take('n', 7), { waitMs: 0 })
  const spent = await daily.take('n', 1)
  t.ok(spent.waitMs > 24 * HOUR_MS - 1_000 && spent.waitMs <= 25 * HOUR_MS, 'until the hour leaves the last day')
  const swept = new RedisWindows(redis, { calls: 8, windowMs: 60_000, daily: 1_000 }, prefix)
  t.match(await swept.take('o', 6, 'background'), { waitMs: 0, free: 2, nextMs: 0 })
  t.ok((await swept.take('o', 1, 'background')).waitMs > 59_000, 'a quarter of the window is left')
  t.match(await swept.take('o', 2), { waitMs: 0, free: 0 })
  const spending = new RedisWindows(redis, { calls: 1_000, windowMs: 10, daily: 10 }, prefix)
  t.match(await spending.take('p', 8, 'background'), { waitMs: 0 })
  t.ok((await spending.take('p', 1, 'background')).waitMs > 23 * HOUR_MS, 'a fifth of the day is left')
  t.match(await spending.take('p', 2), { waitMs: 0 })
  for (const key of await redis.keys(`${prefix}*`)) t.ok((await redis.pttl(key)) > 0, `${key} goes by itself`)
})

t.test('a clock of Redis that is set back, or a key that was evicted, holds nothing up', async (t) => {
  const shared = await redisOf(t)
  if (shared === undefined) return
  const { redis, prefix } = shared
  const windows = new RedisWindows(redis, { calls: 2, windowMs: 1_000, daily: 100 }, prefix)
  const [calls, state] = [`${prefix}{l}:calls`, `${prefix}{l}:state`]
  // As if the clock had stood a day further on, and two calls had left then.
  const ahead = Date.now() + 24 * HOUR_MS
  await redis.hset(state, { last: ahead, now: ahead })
  await redis.lpush(calls, ahead, ahead)
  const wait = await windows.take('l', 1)
  t.ok(wait.waitMs > 0 && wait.waitMs <= 1_001, `${wait.waitMs}`)
  await redis.del(state)
  const evicted = await windows.take('l', 1)
  t.ok(evicted.waitMs <= 1_001, `${evicted.waitMs}`)
  await redis.del(calls)
  t.match(await windows.take('l', 1), { waitMs: 0 })
})

t.test('P-68: while Redis is away each process counts what it has sent itself, and says so once', async (t) => {
  const clock = new ManualClock(start)
  const size: LimitSize = { calls: 4, windowMs: 10_000, daily: 100 }
  const said: boolean[] = []
  let away = false
  const redis = {
    async take() {
      if (away) throw new Error('away')
      return { waitMs: 0, free: 1, nextMs: 0, at: 0 }
    },
    async lower() {
      if (away) throw new Error('away')
    },
    async block() {
      if (away) throw new Error('away')
    },
  }
  const windows = new SharedWindows(redis, new LocalWindows(size, clock), (isAway) => said.push(isAway))
  for (let i = 0; i < 3; i++) await windows.take('l', 1)
  away = true
  t.match(await windows.take('l', 1), { waitMs: 0 }, 'one is left of four')
  t.match(await windows.take('l', 1), { waitMs: 10_000 })
  await windows.block('m', 5_000)
  await windows.lower('m', 1)
  t.match(await windows.take('m', 1), { waitMs: 5_000 })
  away = false
  t.match(await windows.take('l', 1), { waitMs: 0 })
  t.strictSame(said, [true, false])
})
