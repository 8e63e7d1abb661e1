/**
 * A member of a group against a stand-in for the client's consumer: what it does when the group joins, rebalances and
 * throws it out, in which order, and that nothing goes on after its assignment has passed.
 */
import type { EachBatchPayload } from 'kafkajs'
import t from 'tap'
import type { Test } from 'tap'
import { runtimeError } from '../../../runtime/errors.ts'
import { GroupMember } from '../../../runtime/kafka/groupMember.ts'
import type { GroupMemberOptions } from '../../../runtime/kafka/groupMemberOptions.ts'
import type { Held, Place, Turn, Unit } from '../../../runtime/kafka/unit.ts'
import { ManualTickClock } from '../../support/tickClock.ts'
import { eventually, logger } from './fixtures.ts'

type Listener = (event: { payload: unknown }) => void

/** Writes down what the member asks of the client, and tells it what the group does. */
class StandIn {
  readonly steps: string[] = []
  /** What units were told on their way out. */
  readonly suspended: string[] = []
  readonly givenUp: string[] = []
  /** How it comes and goes. */
  readonly membership: string[] = []
  generation = 0
  memberId = 'member'
  answersJoins = true
  /** What the member lets it run with. */
  ran: object = {}
  eachBatch: (payload: EachBatchPayload) => Promise<void> = async () => undefined
  private readonly listeners = new Map<string, Listener>()

  subscribe: () => Promise<void> = async () => undefined
  restartOnFailure: (error: Error) => Promise<boolean> = async () => true

  readonly kafka = {
    consumer: ({ retry }: { retry: Pick<StandIn, 'restartOnFailure'> }) => {
      this.restartOnFailure = retry.restartOnFailure
      return this.consumer
    },
  } as unknown as GroupMemberOptions<Unit>['kafka']

  private readonly consumer = {
    events: {
      GROUP_JOIN: 'join',
      REBALANCING: 'rebalancing',
      CRASH: 'crash',
      STOP: 'stop',
      END_BATCH_PROCESS: 'end',
      HEARTBEAT: 'heartbeat',
    },
    on: (name: string, listener: Listener) => void this.listeners.set(name, listener),
    connect: async () => void this.membership.push('connect'),
    subscribe: async () => this.subscribe(),
    disconnect: async () => void this.membership.push('leave'),
    run: async ({ eachBatch, ...options }: { eachBatch: StandIn['eachBatch'] }) => {
      this.ran = options
      this.membership.push('join')
      this.eachBatch = eachBatch
      // As the client: until the join is answered, or it is told to leave.
      if (!this.answersJoins) return new Promise<void>(() => undefined)
      this.join([0])
    },
    pause: () => void this.steps.push('pause'),
    resume: () => void this.steps.push('resume'),
    seek: ({ offset }: { offset: string }) => void this.steps.push(`seek ${offset}`),
  }

  join(partitions: readonly number[], others: Readonly<Record<string, readonly number[]>> = {}): void {
    const memberAssignment = { items: partitions, ...others }
    this.listeners.get('join')?.({ payload: { memberId: this.memberId, generationId: (this.generation += 1), memberAssignment } })
  }

  /** The group has taken it into its next generation, and it was not told what it has there. */
  joinedOnly(): void {
    this.generation += 1
  }

  /** A fetch brought records, and none that readers may see. */
  filtered(lastOffset: number): void {
    this.listeners.get('end')?.({ payload: { topic: 'items', partition: 0, batchSize: 0, lastOffset: String(lastOffset) } })
  }

  tell(event: 'rebalancing' | 'heartbeat' | 'stop'): void {
    this.steps.push(event)
    this.listeners.get(event)?.({ payload: { memberId: 'member', groupGenerationId: this.generation } })
  }

  /** The consumer fails and, if it is told to, starts over. */
  async crash(): Promise<void> {
    const error = new Error('the broker is away')
    this.listeners.get('crash')?.({ payload: { error, restart: await this.restartOnFailure(error) } })
  }

