/**
 * A lane of a sink without a broker or a database. Of one that writes deterministic blocks the range of a block is fixed before
 * it is sent, and whoever comes after a crash sends that very block, whatever has arrived since. Of one that keeps offsets in its
 * database the place gets there though nothing is stored.
 */
import { setImmediate as turnEnds } from 'node:timers/promises'
import { Registry } from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import { SinkLane } from '../../../runtime/kafka/sinkLane.ts'
import type { Source } from '../../../runtime/kafka/sourceOffsets.ts'
import { runtimeMetrics } from '../../../runtime/metrics.ts'
import { sink } from '../../../runtime/sink.ts'
import type { SinkOptions, SinkRecord } from '../../../runtime/sink.ts'
import { eventually, items, logger } from './fixtures.ts'
import { VirtualTime } from './virtualTime.ts'

const source = (over: Partial<Source> = {}): Source => ({
  topic: 'items.v1',
  partition: 0,
  committed: undefined,
  metadata: '',
  low: 0n,
  end: 100n,
  ...over,
})

const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({
    bytes: 10,
    record: { topic: 'items', partition: 0, offset: BigInt(from + index), key: 'lead:1', timestamp: 0, headers: {} } as SinkRecord<never>,
  }))

/** A lane that writes down what it does; its first write is never answered when the process is to die in it. */
interface LaneWorld {
  readonly dies: boolean
  readonly fails?: number
  readonly exactlyOnce?: SinkOptions['exactlyOnce']
  /** Offsets of records that the database refuses, for as long as they are here. */
  readonly refused?: Set<bigint>
}

function laneOn(t: Test, { dies, fails = 0, refused = new Set(), exactlyOnce = { kind: 'deterministic-blocks' } }: LaneWorld) {
  const steps: string[] = []
  const flow: string[] = []
  const phases: string[] = []
  const registry = new Registry()
  const metrics = runtimeMetrics(registry)
  let failures = 0
  const blocks = sink({
    name: 'blocks',
    topics: [items],
    batch: { maxRecords: 10, maxMs: 60_000 },
    exactlyOnce,
    write: async () => undefined,
    refuses: (error) => (error as { code?: string }).code === '23514',
  })
  const lane: SinkLane = new SinkLane(blocks, items, 'items.v1', 0, {
    logger,
    metrics,
    time: {
      begin: (phase) => void phases.push(`+${phase}`),
      end: (phase) => void phases.push(`-${phase}`),
      during: async (phase, work) => {
        phases.push(`+${phase}`)
        try {
          return await work()
        } finally {
          phases.push(`-${phase}`)
        }
      },
    },
    commit: async (offset, metadata) => void steps.push(`commit ${offset} ${metadata}`.trim()),
    write: async ({ token, records: { length }, records: own, maybeStored }) => {
      steps.push(`write ${token}: ${length}${maybeStored ? ', maybe stored' : ''}`)
      if (failures++ < fails) throw new Error('the database is away')
      if (own.some(({ offset }) => refused.has(offset))) throw Object.assign(new Error('a constraint'), { code: '23514' })
      if (dies) await new Promise(() => undefined)
    },
    commitLater: () => undefined,
    due: () => lane.flush(),
    stored: () => undefined,
    pause: () => void flow.push('pause'),
    resume: () => void flow.push('resume'),
    recover: (error) => t.fail(String(error)),
    fail: (error) => t.fail(String(error)),
    during: (_, work) => work(() => undefined),
  })
  t.teardown(() => lane.suspend())
  return { lane, steps, flow, phases, registry }
}

t.test('the range of a block is fixed before the block is sent', async (t) => {
  const { lane, steps } = laneOn(t, { dies: true })
  t.equal(await lane.open(source()), 0n)
  lane.add(records(0, 2), 2n)
  lane.flush()
  await eventually('it writes', () => steps.some((step) => step.startsWith('write')), 5_000)
  t.strictSame(steps, ['commit 0 {"end":"1"}', 'write items.v1-0-0-1: 2'])
})

