/**
 * Shares of locations over several API processes: who sends to many has one share, who sends to one has the whole of it, and
 * nobody within his share is ever judged above it, whatever the ledger between them does.
 */
import fc from 'fast-check'
import t from 'tap'
import { OLDEST_MS } from '../../api/shareExchange.ts'
import { readShareMessage } from '../../api/shareLedger.ts'
import { assertProperty } from '../support/property.ts'
import { shareProcess, World } from './shareProcesses.ts'
import type { ShareProcess, Way } from './shareProcesses.ts'

const share = 50
/** Two seconds of the share. */
const burst = 100

/** The one at this place, counted round and round. */
function nth<T>(all: readonly T[], index: number): T {
  const one = all[index % all.length]
  if (one === undefined) throw new Error('none')
  return one
}

/** So many that have heard of each other. */
async function processes(world: World, count: number, perSecond = share): Promise<ShareProcess[]> {
  const all = Array.from({ length: count }, (_, index) => shareProcess(world, `api-${index}`, perSecond, index * 10_000_000))
  for (const one of all) await one.exchange()
  return all
}

async function exchangeAll(all: readonly ShareProcess[]): Promise<void> {
  for (const one of all) await one.exchange()
}

t.test('a location that sends 36 a second, of a share of 50, to each of four processes is above it at all of them', async (t) => {
  const world = new World()
  const all = await processes(world, 4)
  const quarters = []
  for (let quarter = 0; quarter < 40; quarter++) {
    const lanes = new Set<string>()
    for (let each = 0; each < 9; each++) {
      world.time += 250 / 9
      for (const one of all) lanes.add(one.place('loud').lane)
    }
    await exchangeAll(all)
    quarters.push([...lanes])
  }
  // 36 come in a quarter of a second and 12.5 are filled in. 100 - 4 x 23.5 = 6 are left for the fifth, which fills up faster than nine are
  // taken at one process; the last to ask knows of -17.5 before the sixth, the first hears of it a quarter later.
  t.strictSame(quarters.slice(0, 5), Array<string[]>(5).fill(['normal']))
  t.strictSame(quarters.slice(7), Array<string[]>(33).fill(['bulk']))
  t.strictSame(
    all.map((one) => one.place('quiet').lane),
    ['normal', 'normal', 'normal', 'normal'],
  )
})

t.test('a location that meets one process only has its whole share there', async (t) => {
  const all = await processes(new World(), 4)
  const placed = Array.from({ length: burst + 1 }, () => nth(all, 2).place('one').lane)
  t.equal(placed.filter((lane) => lane === 'normal').length, burst)
  t.equal(placed.at(-1), 'bulk')
})

t.test('who is above its share at one process is so at all, is said to be so at each once, and for a minute', async (t) => {
  const world = new World()
  const [first, second] = (await processes(world, 2)) as [ShareProcess, ShareProcess]
  for (let index = 0; index <= burst; index++) first.place('loud')
  t.strictSame(second.place('loud'), { lane: 'normal', reason: 'within_share', turned: false }, 'before it has heard')
  await exchangeAll([first, second])
  // A second fills in 50: there is enough for one now and then, but a minute has to pass.
  world.time += 1_000
  t.strictSame(second.place('loud'), { lane: 'bulk', reason: 'above_share', turned: true })
  t.strictSame(second.place('loud'), { lane: 'bulk', reason: 'above_share', turned: false })
  world.time += 58_999
  t.equal(second.place('loud').lane, 'bulk')
  world.time += 1
  t.strictSame(second.place('loud'), { lane: 'normal', reason: 'within_share', turned: true })
})

t.test('of what is urgent a fifth of the share is kept over all processes as well', async (t) => {
  const world = new World()
  const [first, second] = (await processes(world, 2)) as [ShareProcess, ShareProcess]
  // A fifth of 100 at once.
  for (let index = 0; index < 20; index++) t.equal(first.place('one', true).lane, 'urgent')
  await exchangeAll([first, second])
  t.equal(second.place('one', true).lane, 'normal')
  t.equal(second.place('other', true).lane, 'urgent')
})

