/**
 * Inputs with priorities: what is urgent waits for one slice at most, nothing waits for ever, and whatever is set aside is neither lost
 * nor folded twice, in whatever order fetches, failures and rebalances come.
 */
import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { FetchCompany } from '../../../runtime/kafka/fetchCompany.ts'
import { SetAside } from '../../../runtime/kafka/setAside.ts'
import type { FetchedBatch, Place } from '../../../runtime/kafka/unit.ts'
import { emit, next } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { StreamRecord } from '../../../runtime/stage.ts'
import { priorities } from '../../../runtime/taskPlan.ts'
import { physicalName, topic } from '../../../runtime/topic.ts'
import { topologyOf, topologyText } from '../../../runtime/topology.ts'
import { assertProperty } from '../../support/property.ts'
import { testStack } from '../../support/stack.ts'
import { caughtUp, items, Sum, sums, world } from './fixtures.ts'
import type { Item as ItemValue, Sum as SumValue } from './fixtures.ts'
import { batchOf, StandIn, sumsOf, unitOn } from './standIn.ts'

const rush = topic({ ...items, name: 'rush' })
const bulk = topic({ ...items, name: 'bulk' })

const add = (state: SumValue | undefined, { value, topic: by }: StreamRecord<ItemValue>) => {
  const sum: SumValue = { seq: value.seq, count: (state?.count ?? 0) + 1, sum: 0, by }
  return next<SumValue, typeof sums>(sum, { emit: [emit(sums, sum)] })
}
/** Writes down from which topic each item came. */
const ranked = stage({
  name: 'adder',
  state: Sum,
  on: [from(items, add), from(rush, add, { priority: 1 }), from(bulk, add, { priority: -1 })],
  outputs: [sums],
})
const inputs = ranked.on
const names = inputs.map((input) => physicalName(input.topic, ''))

/** A member of one unit, as far as a unit sees it: it fetches, moves positions, prepares anew after an error or a rebalance. */
class Member {
  readonly broker = new Ranks()
  readonly paused = new Set<string>()
  readonly position = new Map<string, bigint>()
  readonly failed: Error[]
  readonly #recovered: unknown[]
  readonly #logs: ReadonlyMap<string, number>
  readonly #world