  /** Hands the member a batch without records, as the client does. */
  batch(heartbeat: () => Promise<void> = async () => undefined, isStale = () => false): Promise<void> {
    return this.eachBatch({
      batch: { topic: 'items', partition: 0, messages: [], lastOffset: () => '9' },
      isRunning: () => true,
      isStale,
      resolveOffset: () => undefined,
      heartbeat,
    } as unknown as EachBatchPayload)
  }
}

interface TestUnit extends Unit {
  readonly held: Held<TestUnit>
}

type Work = { prepare(memberId?: string): Promise<bigint>; expect?(turn: Turn): void; handle?(turn: Turn): Promise<void> }
type Extra = Partial<Pick<GroupMemberOptions<TestUnit>, 'admin' | 'tick' | 'signal' | 'hurry' | 'stuckMs' | 'onStates'>>

async function memberOn(t: Test, client: StandIn, work: Work) {
  const made = memberFor(t, client, work)
  await made.member.start()
  return made
}

/** Not started yet. */
function memberFor(t: Test, client: StandIn, work: Work, extra: Extra = {}) {
  const failed: Error[] = []
  const units: TestUnit[] = []
  const member = new GroupMember<TestUnit>({
    kafka: client.kafka,
    admin: {} as GroupMemberOptions<TestUnit>['admin'],
    groupId: 'line',
    topics: ['items'],
    assignment: 'co-partitioned',
    logger,
    onFatal: (error) => failed.push(error),
    unit: (_id: string, places: readonly Place[], held: Held<TestUnit>) => {
      const unit: TestUnit = {
        held,
        prepare: async (_, memberId) => {
          client.steps.push('prepare')
          const offset = await work.prepare(memberId)
          return new Map(places.map(({ topic }) => [topic, offset]))
        },
        expect: (_, turn) => work.expect?.(turn),
        handle: (_, turn) => work.handle?.(turn) ?? Promise.resolve(),
        skip: (_, nextOffset) => void client.steps.push(`skip to ${nextOffset}`),
        suspend: () => void client.suspended.push('suspend'),
        giveUp: () => void client.givenUp.push(held.id),
        drain: async () => void client.steps.push('drain'),
        release: async () => void client.steps.push('release'),
      }
      units.push(unit)
      return unit
    },
    ...extra,
  })
  t.teardown(() => member.stop(1_000))
  return { member, units, failed }
}

t.test('a unit is paused, prepared, put at its position, and only then fetches', async (t) => {
  const client = new StandIn()
  const { member } = await memberOn(t, client, { prepare: async () => 7n })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  t.strictSame(client.steps, ['pause', 'prepare', 'seek 7', 'resume'])
})

t.test('a batch in hand stops at its next step when a rebalance is announced, and none is begun before the next join', async (t) => {
  const client = new StandIn()
  const live: boolean[] = []
  const handle = async (turn: Turn) => {
    live.push(turn.live())
    client.tell('rebalancing')
    live.push(turn.live())
  }
  const { member } = await memberOn(t, client, { prepare: async () => 0n, handle })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  await client.batch()
  t.strictSame(live, [true, false])
  await client.batch()
  t.equal(live.length, 2)
  client.join([0])
  await eventually('it is ready again', () => member.readyIds.length === 1, 5_000)
  await client.batch()
  t.equal(live.length, 4)
})

t.test('a unit that is still being prepared when the next join comes begins where that one says', async (t) => {
  const client = new StandIn()
  const gates: ((offset: bigint) => void)[] = []
  const { member, failed } = await memberOn(t, client, { prepare: () => new Promise((resolve) => gates.push(resolve)) })
  await eventually('the first is under way', () => gates.length === 1, 5_000)
  client.join([0])
  gates[0]?.(1n)
  await eventually('the second is under way', () => gates.length === 2 || failed.length > 0, 5_000)
  gates[1]?.(2n)
  await eventually('it is ready', () => member.readyIds.length === 1 || failed.length > 0, 5_000)
  t.strictSame(client.steps, ['pause', 'prepare', 'pause', 'prepare', 'seek 2', 'resume'])
  t.strictSame(failed, [])
})