t.test('who comes after a crash sends the fixed block first, though more is there by now, and the rest under its own token', async (t) => {
  const { lane, steps } = laneOn(t, { dies: false })
  t.equal(await lane.open(source({ committed: 0n, metadata: '{"end":"1"}' })), 0n)
  lane.add(records(0, 5), 5n)
  await eventually('the fixed block is stored', () => lane.storedTo === 2n, 5_000)
  lane.flush()
  await eventually('everything is stored', () => lane.storedTo === 5n, 5_000)
  t.strictSame(steps, ['write items.v1-0-0-1: 2, maybe stored', 'commit 2 {"end":"4"}', 'write items.v1-0-2-4: 3'])
})

t.test('a fixed range that is not whole yet is waited for', async (t) => {
  const { lane, steps } = laneOn(t, { dies: false })
  await lane.open(source({ committed: 0n, metadata: '{"end":"3"}' }))
  lane.add(records(0, 2), 2n)
  lane.flush()
  await lane.commitReached()
  t.strictSame(steps, [])
  lane.add(records(2, 4), 4n)
  await eventually('it is stored', () => lane.storedTo === 4n, 5_000)
  t.strictSame(steps, ['write items.v1-0-0-3: 4, maybe stored'])
})

t.test('the rest of a fixed range comes, however much waits for it already; what is behind it is held back', async (t) => {
  const { lane, steps, flow } = laneOn(t, { dies: false })
  // Fixed by a predecessor whose batches were larger.
  await lane.open(source({ committed: 0n, metadata: '{"end":"49"}' }))
  lane.add(records(0, 45), 45n)
  t.strictSame(flow, [], 'paused, it would wait for offset 49 without end')
  lane.add(records(45, 95), 95n)
  t.strictSame(flow, ['pause'])
  await eventually('everything that fills a batch is stored', () => lane.storedTo === 90n, 5_000)
  t.equal(steps[0], 'write items.v1-0-0-49: 50, maybe stored')
  t.strictSame(flow, ['pause', 'resume'])
})

t.test(
  'batches, records and the time of what was stored are counted; a failed attempt is counted apart, and its records once',
  async (t) => {
    const { lane, phases, registry } = laneOn(t, { dies: false, fails: 1 })
    await lane.open(source())
    lane.add(records(0, 3), 3n)
    lane.flush()
    await eventually('it is stored', () => lane.storedTo === 3n, 5_000)
    lane.add(records(3, 13), 13n)
    await eventually('a full batch is stored', () => lane.storedTo === 13n, 5_000)
    const text = await registry.metrics()
    const values = Object.fromEntries(
      [...text.matchAll(/^(lr_sink_\w+)\{([^}]*)\} (\S+)$/gm)].map(([, name, labels, value]) => [`${name} ${labels}`, Number(value)]),
    )
    const labels = 'sink="blocks",topic="items"'
    t.equal(values[`lr_sink_batches_total ${labels},outcome="stored"`], 2)
    t.equal(values[`lr_sink_batches_total ${labels},outcome="failed"`], 1)
    t.equal(values[`lr_sink_records_total ${labels}`], 13)
    t.equal(values[`lr_sink_batch_duration_seconds_count ${labels}`], 2, 'the attempt that failed is no batch')
    t.strictSame(
      phases,
      ['+linger', '+write', '-write', '+wait', '-wait', '+write', '-write', '-linger', '+linger', '+write', '-write', '-linger'],
      'it waits for company while nothing else is done, and for the database between two attempts',
    )
  },
)

t.test('a place that moves past what nothing is stored of is in the database after a minute, sooner with others, and once', async (t) => {
  const time = new VirtualTime(Date.UTC(2026, 10, 3, 15))
  const putBack = time.install()
  Object.defineProperty(performance, 'now', { value: () => time.now, configurable: true })
  t.teardown(() => {
    putBack()
    Reflect.deleteProperty(performance, 'now')
  })
  const { lane, steps } = laneOn(t, { dies: false, exactlyOnce: { kind: 'stored-offsets', load: async () => 4n } })
  t.equal(await lane.open(source({ committed: 4n })), 4n)
  const after = async (ms: number) => {
    time.now += ms
    while (time.runNext());
    await turnEnds()
  }
  lane.add([], 7n)
  t.equal(lane.storedTo, 7n)
  await after(59_999)
  t.strictSame(steps, [])
  lane.add([], 9n)
  await after(1)
  t.strictSame(steps, ['write items.v1-0-4-8: 0'], 'a minute after it moved first')
  await after(60_000)
  t.equal(steps.length, 1, 'a place that stands still is not stored again')

  lane.add([], 10n)
  await after(29_999)
  lane.flush()
  await after(0)
  t.equal(steps.length, 1, 'too early to cost those who store a row more')
  await after(1)
  lane.flush()
  await after(0)
  t.strictSame(steps.slice(1), ['write items.v1-0-9-9: 0'])

  lane.add(records(10, 11), 11n)
  lane.flush()
  await after(60_000)
  t.strictSame(steps.slice(2), ['write items.v1-0-10-10: 1'], 'what was stored has taken the place along')
})

