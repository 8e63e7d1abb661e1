/**
 * Transactions that the units of a member share, on producers that write down what they are asked: what goes together, what
 * waits, who is fenced, and that nothing is committed in the name of an assignment that has passed.
 */
import fc from 'fast-check'
import t from 'tap'
import type { Membership } from '../../../runtime/kafka/protocol/committing.ts'
import { AssignmentPassed, SharedTransactions } from '../../../runtime/kafka/sharedTransactions.ts'
import type { SourceOffset } from '../../../runtime/kafka/openTransactions.ts'
import type { TransactionalProducer, UnitTransactions } from '../../../runtime/kafka/unitTransactions.ts'
import { noMetrics } from '../../../runtime/metrics.ts'

interface Committed {
  readonly id: number
  /** Values of the records. */
  readonly values: readonly string[]
  readonly offsets: readonly SourceOffset[]
  readonly membership: Membership | undefined
}

/** Producers by the unit whose id they have. */
class StandIn {
  readonly steps: string[] = []
  readonly commits: Committed[] = []
  /** Commits under way wait for it. */
  gate: Promise<void> = Promise.resolve()
  /** Transactions of which everything is written wait for it. */
  ending: Promise<void> = Promise.resolve()
  /** Producers that open wait for it. */
  opens: Promise<void> = Promise.resolve()
  refuses: (values: readonly string[]) => boolean = () => false
  underWay = 0
  mostUnderWay = 0

  readonly shared = new SharedTransactions({ metrics: noMetrics, group: 'line', producer: (partition) => this.producer(partition) })

  private producer(id: number): TransactionalProducer {
    let whole = false
    const commit: TransactionalProducer['commit'] = async (records, offsets, membership, onWritten) => {
      const values = records.map(({ value }) => String(value))
      this.underWay += 1
      this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
      await this.gate
      this.underWay -= 1
      if (this.refuses(values)) {
        whole = false
        throw new Error(`refused: ${values.join()}`)
      }
      onWritten?.()
      await this.ending
      this.commits.push({ id, values, offsets, membership })
      return new Map(values.map((value, index) => [`${value}#0`, BigInt(index)]))
    }
    return {
      open: async () => {
        if (whole) return
        await this.opens
        this.steps.push(`open ${id}`)
        whole = true
      },
      get whole() {
        return whole
      },
      commit,
      close: async () => {
        if (whole) this.steps.push(`close ${id}`)
        whole = false
      },
      drop: async () => {
        if (whole) this.steps.push(`drop ${id}`)
        whole = false
      },
    }
  }
}

const inGeneration = (generationId: number): Membership => ({ memberId: 'a', generationId })

/** A part with one record of this value. */
function part(value: string, partition: number, { inputs = 1, bytes = 0, to = partition } = {}) {
  const padded = Buffer.concat([Buffer.from(value), Buffer.alloc(bytes, '.')])
  return {
    records: [{ topic: 'out', partition: to, key: null, value: padded, timestamp: 0, headers: {} }],
    offsets: [{ topic: 'in', partition, offset: 1n }],
    inputs,
  }
}

async function assigned(partitions: readonly number[]) {
  const client = new StandIn()
  client.shared.assigned(partitions, inGeneration(1))
  const units = new Map(partitions.map((partition) => [partition, client.shared.unit(partition)]))
  for (const unit of units.values()) await unit.takeOver(async () => undefined)
  client.steps.length = 0
  return { client, unit: (partition: number) => units.get(partition) as UnitTransactions }
}

function gate() {
  let open: () => void = () => undefined
  const closed = new Promise<void>((resolve) => (open = resolve))
  return { closed, open: () => open() }
}

const valuesOf = ({ commits }: StandIn) => commits.map(({ values }) => values)

t.test('what is handed in while a transaction is under way goes together in the next one, with all offsets', async (t) => {
  const { client, unit } = await assigned([0, 1, 2])
  const { closed, open } = gate()
  client.gate = closed
  const first = unit(0).commit(part('a', 0))
  const others = [unit(1).commit(part('b', 1)), unit(2).commit(part('c', 2))]
  open()
  t.strictSame(await first, new Map([['a#0', 0n]]))
  t.strictSame(await others[1], new Map([...(await (others[0] as Promise<ReadonlyMap<string, bigint>>))]), 'both are told of all')
  t.strictSame(valuesOf(client), [['a'], ['b', 'c']])
  t.strictSame(
    client.commits[1]?.offsets.map(({ partition }) => partition),
    [1, 2],
  )
  t.equal(client.mostUnderWay, 1)
})