t.test('a partition that is gone is released, and not fetched when its preparation ends', async (t) => {
  const client = new StandIn()
  const gates: ((offset: bigint) => void)[] = []
  const { member } = await memberOn(t, client, { prepare: () => new Promise((resolve) => gates.push(resolve)) })
  await eventually('it is under way', () => gates.length === 1, 5_000)
  client.join([])
  gates[0]?.(1n)
  await eventually('it is released', () => client.steps.includes('release'), 5_000)
  t.strictSame(client.steps, ['pause', 'prepare', 'pause', 'release'])
  t.strictSame(member.tasks, [])
})

t.test('long work of a unit is ended when its partition is gone or the member stops, not when the group rebalances', async (t) => {
  const client = new StandIn()
  const { member } = await memberOn(t, client, { prepare: async () => 1n })
  client.join([0, 1])
  await eventually('both work', () => member.readyIds.length === 2, 5_000)
  client.tell('rebalancing')
  t.strictSame(client.givenUp, [], 'nobody knows yet whose they will be')
  client.join([0])
  t.strictSame(client.givenUp, ['1'], 'at once, not behind what the unit is doing')
  await eventually('it works again', () => member.readyIds.length === 1, 5_000)
  await member.stop(1_000)
  t.ok(client.givenUp.indexOf('0') > 0 && client.steps.includes('drain'))
})

t.test('a topic that got a partition of a number that is worked on already is read with it', async (t) => {
  const client = new StandIn()
  const { units } = await memberOn(t, client, { prepare: async () => 5n })
  await eventually('it works', () => client.steps.includes('resume'))
  client.steps.length = 0
  client.join([0], { factors: [0] })
  await eventually('it works', () => client.steps.includes('resume'))
  t.strictSame(
    client.steps,
    ['pause', 'release', 'prepare', 'seek 5', 'seek 5', 'resume'],
    'one after the other: both have one transactional id',
  )
  t.strictSame(units[1]?.held.places, [
    { topic: 'items', partition: 0 },
    { topic: 'factors', partition: 0 },
  ])
  client.steps.length = 0
  client.join([0], { factors: [0] })
  await eventually('it works', () => client.steps.includes('resume'))
  t.notOk(client.steps.includes('release'), 'who has the same places goes on')
  t.equal(units.length, 2)
})

t.test('a fenced unit takes over again only after the coordinator confirmed its membership', async (t) => {
  const client = new StandIn()
  const { member, units } = await memberOn(t, client, { prepare: async () => 0n })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  client.steps.length = 0
  units[0]?.held.recover(Object.assign(new Error('fenced'), { type: 'PRODUCER_FENCED' }))
  await eventually('it asks, or goes on', () => member.tasks[0]?.step === 'confirm membership' || client.steps.includes('prepare'), 5_000)
  client.tell('heartbeat')
  await eventually('it is ready again', () => member.readyIds.length === 1, 5_000)
  t.strictSame(client.steps, ['pause', 'heartbeat', 'prepare', 'seek 0', 'resume'])
})

t.test('a heartbeat of a generation of which no assignment was told brings nothing back', async (t) => {
  const client = new StandIn()
  const { member } = await memberOn(t, client, { prepare: async () => 0n })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  client.tell('rebalancing')
  client.joinedOnly()
  client.steps.length = 0
  client.tell('heartbeat')
  t.strictSame(client.steps, ['heartbeat'])
  t.strictSame([member.readyIds, member.tasks.map(({ state }) => state)], [[], ['assigned']])
  client.join([0])
  await eventually('it is ready again', () => member.readyIds.length === 1, 5_000)
})