t.test('a lane of blocks commits such a place to the broker, and stores nothing', async (t) => {
  const { lane, steps } = laneOn(t, { dies: false })
  await lane.open(source())
  lane.add([], 3n)
  await lane.commitReached()
  t.strictSame(steps, ['commit 3'])
})

t.test(
  'a record that the database refuses is found: what stands before it is stored, and it is offered alone until it is taken',
  async (t) => {
    const refused = new Set([6n])
    const { lane, steps } = laneOn(t, { dies: false, refused, exactlyOnce: { kind: 'stored-offsets', load: async () => 0n } })
    await lane.open(source())
    lane.add(records(0, 10), 10n)
    const alone = 'write items.v1-0-6-6: 1, maybe stored'
    await eventually('it is offered alone, again', () => steps.includes(alone), 10_000)
    t.equal(lane.storedTo, 6n, 'everything before it')
    t.strictSame(steps.slice(0, steps.indexOf(alone)), [
      ...['', ', maybe stored', ', maybe stored'].map((again) => `write items.v1-0-0-9: 10${again}`),
      'write items.v1-0-0-4: 5',
      'write items.v1-0-5-9: 5',
      'write items.v1-0-5-7: 3',
      'write items.v1-0-5-6: 2',
      'write items.v1-0-5-5: 1',
      'write items.v1-0-6-7: 2',
      'write items.v1-0-6-6: 1',
    ])
    refused.clear()
    await eventually('all is stored', () => lane.storedTo === 10n, 10_000)
    lane.add(records(10, 20), 20n)
    await eventually('all is stored', () => lane.storedTo === 20n, 5_000)
    t.equal(steps.at(-1), 'write items.v1-0-10-19: 10', 'batches are whole again')
  },
)

t.test('a database that is away is offered whole batches, and a fixed block is never divided', async (t) => {
  const away = laneOn(t, { dies: false, fails: 4, exactlyOnce: { kind: 'stored-offsets', load: async () => 0n } })
  const block = laneOn(t, { dies: false, refused: new Set([3n]) })
  for (const { lane } of [away, block]) {
    await lane.open(source())
    lane.add(records(0, 10), 10n)
  }
  const written = ({ steps }: typeof block) => steps.filter((step) => step.startsWith('write'))
  await eventually('both were tried again', () => away.lane.storedTo === 10n && written(block).length > 4, 20_000)
  for (const steps of [written(away), written(block)]) t.ok(steps.every((step) => step.startsWith('write items.v1-0-0-9: 10')))
})

t.test('a lane whose topic was made anew since its offset was stored stops, however far the new one reaches', async (t) => {
  const told: string[] = []
  const lane = (kept: string | undefined, stored: bigint | undefined) =>
    laneOn(t, {
      dies: false,
      exactlyOnce: {
        kind: 'stored-offsets',
        load: async () => stored,
        topicId: async (topic, partition, id) => {
          told.push(`${topic.name}#${partition} ${id}`)
          return kept ?? id
        },
      },
    }).lane
  await t.rejects(lane('one', 4n).open(source(), 'two'), {
    code: 'E_OFFSET_OUT_OF_RANGE',
    message: /sink blocks is at offset 4 of items\.v1 partition 0, and the topic was made anew since \(one, now two\)\./,
  })
  t.equal(await lane('two', 4n).open(source(), 'two'), 4n)
  t.equal(await lane(undefined, 4n).open(source(), 'two'), 4n)
  t.equal(await lane('one', undefined).open(source(), 'two'), 0n, 'nothing is stored')
  t.equal(await lane('one', 4n).open(source()), 4n, 'a cluster that gives no ids')
  t.strictSame(told, Array(4).fill('items#0 two'))
})