  /** `lengths`: records of each topic. */
  constructor(t: Test, lengths: readonly number[], maxRecords: number) {
    this.broker.keep()
    this.#logs = new Map(names.map((name, place) => [name, lengths[place] ?? 0]))
    for (const [name, length] of this.#logs)
      this.broker.logs.set(
        name,
        Array.from({ length }, () => ({ key: '', value: null })),
      )
    const each = (what: (topic: string) => void) => (places: readonly Place[]) => {
      for (const place of places) what(place.topic)
    }
    this.#world = unitOn(t, this.broker, {
      stages: [ranked],
      inputs,
      maxRecords,
      pause: each((name) => this.paused.add(name)),
      resume: each((name) => this.paused.delete(name)),
    })
    this.failed = this.#world.told.failed
    this.#recovered = this.#world.told.recovered
  }

  /** A join, or what follows an error. */
  async prepare(): Promise<void> {
    const { held, unit } = this.#world
    if (held.ready) held.move('assigned')
    await held.serially(async () => {
      held.move('restoring')
      this.broker.settle()
      const offsets = await unit.prepare(() => true)
      for (const [name, offset] of offsets) this.position.set(name, offset)
      this.paused.clear()
      held.move('running')
    })
  }

  /** Fetches up to `count` records of a topic. Resolves when it may fetch on. */
  async fetch(place: number, count: number): Promise<void> {
    await (
      await this.fetched(place, count)
    )()
  }

  /** Fetches, and hands over what came when it is told to. */
  async fetched(place: number, count: number): Promise<() => Promise<void>> {
    const { held } = this.#world
    const input = inputs[place]
    const name = names[place] ?? ''
    if (input === undefined || !held.ready || this.paused.has(name)) return async () => undefined
    const from = Number(this.position.get(name))
    const batch = await batchOf(input.topic, from, Array<string>(Math.min(count, (this.#logs.get(name) ?? 0) - from)).fill(''), from)
    return batch.records.length === 0 ? async () => undefined : () => this.#hand(name, from, batch)
  }

  async #hand(name: string, from: number, batch: FetchedBatch): Promise<void> {
    const { held, unit } = this.#world
    let begun = false
    const live = () => held.ready && (begun || this.position.get(name) === BigInt(from))
    const turn = {
      live,
      resolve: (offset: bigint) => {
        begun = true
        this.position.set(name, offset + 1n)
      },
      heartbeat: async () => undefined,
    }
    unit.expect(batch, turn)
    await held.serially(async () => {
      if (live()) await unit.handle(batch, turn)
    })
    if (this.#recovered.splice(0).length > 0) await this.prepare()
  }

  /** `second` comes while the first slice of `first` is sent. */
  async during(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<void> {
    const began = new Promise<unknown>((resolve, reject) => {
      this.broker.meanwhile = () => void second().then(resolve, reject)
    })
    await Promise.all([first(), began])
  }

  /** An end of the topic without a record for anybody: the client tells it, and does not ask for it again. */
  showMarker(place: number): void {
    const name = names[place] ?? ''
    if (!this.#world.held.ready) return
    const behind = BigInt(this.position.get(name) ?? 0n)
    if (Number(behind) === this.#logs.get(name)) this.#world.unit.skip({ topic: name, partition: 0 }, behind)
  }

  /** Between two steps of the unit. */
  between(work: () => void): Promise<void> {
    return this.#world.held.serially(async () => {
      work()
    })
  }

  /** Lets what is set aside be folded, one turn or all of it. */
  async turn(): Promise<void> {
    await this.#world.held.serially(async () => undefined)
    if (this.#recovered.splice(0).length > 0) await this.prepare()
  }

  async settle(): Promise<void> {
    for (let before = -1; before !== this.broker.written.length;) {
      before = this.broker.written.length
      for (let turns = 0; turns < 3; turns++) await this.turn()
    }
  }

  /** Commits what is done. */
  drain(): Promise<void> {
    return this.#world.held.serially(() => this.#world.unit.drain())
  }
}

/** Tells as committed what its transactions have committed. */
class Ranks extends StandIn {
  override committed = { topic: names[0] ?? '', offset: 0n, metadata: topologyText(topologyOf([ranked])) }

  alsoCommitted: (typeof this.committed)[] = []

  /** What it is asked for next is as of now. */
  settle(): void {
    const offsets = this.offsets()
    const [first, ...others] = names.map((name) => ({ ...this.committed, topic: name, offset: offsets.get(name) ?? 0n }))
    if (first !== undefined) this.committed = first
    this.alsoCommitted = others
  }

  /** Of each committed transaction, in order. */
  committedOffsets(): string[][] {
    return this.transactions.filter(({ end }) => end === 'commit').map(({ offsets }) => offsets)
  }

  offsets(): Map<string, bigint> {
    return new Map(
      this.committedOffsets()
        .flat()
        .map((text) => [text.slice(0, text.indexOf('#')), BigInt(text.slice(text.indexOf('@') + 1))]),
    )
  }
}

const order = (member: Member) => sumsOf(member.broker, true).map(({ by, seq }) => `${by} ${seq}`)

t.test('a record of a higher priority waits for the slice in hand, not for what was fetched before it', async (t) => {
  const member = new Member(t, [6, 2, 0], 2)
  await member.prepare()
  await member.during(await member.fetched(0, 6), await member.fetched(1, 2))
  await member.settle()
  t.strictSame(order(member), ['items 0', 'items 1', 'rush 0', 'rush 1', 'items 2', 'items 3', 'items 4', 'items 5'])
  t.strictSame(Object.fromEntries(member.broker.offsets()), { 'items.v1': 6n, 'rush.v1': 2n })
})

t.test('what one fetch brought of several topics goes in one transaction, the highest priority first, where it is little', async (t) => {
  const member = new Member(t, [3, 2, 4], 500)
  await member.prepare()
  const fetched = [await member.fetched(2, 4), await member.fetched(0, 3), await member.fetched(1, 2)]
  await Promise.all(fetched.map((hand) => hand()))
  t.strictSame(order(member), [
    ...[0, 1].map((n) => `rush ${n}`),
    ...[0, 1, 2].map((n) => `items ${n}`),
    ...[0, 1, 2, 3].map((n) => `bulk ${n}`),
  ])
  t.strictSame(member.broker.committedOffsets(), [['rush.v1#0@2', 'items.v1#0@3', 'bulk.v1#0@4']], 'and their positions with it')
  t.strictSame(Object.fromEntries(member.position), { 'items.v1': 3n, 'rush.v1': 2n, 'bulk.v1': 4n })
})

t.test('what a fetch brought goes topic by topic where one transaction would be too long', async (t) => {
  const member = new Member(t, [3, 2, 0], 4)
  await member.prepare()
  const fetched = [await member.fetched(0, 3), await member.fetched(1, 2)]
  await Promise.all(fetched.map((hand) => hand()))
  t.strictSame(member.broker.committedOffsets(), [['rush.v1#0@2'], ['items.v1#0@3']])
})

t.test('a transaction of several topics that fails moves none of their positions', async (t) => {
  const member = new Member(t, [3, 2, 0], 500)
  await member.prepare()
  const fetched = [await member.fetched(0, 3), await member.fetched(1, 2)]
  member.broker.refusesCommit = true
  await Promise.all(fetched.map((hand) => hand()))
  t.strictSame(member.broker.committedOffsets(), [])
  t.strictSame([...member.position.values()], [0n, 0n, 0n])
  member.broker.refusesCommit = false
  for (const place of [0, 1]) await member.fetch(place, 9)
  await member.settle()
  t.strictSame(order(member).sort(), ['items 0', 'items 1', 'items 2', 'rush 0', 'rush 1'])
})

t.test('a batch whose partition may belong to somebody else by now does not go along', async (t) => {
  const company = new FetchCompany((name) => ['bulk', 'items', 'rush'].indexOf(name))
  const batch = (name: string): FetchedBatch => ({ topic: name, partition: 0, records: [], lastOffset: 0n })
  const [first, rushed, later, again] = [batch('items'), batch('rush'), batch('bulk'), batch('items')]
  const turn = (live: boolean) => ({ live: () => live, resolve: () => undefined, heartbeat: async () => undefined })
  company.expect(first, turn(true))
  company.expect(rushed, turn(false))
  company.expect(later, turn(true))
  company.expect(again, turn(true))
  const order = (of: FetchedBatch) => company.of(of, turn(true))?.map(({ batch: one }) => one)
  t.strictSame(order(first), [first, later], 'one of each topic')
  t.equal(order(later), undefined, 'it has gone along')
  t.strictSame(order(again), [again], 'the second of a topic has its own turn')
  t.strictSame(order(later), [later], 'handed over anew')
})

t.test('a batch that a rebalance overtook does not go along with what is fetched after it', async (t) => {
  const member = new Member(t, [1, 0, 1], 500)
  await member.prepare()
  await member.fetch(2, 1)
  const passed = (await member.fetched(0, 1))()
  await member.prepare()
  await passed
  await member.fetch(0, 1)
  await member.settle()
  t.strictSame(order(member), ['bulk 0', 'items 0'], 'folded once')
})

t.test('the member fetches on meanwhile, unless enough is set aside', async (t) => {
  const member = new Member(t, [0, 0, 1_200], 100)
  await member.prepare()
  await member.fetch(2, 700)
  t.equal(member.position.get('bulk.v1'), 700n)
  t.strictSame([...member.paused], ['bulk.v1'], '600 are set aside')
  await member.turn()
  t.strictSame([...member.paused], [], '500 are left')
  await member.settle()
  await member.fetch(2, 700)
  await member.settle()
  t.equal(order(member).length, 1_200)
})

t.test('slices of what is overtaken are short for a while, so that the next urgent record waits less', async (t) => {
  const member = new Member(t, [1_500, 1, 0], 500)
  await member.prepare()
  const [many, urgent] = [await member.fetched(0, 1_500), await member.fetched(1, 1)]
  await member.during(many, urgent)
  await member.settle()
  const sizes = member.broker.transactions.map(({ records }) => records['sums.v1'])
  t.strictSame(sizes, [500, 1, ...Array<number>(10).fill(100)], 'a fifth of 500 each')
})

t.test('nothing waits for ever: one turn in eight is the lowest one', (t) => {
  const aside = new SetAside((name) => ['bulk', 'items', 'rush'].indexOf(name) - 1)
  const records = Array.from({ length: 100 }, () => ({})) as unknown as FetchedBatch['records']
  for (const name of ['items', 'bulk', 'rush', 'other']) aside.add({ topic: name, partition: 0, records, lastOffset: 99n })
  const turns = Array.from({ length: 16 }, () => {
    const { topic: name = '' } = aside.next() ?? {}
    aside.took(name, 1)
    return name
  })
  // `other` is of the priority of -2 here, the lowest.
  const seven = Array<string>(7).fill('rush')
  t.strictSame(turns, [...seven, 'other', ...seven, 'other'])
  t.end()
})

t.test('equal ones take turns', (t) => {
  const aside = new SetAside(() => 0)
  const records = Array.from({ length: 3 }, () => ({})) as unknown as FetchedBatch['records']
  for (const name of ['a', 'b']) aside.add({ topic: name, partition: 0, records, lastOffset: 2n })
  const turns = Array.from({ length: 7 }, () => {
    const { topic: name } = aside.next() ?? {}
    const end = name === undefined ? undefined : aside.took(name, 1)
    return `${name ?? 'none'}${end === undefined ? '' : ` to ${end}`}`
  })
  t.strictSame(turns, ['a', 'b', 'a', 'b', 'a to 3', 'b to 3', 'none'])
  t.end()
})

t.test('a position behind records that are set aside is committed after them, not before', async (t) => {
  const member = new Member(t, [6, 1, 0], 2)
  await member.prepare()
  const [some, urgent] = [await member.fetched(0, 6), await member.fetched(1, 1)]
  await member.during(some, () => Promise.all([member.between(() => member.showMarker(0)), urgent()]))
  t.strictSame(member.broker.committedOffsets()[1], ['rush.v1#0@1'], 'the next transaction carries nothing of what is set aside')
  await member.drain()
  await member.settle()
  t.equal(member.broker.offsets().get('items.v1'), 6n)
})

t.test('a rebalance forgets what is set aside: whoever has the partition next reads it again', async (t) => {
  const member = new Member(t, [6, 0, 0], 2)
  await member.prepare()
  await member.fetch(0, 6)
  t.equal(member.position.get('items.v1'), 6n)
  await member.prepare()
  await member.settle()
  t.strictSame(order(member), ['items 0', 'items 1', 'items 2', 'items 3'], 'and the slice that was in hand by then')
  t.equal(member.position.get('items.v1'), 4n)
  await member.fetch(0, 6)
  await member.settle()
  t.strictSame(
    order(member),
    [0, 1, 2, 3, 4, 5].map((seq) => `items ${seq}`),
  )
})

t.test('in any order of fetches, ends, failures and rebalances each record is folded once, in order by topic', async (t) => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('fetch' as const), place: fc.nat(2), count: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('marker' as const), place: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('join' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const) }) },
  )
  const lengths = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20))
  await assertProperty(
    t,
    fc.asyncProperty(lengths, fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (lengths, steps, maxRecords) => {
      const member = new Member(t, lengths, maxRecords)
      await member.prepare()
      const underWay: Promise<unknown>[] = []
      for (const one of steps) {
        if (one.kind === 'fetch') underWay.push(member.fetch(one.place, one.count))
        else if (one.kind === 'turn') await member.turn()
        else if (one.kind === 'marker') underWay.push(member.between(() => member.showMarker(one.place)))
        else if (one.kind === 'drain') await member.drain()
        else if (one.kind === 'join') await member.prepare()
        else {
          await Promise.all(underWay.splice(0))
          member.broker.refusesCommit = true
          await member.turn()
          member.broker.refusesCommit = false
          // As the member does after an error.
          await member.prepare()
        }
        const folded = foldedOf(member)
        for (const [name, offset] of member.broker.offsets())
          if (Number(offset) > (folded.get(name)?.length ?? 0)) throw new Error(`${name} is committed to ${offset}, folded is less`)
      }
      await Promise.all(underWay)
      for (let round = 0; round < 30; round++) {
        for (const place of [0, 1, 2]) await member.fetch(place, 12)
        await member.settle()
      }
      await member.drain()
      // A position that goes back was ahead of what was folded for a moment, and a crash in it loses records.
      for (const name of names) {
        const own = member.broker
          .committedOffsets()
          .flat()
          .filter((text) => text.startsWith(`${name}#`))
        const numbers = own.map((text) => Number(text.slice(text.indexOf('@') + 1)))
        if (numbers.some((offset, index) => offset < (numbers[index - 1] ?? 0))) throw new Error(`${name} goes back: ${own.join(', ')}`)
      }
      if (member.failed.length > 0) throw member.failed[0] as Error
      const folded = foldedOf(member)
      for (const [place, name] of names.entries()) {
        const expected = Array.from({ length: lengths[place] ?? 0 }, (_, seq) => seq)
        if (JSON.stringify(folded.get(name) ?? []) !== JSON.stringify(expected)) throw new Error(`${name}: ${String(folded.get(name))}`)
        if ((member.broker.offsets().get(name) ?? 0n) !== BigInt(expected.length)) throw new Error(`${name} is not committed to its end`)
      }
    }),
    { numRuns: 200 },
  )
})