t.test('an error in the middle of work that trying again cannot mend ends the member, of a unit that it has', async (t) => {
  const client = new StandIn()
  const { member, units, failed } = await memberOn(t, client, { prepare: async () => 0n })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  const refused = runtimeError('E_REGISTRY_LOGIN_REFUSED', 'a password that was changed')
  client.join([1])
  await eventually('the other is ready', () => member.readyIds.join() === '1', 5_000)
  units[0]?.held.recover(refused)
  t.strictSame(failed, [])
  client.steps.length = 0
  units[1]?.held.recover(refused)
  t.strictSame(failed, [refused])
  await units[1]?.held.serially(async () => undefined)
  t.strictSame(
    client.steps.filter((step) => step === 'prepare'),
    [],
  )
})

t.test('a step that fails after the next join has come is mended by that join', async (t) => {
  const client = new StandIn()
  const made = memberFor(t, client, {
    prepare: async () => 0n,
    // What it was about to commit is refused because of the join.
    handle: async () => {
      client.join([0])
      made.units[0]?.held.recover(Object.assign(new Error('refused'), { type: 'ILLEGAL_GENERATION' }))
    },
  })
  await made.member.start()
  await eventually('it is ready', () => made.member.readyIds.length === 1, 5_000)
  client.steps.length = 0
  await client.batch()
  await eventually('it is ready again', () => made.member.readyIds.length === 1, 5_000)
  // Behind all that has been asked for.
  await made.units[0]?.held.serially(async () => undefined)
  t.strictSame(made.failed, [])
  t.equal(client.steps.filter((step) => step === 'prepare').length, 1)
  t.equal(made.member.tasks[0]?.step, undefined)
})

t.test('a consumer that fails starts over, but not once its member is stopped, which is no failure of the member', async (t) => {
  const client = new StandIn()
  const { member, failed } = await memberOn(t, client, { prepare: async () => 0n })
  t.equal(await client.restartOnFailure(new Error('the broker is away')), true)
  await client.crash()
  await member.stop(1_000)
  t.equal(await client.restartOnFailure(new Error('the broker is away')), false)
  await client.crash()
  t.strictSame(failed, [])
})

/** A minute, of which 45 s are left. */
const minute = () => {
  const clock = new ManualTickClock(15_000)
  return { clock, tick: { everyMs: 60_000, clock } }
}
const ready = { prepare: async () => 0n }
const BUDGET_MS = 120_000

t.test('a member that is connected joins at the tick, and waiting for it is not being stuck', async (t) => {
  const client = new StandIn()
  const { clock, tick } = minute()
  let looks = 0
  const { member, failed } = memberFor(t, client, ready, { tick, stuckMs: 1, onStates: () => (looks += 1) })
  const started = member.start()
  await eventually('it waits', () => clock.waits.length === 1)
  t.strictSame(clock.waits, [45_000])
  await eventually('it was looked after', () => looks >= 2)
  t.strictSame(client.membership, ['connect'])
  t.strictSame(failed, [])
  clock.advance(45_000)
  await started
  t.strictSame(client.membership, ['connect', 'join'])
})

t.test('a member that hears nothing of its group while brokers answer ends, and not while they are away', async (t) => {
  const quiet = (answers: boolean) => {
    let asked = 0
    const describeCluster = () => {
      asked += 1
      return answers ? Promise.resolve({}) : Promise.reject(new Error('the broker is away'))
    }
    const client = new StandIn()
    const made = memberFor(t, client, ready, {
      stuckMs: 500,
      admin: { describeCluster } as unknown as GroupMemberOptions<TestUnit>['admin'],
    })
    return { ...made, client, asked: () => asked }
  }
  const [silent, away, heard] = [quiet(true), quiet(false), quiet(true)]
  const beats = setInterval(() => heard.client.tell('heartbeat'), 50)
  t.teardown(() => clearInterval(beats))
  for (const { member } of [silent, away, heard]) await member.start()
  await eventually('it ends', () => silent.failed.length === 1)
  t.match(silent.failed, [{ code: 'E_TASK_STUCK', message: /line has had no heartbeat accepted for \d{3,} ms/ }])
  await eventually('it was asked', () => away.asked() >= 2)
  t.strictSame([away.failed, heard.failed], [[], []])
  t.equal(heard.asked(), 0)
  for (const { member } of [silent, away, heard]) await member.stop(1_000)
})