t.test(
  'each part is told when the transaction with it is written and when it is ended; one that is refused unsent is told nothing',
  async (t) => {
    const { client, unit } = await assigned([0, 1, 2])
    const steps: string[] = []
    const told = (value: string, partition: number) => ({
      ...part(value, partition),
      onStep: (step: string) => void steps.push(`${value} ${step}`),
    })
    const [written, ended] = [gate(), gate()]
    client.gate = written.closed
    client.ending = ended.closed
    const first = unit(0).commit(told('a', 0))
    const others = [unit(1).commit(told('b', 1)), unit(2).commit(told('c', 2))]
    t.strictSame(steps.splice(0), ['a produce'], 'the others wait for the first')
    client.refuses = (values) => values.includes('b')
    written.open()
    await new Promise((resolve) => setImmediate(resolve))
    t.strictSame(steps.splice(0), ['a commit'])
    ended.open()
    await first
    for (const other of others) await t.rejects(other)
    t.strictSame(steps, ['b produce', 'c produce'])
    steps.length = 0
    const late = unit(1).commit(told('d', 1))
    await t.rejects(late, AssignmentPassed)
    t.strictSame(steps, [])
  },
)

t.test('a small part waits for those that are announced, a large one does not, and nobody waits for what never comes', async (t) => {
  const { client, unit } = await assigned([0, 1, 2])
  unit(1).announce()
  const small = unit(0).commit(part('small', 0))
  await unit(1).commit(part('company', 1))
  await small
  unit(1).announce()
  await unit(0).commit(part('large', 0, { inputs: 100 }))
  const waiting = unit(0).commit(part('left', 0))
  unit(1).retract()
  await waiting
  unit(1).announce()
  await unit(0).commit(part('alone', 0))
  t.strictSame(valuesOf(client), [['small', 'company'], ['large'], ['left'], ['alone']])
})