/** Numbers of the records that were folded and committed, by topic. */
function foldedOf({ broker }: Member): Map<string, number[]> {
  const folded = new Map<string, number[]>()
  for (const { by, seq } of sumsOf(broker, true)) folded.set(`${by}.v1`, [...(folded.get(`${by}.v1`) ?? []), seq])
  return folded
}

t.test('the priority of a topic is the highest that a stage of the group reads it with', (t) => {
  const other = stage({ name: 'other', state: Sum, on: [from(bulk, add, { priority: 3 })], outputs: [sums] })
  t.strictSame(
    priorities([ranked, other]),
    new Map([
      ['items', 0],
      ['rush', 1],
      ['bulk', 3],
    ]),
  )
  t.end()
})

t.test('on a real broker an urgent record overtakes a backlog, and everything is folded once', async (t) => {
  t.setTimeout(120_000)
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group: 'line', stages: [ranked] }])
  t.teardown(() => kafka.close())
  await kafka.applyTopics([rush, bulk], { partitions: 4, replicationFactor: 1, members: [] })
  await kafka.registerSchemas([rush, bulk])
  const producer = kafka.producer()
  const backlog = 12_000
  const key = 'lead:1'
  await Promise.all(Array.from({ length: backlog }, (_, seq) => producer.send(bulk, key, { seq, amount: 1, wish: '' })))
  const seen: SumValue[] = []
  const watching = new AbortController()
  const urgent: Promise<unknown>[] = []
  const watched = kafka.tail(sums, { from: 'beginning', signal: watching.signal }, ({ value }) => {
    if (!value) return
    seen.push(value)
    // Sent while the backlog is worked on.
    if (seen.length % 2_000 === 1 && urgent.length < 4) urgent.push(producer.send(rush, key, { seq: urgent.length, amount: 1, wish: '' }))
  })
  const member = await kafka.runStages({
    group: 'line',
    stages: [ranked],
    maxRecords: 100,
    onFatal: (error) => {
      throw error
    },
  })
  await caughtUp(kafka, 'line', [items, rush, bulk])
  await Promise.all(urgent)
  await caughtUp(kafka, 'line', [items, rush, bulk])
  await member.stop()
  await producer.close()
  const all: SumValue[] = []
  await kafka.tail(sums, { from: 'beginning', untilEnd: true }, ({ value }) => {
    if (value) all.push(value)
  })
  watching.abort()
  await watched
  t.equal(urgent.length, 4)
  const bulkSeqs = all.filter(({ by }) => by === 'bulk').map(({ seq }) => seq)
  t.strictSame(
    bulkSeqs,
    Array.from({ length: backlog }, (_, seq) => seq),
    'the backlog is whole and in order',
  )
  const places = all.flatMap(({ by, count }) => (by === 'rush' ? [count] : []))
  t.equal(places.length, 4)
  // Each was sent when 1, 2,001, 4,001 and 6,001 were seen, and the backlog was read in fetches of up to 1 MB.
  t.ok((places.at(-1) ?? backlog) < backlog, `the last one has overtaken a part of the backlog: ${places.join(', ')}`)
})