t.test('a member that is stopped while it waits to join does not join', async (t) => {
  const client = new StandIn()
  const { clock, tick } = minute()
  const owner = new AbortController()
  const { member } = memberFor(t, client, ready, { tick, signal: owner.signal })
  const started = member.start()
  await eventually('it waits', () => clock.waits.length === 1)
  owner.abort()
  await started
  t.equal(await member.stop(BUDGET_MS), true)
  t.strictSame(client.membership, ['connect', 'leave'], 'and it does not wait to leave what it is no member of')
})

t.test('a member that is stopped while its join is not answered is waited for no more, and leaves', { timeout: 10_000 }, async (t) => {
  // Where it is waited for, nothing else would keep the process until the time-out fires.
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => clearInterval(alive))
  const client = new StandIn()
  client.answersJoins = false
  const owner = new AbortController()
  const { member, failed } = memberFor(t, client, ready, { signal: owner.signal })
  const started = member.start()
  await eventually('it asks to join', () => client.membership.includes('join'))
  owner.abort()
  await started
  t.equal(await member.stop(BUDGET_MS), true)
  t.strictSame(client.membership, ['connect', 'join', 'leave'])
  t.strictSame(failed, [])
})

t.test('a member that waits to leave works on, and leaves at the tick', async (t) => {
  const client = new StandIn()
  const { clock, tick } = minute()
  const live: boolean[] = []
  const handle = async (turn: Turn) => void live.push(turn.live())
  const { member, failed } = memberFor(t, client, { ...ready, handle }, { tick })
  const started = member.start()
  await eventually('it waits', () => clock.waits.length === 1)
  clock.advance(45_000)
  await started
  await eventually('it is ready', () => member.readyIds.length === 1)
  const stopped = member.stop(BUDGET_MS)
  t.strictSame(clock.waits, [60_000])
  client.steps.length = 0
  await client.batch()
  t.strictSame(live, [true])
  client.tell('rebalancing')
  client.join([0])
  await eventually('it is ready after the rebalance of others', () => member.readyIds.length === 1)
  await client.batch()
  t.strictSame(live, [true, true])
  t.strictSame(failed, [])
  t.strictSame(client.membership, ['connect', 'join'])
  clock.advance(60_000)
  t.equal(await stopped, true)
  t.strictSame(client.membership, ['connect', 'join', 'leave'])
})

t.test('a stop in a hurry, an error, and a budget that the tick is beyond: each leaves at once', async (t) => {
  const cases = {
    hurry: { budgetMs: BUDGET_MS, waits: 1 },
    error: { budgetMs: BUDGET_MS, waits: 1 },
    // 60 s to the tick and 5 s to drain.
    budget: { budgetMs: 64_999, waits: 0 },
  }
  for (const [name, { budgetMs, waits }] of Object.entries(cases)) {
    const client = new StandIn()
    const { clock, tick } = minute()
    const hurry = new AbortController()
    const { member } = memberFor(t, client, ready, { tick, hurry: hurry.signal })
    const started = member.start()
    await eventually('it waits', () => clock.waits.length === 1)
    clock.advance(45_000)
    await started
    const stopped = member.stop(budgetMs)
    t.equal(clock.waits.length, waits, name)
    if (name === 'hurry') hurry.abort()
    if (name === 'error') member.fail(new Error('a bug'))
    t.equal(await stopped, true)
    t.strictSame([client.membership.at(-1), clock.waits], ['leave', []], name)
  }
})

t.test('the client commits nothing by itself, and resolves no offset of a batch that it only handed over', async (t) => {
  const client = new StandIn()
  await memberOn(t, client, { prepare: async () => 0n })
  t.match(client.ran, { autoCommit: false, eachBatchAutoResolve: false })
})

t.test('a stop pauses what is fetched before it drains', async (t) => {
  const client = new StandIn()
  const { member } = await memberOn(t, client, { prepare: async () => 0n })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  client.steps.length = 0
  t.equal(await member.stop(1_000), true)
  t.strictSame(client.steps.slice(0, 2), ['pause', 'drain'])
})

