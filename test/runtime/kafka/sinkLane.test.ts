/**
 * A lane of a sink that writes deterministic blocks, without a broker or a database: the range of a block is fixed before
 * it is sent, and whoever comes after a crash sends that very block, whatever has arrived since.
 */
import t from 'tap'
import type { Test } from 'tap'
import { SinkLane } from '../../../runtime/kafka/sinkLane.ts'
import type { Source } from '../../../runtime/kafka/sourceOffsets.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { sink } from '../../../runtime/sink.ts'
import type { SinkRecord } from '../../../runtime/sink.ts'
import { eventually, items, logger } from './fixtures.ts'

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
function laneOn(t: Test, { dies }: { dies: boolean }) {
  const steps: string[] = []
  const blocks = sink({
    name: 'blocks',
    topics: [items],
    batch: { maxRecords: 10, maxMs: 60_000 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    write: async () => undefined,
  })
  const lane = new SinkLane(blocks, items, 'items.v1', 0, {
    logger,
    metrics: noMetrics,
    commit: async (offset, metadata) => void steps.push(`commit ${offset} ${metadata}`.trim()),
    write: async ({ token, records: { length }, maybeStored }) => {
      steps.push(`write ${token}: ${length}${maybeStored ? ', maybe stored' : ''}`)
      if (dies) await new Promise(() => undefined)
    },
    commitLater: () => undefined,
    due: () => undefined,
    stored: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    recover: (error) => t.fail(String(error)),
    fail: (error) => t.fail(String(error)),
    during: (_, work) => work(),
  })
  t.teardown(() => lane.suspend())
  return { lane, steps }
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