t.test('what makes a shared transaction fail is found out by parts that go alone', async (t) => {
  const { client, unit } = await assigned([0, 1, 2])
  client.refuses = (values) => values.includes('bad')
  const { closed, open } = gate()
  client.gate = closed
  const first = unit(0).commit(part('first', 0))
  const failing = [unit(1).commit(part('bad', 1)), unit(2).commit(part('good', 2))]
  open()
  await first
  for (const each of await Promise.allSettled(failing)) t.equal(each.status, 'rejected')
  await t.rejects(unit(0).commit(part('too early', 0)), /assigned anew/, 'each unit first reads what is committed')
  for (const partition of [0, 1, 2]) await unit(partition).takeOver(async () => undefined)
  t.strictSame(client.steps, ['open 0'], 'one id for all')
  const again = await Promise.allSettled([unit(0).commit(part('next', 0)), unit(2).commit(part('good', 2)), unit(1).commit(part('bad', 1))])
  t.strictSame(
    again.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
  t.strictSame(valuesOf(client), [['first'], ['next'], ['good']])
})

t.test('what failed by itself lets the parts of others go first: its next failure would refuse them again', async (t) => {
  const { client, unit } = await assigned([0, 1, 2])
  client.refuses = (values) => values.includes('bad')
  const { closed, open } = gate()
  client.gate = closed
  const first = unit(0).commit(part('first', 0))
  const handedIn = () => [unit(1).commit(part('bad', 1)), unit(2).commit(part('good', 2))]
  const statuses = async (parts: readonly Promise<unknown>[]) => (await Promise.allSettled(parts)).map(({ status }) => status)
  const takeOver = async () => {
    for (const partition of [0, 1, 2]) await unit(partition).takeOver(async () => undefined)
  }
  const together = handedIn()
  open()
  await first
  t.strictSame(await statuses(together), ['rejected', 'rejected'], 'together')
  await takeOver()
  t.strictSame(await statuses(handedIn()), ['rejected', 'rejected'], 'by itself: what waits begins anew')
  await takeOver()
  t.strictSame(await statuses(handedIn()), ['rejected', 'fulfilled'], 'behind the others')
  t.strictSame(valuesOf(client), [['first'], ['good']])
  client.refuses = () => false
  await takeOver()
  await Promise.all(handedIn())
  t.strictSame(valuesOf(client).slice(2), [['good'], ['bad']], 'behind them until it is committed')
  const { closed: shut, open: release } = gate()
  client.gate = shut
  const next = unit(0).commit(part('next', 0))
  const shared = handedIn()
  release()
  await Promise.all([next, ...shared])
  t.strictSame(valuesOf(client).slice(4), [['next'], ['bad', 'good']], 'and with them from then on')
})

t.test('nothing is committed in the name of an assignment under which it was not folded', async (t) => {
  const { client, unit } = await assigned([0, 1])
  const { closed, open } = gate()
  client.gate = closed
  const underWay = unit(0).commit(part('sent before', 0))
  const waiting = unit(1).commit(part('not sent', 1))
  client.shared.assigned([0, 1], inGeneration(2))
  // Its slice was read before the join: somebody else may have had the partition in between.
  const late = unit(1).commit(part('folded before', 1))
  open()
  await underWay
  await t.rejects(waiting, AssignmentPassed)
  await t.rejects(late, AssignmentPassed)
  await unit(1).takeOver(async () => undefined)
  await unit(1).commit(part('folded after', 1))
  t.strictSame(
    client.commits.map(({ values, membership }) => [values, membership?.generationId]),
    [
      [['sent before'], 1],
      [['folded after'], 2],
    ],
  )
})

t.test('a part without an offset is refused: nothing would fence it', async (t) => {
  const { unit } = await assigned([0])
  t.throws(() => unit(0).commit({ ...part('a', 0), offsets: [] }), /nothing would fence it/)
})

t.test('each unit is fenced under its own id once; the member commits under that of its lowest partition', async (t) => {
  const client = new StandIn()
  const { shared, steps } = client
  shared.assigned([2, 1], inGeneration(1))
  const [one, two] = [shared.unit(1), shared.unit(2)]
  await two.takeOver(async (producer) => void (await producer.commit(part('moved', 2).records, [])))
  await one.takeOver(async () => undefined)
  t.strictSame(steps, ['open 2', 'close 2', 'open 1'])
  await two.commit(part('a', 2))
  shared.assigned([0, 1, 2], inGeneration(2))
  const zero = shared.unit(0)
  for (const unit of [zero, one, two]) await unit.takeOver(async () => undefined)
  await two.commit(part('b', 2))
  t.strictSame(steps.slice(3), ['close 1', 'open 0'])
  t.strictSame(
    client.commits.map(({ id, values }) => [id, values]),
    [
      [2, ['moved']],
      [1, ['a']],
      [0, ['b']],
    ],
  )
  await shared.close()
  t.equal(steps.at(-1), 'close 0')
  await t.rejects(
    two.takeOver(async () => undefined),
    /assigned anew/,
    'a member that has left takes nothing over',
  )
})

t.test('a producer that is still opening when the member gets a lower partition, or leaves, does not stay open', async (t) => {
  for (const leave of [false, true]) {
    const { client, unit } = await assigned([1, 2])
    client.refuses = () => true
    await t.rejects(unit(2).commit(part('refused', 2)))
    const { closed, open } = gate()
    client.opens = closed
    const taking = unit(2).takeOver(async () => undefined)
    client.opens = Promise.resolve()
    const ended = leave ? client.shared.close() : client.shared.assigned([0, 1, 2], inGeneration(2))
    open()
    await Promise.allSettled([taking, ended])
    await new Promise((resolve) => setImmediate(resolve))
    t.strictSame(client.steps, ['open 1', 'close 1'])
  }
})

t.test(
  'whoever is back as another member fences each unit anew: somebody else may have left a transaction open under its id',
  async (t) => {
    const { client, unit } = await assigned([0, 1])
    client.shared.assigned([0, 1], { memberId: 'b', generationId: 3 })
    await new Promise((resolve) => setImmediate(resolve))
    for (const partition of [0, 1]) await unit(partition).takeOver(async () => undefined)
    t.strictSame(client.steps, ['close 0', 'open 0', 'open 1', 'close 1'])
  },
)

t.test('a transaction that failed before the member got a lower partition is ended under its own id', async (t) => {
  const { client, unit } = await assigned([1, 2])
  client.refuses = () => true
  await t.rejects(unit(2).commit(part('refused', 2)))
  client.shared.assigned([0, 1, 2], inGeneration(2))
  for (const partition of [1, 2]) await unit(partition).takeOver(async () => undefined)
  t.strictSame(client.steps, ['open 1', 'close 1', 'open 0'])
})

t.test('what the lowest unit moves goes alone', async (t) => {
  const client = new StandIn()
  client.shared.assigned([0, 1], inGeneration(1))
  const other = client.shared.unit(1)
  await other.takeOver(async () => undefined)
  let behind: Promise<unknown> | undefined
  await client.shared.unit(0).takeOver(async (producer) => {
    behind = other.commit(part('behind', 1))
    await producer.commit(part('moved', 0).records, [])
  })
  await behind
  t.strictSame(valuesOf(client), [['moved'], ['behind']])
})

t.test('who waits for what the lowest unit moves is told while that gets on, and not taken for stuck', async (t) => {
  const client = new StandIn()
  client.shared.assigned([0, 1], inGeneration(1))
  const other = client.shared.unit(1)
  await other.takeOver(async () => undefined)
  let told = 0
  let behind: Promise<unknown> | undefined
  await client.shared.unit(0).takeOver(async (_, progressed) => {
    behind = other.commit({ ...part('behind', 1), onWait: () => void (told += 1) })
    progressed()
    progressed()
  })
  await behind
  t.equal(told, 2)
})

t.test('what is done while a unit is taken over is committed in the name of the generation in which that began', async (t) => {
  const client = new StandIn()
  client.shared.assigned([0, 1], inGeneration(1))
  for (const partition of [0, 1])
    await client.shared.unit(partition).takeOver(async (producer) => {
      if (partition === 1) client.shared.assigned([0, 1], inGeneration(2))
      await producer.commit([], part('', partition).offsets)
    })
  t.strictSame(
    client.commits.map(({ id, membership }) => [id, membership]),
    [
      [0, inGeneration(1)],
      [1, inGeneration(1)],
    ],
  )
})

t.test('a shared transaction stays within a request, and within a batch of a partition that several write to', async (t) => {
  for (const [bytes, to, expected] of [
    // 8 MB in all: two of 3 MB, not three.
    [3 * 2 ** 20, undefined, [['a'], ['b', 'c'], ['d']]],
    // 150 KB to partitions of others: one of 100 KB, not two.
    [100_000, 9, [['a'], ['b'], ['c'], ['d']]],
    [100_000, undefined, [['a'], ['b', 'c', 'd']]],
  ] as const) {
    const { client, unit } = await assigned([0, 1, 2, 3])
    const { closed, open } = gate()
    client.gate = closed
    const all = ['a', 'b', 'c', 'd'].map((value, partition) =>
      unit(partition).commit(part(value, partition, { bytes, to: to ?? partition })),
    )
    open()
    await Promise.all(all)
    t.strictSame(
      valuesOf(client).map((values) => values.map((value) => value.slice(0, 1))),
      expected,
    )
  }
})

t.test('whatever fails and whoever joins: a part is committed once or refused, in order, and under its own assignment', async (t) => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('commit' as const), unit: fc.nat(3), large: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('announce' as const), unit: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('retract' as const), unit: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('take over' as const), unit: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('join' as const), without: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { client, unit } = await assigned([0, 1, 2, 3])
      let generation = 1
      let failNext = false
      client.refuses = () => {
        const refused = failNext
        failNext = false
        return refused
      }
      const takenOver = [1, 1, 1, 1]
      const handedIn: { value: string; unit: number; generation: number; outcome: Promise<'done' | 'refused'> }[] = []
      for (const [at, each] of steps.entries()) {
        if (each.kind === 'commit') {
          const value = `${each.unit}:${at}`
          const outcome = unit(each.unit)
            .commit(part(value, each.unit, { inputs: each.large ? 100 : 1 }))
            .then(
              () => 'done' as const,
              () => 'refused' as const,
            )
          handedIn.push({ value, unit: each.unit, generation: takenOver[each.unit] ?? 0, outcome })
        } else if (each.kind === 'announce') unit(each.unit).announce()
        else if (each.kind === 'retract') unit(each.unit).retract()
        else if (each.kind === 'take over') {
          const now = generation
          await unit(each.unit).takeOver(async () => undefined)
          takenOver[each.unit] = now
        } else if (each.kind === 'join') {
          generation += 1
          client.shared.assigned(
            [0, 1, 2, 3].filter((partition) => partition !== each.without),
            inGeneration(generation),
          )
        } else if (each.kind === 'fail') failNext = true
        else await new Promise((resolve) => setImmediate(resolve))
      }
      for (const partition of [0, 1, 2, 3]) unit(partition).retract()
      const outcomes = await Promise.all(handedIn.map(async ({ outcome }) => outcome))
      const done = handedIn.filter((_, index) => outcomes[index] === 'done')
      const written = client.commits.flatMap(({ values, membership }) => values.map((value) => [value, membership?.generationId] as const))
      t.strictSame(
        [...written].map(([value]) => value).sort(),
        done.map(({ value }) => value).sort(),
        'what is told to be committed is, once, and nothing else',
      )
      for (const { value, generation: folded } of done)
        if (written.find(([each]) => each === value)?.[1] !== folded) throw new Error(`${value} was committed under another assignment`)
      for (const partition of [0, 1, 2, 3]) {
        const own = written.map(([value]) => value).filter((value) => value.startsWith(`${partition}:`))
        const inOrder = done.filter(({ unit: of }) => of === partition).map(({ value }) => value)
        if (own.join() !== inOrder.join()) throw new Error(`${own.join()} is not in the order ${inOrder.join()}`)
      }
      if (client.mostUnderWay > 1) throw new Error('two at once')
    }),
    { numRuns: 300 },
  )
})