t.test('a fetch of nothing but aborted records moves the position behind them', async (t) => {
  const client = new StandIn()
  const { member } = await memberOn(t, client, { prepare: async () => 0n })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  client.filtered(9)
  t.equal(client.steps.at(-1), 'skip to 10')
})

t.test('once a heartbeat says that the group rebalances, the other batches of the fetch return at once', async (t) => {
  const client = new StandIn()
  const handled: string[] = []
  const { member, failed } = await memberOn(t, client, {
    prepare: async () => 0n,
    handle: async (turn) => {
      handled.push('batch')
      await turn.heartbeat()
    },
  })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  const rebalances = Object.assign(new Error('The group is rebalancing'), { type: 'REBALANCE_IN_PROGRESS' })
  await t.rejects(
    client.batch(() => Promise.reject(rebalances)),
    /rebalancing/,
  )
  await client.batch()
  t.strictSame(handled, ['batch'], 'the second one was not begun')
  client.join([0])
  await eventually('it is ready again', () => member.readyIds.length === 1, 5_000)
  await client.batch()
  t.strictSame(handled, ['batch', 'batch'])
  t.strictSame(failed, [])
})

t.test(
  'a batch from before a seek is not announced to its unit: a later one would take it along when the client has forgotten it',
  async (t) => {
    const client = new StandIn()
    const expected: Turn[] = []
    const handled: Turn[] = []
    const { units } = await memberOn(t, client, {
      prepare: async () => 7n,
      expect: (turn) => void expected.push(turn),
      handle: async (turn) => void handled.push(turn),
    })
    await eventually('it works', () => units[0]?.held.ready === true)
    let isStale = true
    await client.batch(undefined, () => isStale)
    isStale = false
    t.strictSame([expected, handled], [[], []])
    await client.batch()
    t.equal(expected.length, 1)
    t.strictSame(handled, expected, 'one that is not is announced, and has its turn')
  },
)

t.test('a broker that is away at a heartbeat is no rebalance: the next batch is worked on', async (t) => {
  const client = new StandIn()
  let handled = 0
  const { member } = await memberOn(t, client, {
    prepare: async () => 0n,
    handle: async (turn) => {
      handled += 1
      await turn.heartbeat()
    },
  })
  await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
  await t.rejects(
    client.batch(() => Promise.reject(new Error('connection lost'))),
    /lost/,
  )
  await client.batch()
  t.equal(handled, 2)
})

for (const event of ['rebalancing', 'stop'] as const)
  t.test(`after ${event} a unit is told to let go, and no batch is begun`, async (t) => {
    const client = new StandIn()
    let handled = 0
    const { member } = await memberOn(t, client, {
      prepare: async () => 0n,
      handle: async () => void (handled += 1),
    })
    await eventually('it is ready', () => member.readyIds.length === 1, 5_000)
    client.tell(event)
    t.strictSame(client.suspended, ['suspend'])
    await client.batch()
    t.equal(handled, 0)
  })

t.test('a member that cannot begin leaves no connection behind', async (t) => {
  const client = new StandIn()
  client.subscribe = () => Promise.reject(new Error('there is no such topic'))
  const { member } = memberFor(t, client, { prepare: async () => 0n })
  await t.rejects(member.start(), { message: 'there is no such topic' })
  t.strictSame(client.membership, ['connect', 'leave'])
})

t.test('a unit is told as whom the member takes it: who is back as another one fences anew what somebody else may have had', async (t) => {
  const client = new StandIn()
  const told: (string | undefined)[] = []
  const { member } = await memberOn(t, client, {
    prepare: async (memberId) => {
      told.push(memberId)
      return 0n
    },
  })
  await eventually('it is prepared', () => member.readyIds.length === 1)
  client.memberId = 'another'
  client.join([0])
  await eventually('it is prepared again', () => told.length === 2 && member.readyIds.length === 1)
  t.strictSame(told, ['member', 'another'])
})