t.test('what was told twice counts once, what was not told in time counts not at all', async (t) => {
  const told = async (wayOf: (second: ShareProcess) => Way, before: (world: World) => void = () => undefined) => {
    const world = new World()
    const [first, second] = (await processes(world, 2)) as [ShareProcess, ShareProcess]
    for (let index = 0; index < 60; index++) first.place('one')
    before(world)
    const outcome = await first.exchange(wayOf(second))
    await second.exchange()
    await first.exchange()
    const leftAt = (one: ShareProcess) => {
      let left = 0
      while (one.place('one').lane === 'normal') left += 1
      return left
    }
    return { outcome, left: [leftAt(first), leftAt(second)] }
  }
  // Of 100 at once 40 are left when the 60 count once.
  t.strictSame(await told(() => ({})), { outcome: 'done', left: [40, 40] })
  t.strictSame(await told(() => ({ lost: 'answer' })), { outcome: 'failed', left: [40, 40] })
  t.strictSame(await told(() => ({ lost: 'question' })), { outcome: 'failed', left: [40, 100] })
  const late = await told((second) => ({ toMs: OLDEST_MS + 1, meanwhile: () => second.exchange() }))
  t.strictSame(late, { outcome: 'anew', left: [77, 100] }, 'it came late to the ledger; 751 ms fill in 37.55')
  const still = await told(
    (second) => ({ meanwhile: () => second.exchange() }),
    (world) => {
      world.time += OLDEST_MS + 1
      world.ledgerAheadMs -= 10_000
    },
  )
  t.strictSame(still, { outcome: 'anew', left: [77, 100] }, 'the process stood still, and the clock of the ledger was set back')
})

t.test('after a pause a process begins anew: what was told meanwhile is as old as it may be', async (t) => {
  const world = new World()
  const [first, second] = (await processes(world, 2)) as [ShareProcess, ShareProcess]
  for (let index = 0; index <= burst; index++) first.place('one')
  await first.exchange()
  world.time += OLDEST_MS + 1
  t.equal(await second.exchange(), 'anew')
  t.equal(second.place('one').lane, 'normal')
  // Who is still above it says so again.
  await first.exchange()
  for (let index = 0; index <= burst; index++) first.place('one')
  await first.exchange()
  t.equal(await second.exchange(), 'done')
  t.equal(second.place('one').lane, 'bulk')
})

t.test('a ledger that has lost everything is read from its new beginning', async (t) => {
  const world = new World()
  const [first, second] = (await processes(world, 2)) as [ShareProcess, ShareProcess]
  for (let index = 0; index < 5; index++) {
    first.place('one')
    await exchangeAll([first, second])
  }
  world.forget()
  for (let index = 0; index <= burst; index++) first.place('one')
  await exchangeAll([first, second])
  t.equal(second.place('one').lane, 'bulk')
})

t.test('a message that cannot be read fails one exchange, and the next goes on behind it', async (t) => {
  const world = new World()
  const [first, second] = (await processes(world, 2)) as [ShareProcess, ShareProcess]
  for (const text of ['{"from":"x","counts":[["one",1,1]]}', '{"from":"x","counts":[["one",-1,0,0,0]]}', 'nothing']) {
    t.throws(() => readShareMessage(text), text)
    world.spoil(text)
    t.equal(await second.exchange(), 'failed')
    for (let index = 0; index <= burst; index++) first.place(text)
    await first.exchange()
    t.equal(await second.exchange(), 'done')
    t.equal(second.place(text).lane, 'bulk')
  }
})

t.test('a process that hears nothing for five seconds judges alone, says so once, and once that it no longer does', async (t) => {
  const world = new World()
  const [first] = (await processes(world, 1)) as [ShareProcess]
  await first.exchange()
  for (let index = 0; index <= 20; index++) {
    t.equal(first.fault(), undefined)
    t.equal(await first.exchange({ lost: 'question' }), 'failed')
    world.time += 250
  }
  // 21 x 250 ms = 5.25 s.
  await first.exchange({ lost: 'question' })
  await first.exchange({ lost: 'question' })
  t.match(first.fault(), /Redis does not answer in time/)
  t.strictSame(first.said, [true])
  t.equal(first.place('one').lane, 'normal')
  t.equal(await first.exchange(), 'anew')
  t.equal(await first.exchange(), 'done')
  t.equal(first.fault(), undefined)
  t.strictSame(first.said, [true, false])
})

/** One moment of a world: time passes, some webhooks come to a process, and perhaps it exchanges. */
const moment = (ways: fc.Arbitrary<Way>, mostMs: number) =>
  fc.record({
    passedMs: fc.integer({ min: 0, max: mostMs }),
    process: fc.nat(3),
    count: fc.nat(400),
    exchanges: fc.option(fc.record({ process: fc.nat(3), way: ways })),
  })
type Moment = ReturnType<typeof moment> extends fc.Arbitrary<infer M> ? M : never
const lost = fc.option(fc.constantFrom('question' as const, 'answer' as const), { nil: undefined, freq: 5 })
/** Slow, lossy. */
const anyWay: fc.Arbitrary<Way> = fc
  .record({ toMs: fc.nat(1_500), backMs: fc.nat(1_500), lost })
  .map(({ toMs, backMs, lost }) => ({ toMs, backMs, ...(lost === undefined ? {} : { lost }) }))

t.test('whoever stays within his share is within it at every process, however slow, lossy or forgetful the ledger is', async (t) => {
  const holds = async (perSecond: number, count: number, moments: readonly Moment[], set: (world: World, index: number) => void) => {
    const world = new World()
    const all = Array.from({ length: count }, (_, index) => shareProcess(world, `api-${index}`, perSecond, index * 7_777))
    // Counts are up to 2 x 0.75 s late, so what comes at once may be as much less than what may come at once.
    const atOnce = Math.max(2 * perSecond, 10) - (2 * OLDEST_MS * perSecond) / 1000
    let tokens = atOnce
    let at = 0
    for (const [index, { passedMs, process, count, exchanges }] of moments.entries()) {
      world.time += passedMs
      tokens = Math.min(atOnce, tokens + ((world.time - at) * perSecond) / 1000)
      at = world.time
      for (let each = 0; each < count && tokens >= 1; each++) {
        tokens -= 1
        if (nth(all, process).place('one').lane !== 'normal') throw new Error(`above its share at ${world.time} ms`)
      }
      set(world, index)
      if (exchanges !== null) await nth(all, exchanges.process).exchange(exchanges.way)
    }
    return true
  }
  const perSecond = fc.integer({ min: 1, max: 200 })
  const processCount = fc.integer({ min: 1, max: 4 })
  await assertProperty(
    t,
    fc.asyncProperty(
      perSecond,
      processCount,
      fc.array(moment(anyWay, 800), { maxLength: 150 }),
      fc.nat(150),
      async (perSecond, count, moments, lostAt) =>
        holds(perSecond, count, moments, (world, index) => {
          if (index === lostAt) world.forget()
        }),
    ),
  )
  // The clock of the ledger is set, forward and back.
  await assertProperty(
    t,
    fc.asyncProperty(
      perSecond,
      processCount,
      fc.array(moment(fc.constant({}), 800), { maxLength: 150 }),
      fc.infiniteStream(fc.integer({ min: -100_000, max: 100_000 })),
      async (perSecond, count, moments, steps) =>
        holds(perSecond, count, moments, (world) => {
          const step: number = steps.next().value
          if (step % 3 === 0) world.ledgerAheadMs += step
        }),
    ),
  )
})

t.test(
  'over all processes nobody has more than his share, one burst, and what the others gave while counts were on their way',
  async (t) => {
    const everyMs = 500
    const arrivals = fc.array(
      fc.record({
        passedMs: fc.integer({ min: 0, max: 300 }),
        atOnce: fc.option(fc.nat(40), { freq: 1, nil: 0 }),
        more: fc.integer({ min: 0, max: 9 }),
      }),
      { minLength: 60, maxLength: 120 },
    )
    await assertProperty(
      t,
      fc.asyncProperty(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2, max: 4 }), arrivals, async (perSecond, count, arrivals) => {
        const world = new World()
        const all = await processes(world, count, perSecond)
        let exchangedAt = 0
        let due = 0
        const within: number[] = []
        for (const [index, { passedMs, atOnce, more }] of arrivals.entries()) {
          world.time += passedMs
          if (world.time - exchangedAt >= everyMs - 300) {
            await exchangeAll(all)
            exchangedAt = world.time
          }
          // About its share at each process in turn, so that none sees much by itself, and sometimes some at once.
          due += (passedMs * perSecond * count * (0.5 + more / 18)) / 1000 + (index % 10 === 0 ? atOnce : 0)
          for (; due >= 1; due--) if (nth(all, within.length).place('one').lane === 'normal') within.push(world.time)
        }
        // A count is on its way for two exchanges at most. Meanwhile each of the others may give one burst and the share of that time.
        const atOnce = Math.max(2 * perSecond, 10)
        const passedMs = (within.at(-1) ?? 0) - (within[0] ?? 0)
        const most = atOnce + (passedMs * perSecond) / 1000 + (count - 1) * (atOnce + (2 * everyMs * perSecond) / 1000)
        if (within.length > most) throw new Error(`${within.length} of at most ${most}`)
      }),
    )
  },
)
