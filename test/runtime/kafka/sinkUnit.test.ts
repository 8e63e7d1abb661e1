/** One unit of a sink against the stand-in for the broker: how it begins anew, and what the fuse counts. */
import { setImmediate as turnEnds } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { defaultFuseLimits } from '../../../runtime/fuse.ts'
import { SinkUnit } from '../../../runtime/kafka/sinkMember.ts'
import type { SinkContext } from '../../../runtime/kafka/sinkMember.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { sink } from '../../../runtime/sink.ts'
import type { SinkBatch } from '../../../runtime/sink.ts'
import { Undecodable } from '../../../runtime/task.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { dense } from './dense.ts'
import { eventually, factors, Item, items, logger } from './fixtures.ts'
import { batchOf, sizesOf, StandIn } from './standIn.ts'

/** A unit of two topics whose places are in a database; `load` is that database. */
function unitOn(t: Test, load: (topic: AnyTopic) => Promise<bigint | undefined>) {
  const broker = new StandIn()
  const stored: SinkBatch[] = []
  const told = { recovered: [] as unknown[], failed: [] as Error[] }
  const inputs = new Map([items, factors].map((topic) => [physicalName(topic, ''), topic]))
  const places = [...inputs.keys()].map((topic) => ({ topic, partition: 0 }))
  const held = new Held<SinkUnit>('0', places, {
    recover: (_, error) => told.recovered.push(error),
    fail: (error) => told.failed.push(error),
    pause: () => undefined,
    resume: () => undefined,
  })
  const context = {
    kafka: broker.kafka,
    cluster: broker.connection,
    protocol: 'classic',
    wire: {
      prepare: async () => undefined,
      decode: (_: AnyTopic, bytes: Buffer) => {
        const item = Item.decode(bytes)
        return item.wish.startsWith('unreadable') ? new Undecodable('no schema') : item
      },
    },
    logger,
    metrics: noMetrics,
    sizes: sizesOf({ 'items.v1.store.dlq': 4_000 }),
    topicPrefix: '',
    group: 'store',
    sink: sink({
      name: 'store',
      topics: [items, factors],
      batch: { maxRecords: 100, maxMs: 60_000 },
      exactlyOnce: { kind: 'stored-offsets', load },
      write: async (batches) => void stored.push(...batches),
    }),
    fuse: { ...defaultFuseLimits, maxConsecutive: 3 },
    inputs,
  } as unknown as SinkContext
  const unit = new SinkUnit(context, places, held)
  held.unit = unit
  t.teardown(() => unit.release())
  const turn = { live: () => true, resolve: () => undefined, heartbeat: async () => undefined }
  const handle = async (offset: number, ...wishes: string[]) => unit.handle(await batchOf(items, offset, wishes), turn)
  return { unit, broker, stored, told, handle }
}

t.test('a place that is told late, after another one was refused, takes nothing back that came meanwhile', async (t) => {
  let late: (offset: bigint) => void = () => undefined
  let asked = 0
  const { unit, stored, handle } = unitOn(t, (topic) => {
    asked += 1
    if (asked > 2) return Promise.resolve(5n)
    if (topic === factors) return Promise.reject(new Error('the connection broke'))
    return new Promise((resolve) => (late = resolve))
  })
  const first = unit.prepare(() => true).catch((error: unknown) => error)
  const isOver = await Promise.race([first, eventually('the places are asked for', () => asked === 2).then(() => turnEnds())])
  if (isOver === undefined) late(5n)
  t.match(await first, /the connection broke/)
  await unit.prepare(() => true)
  await handle(5, '', '', '')
  late(5n)
  await turnEnds()
  await unit.drain()
  t.strictSame(
    stored.filter(({ topic }) => topic === items).flatMap(({ records }) => records.map(({ offset }) => offset)),
    [5n, 6n, 7n],
  )
})

t.test('a dead letter that is too large for its topic stands there without its value, and those behind it are stored', async (t) => {
  const { unit, broker, told, handle } = unitOn(t, async () => 5n)
  const written: unknown[] = []
  broker.onMessages = (topic, messages) => void (topic === 'items.v1.store.dlq' && written.push(...messages))
  await unit.prepare(() => true)
  await handle(5, `unreadable ${dense(5_000)}`, 'unreadable')
  await eventually('both are set aside', () => written.length === 2)
  t.match(written, [{ value: null, headers: { 'dlq-code': 'E_RECORD_UNDECODABLE', 'dlq-left-out': /^5\d\d\d$/ } }, { value: Buffer }])
  t.strictSame(told, { recovered: [], failed: [] })
})

t.test('dead letters that could not be written are counted by the fuse once they are', async (t) => {
  const { unit, broker, told, handle } = unitOn(t, async () => 5n)
  broker.refusesCommit = true
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await unit.prepare(() => true)
    await handle(5, 'unreadable')
  }
  t.equal(told.recovered.length, 4)
  t.strictSame(told.failed, [], 'a broker that is away blows no fuse')
  broker.refusesCommit = false
  await unit.prepare(() => true)
  await handle(5, 'unreadable', 'unreadable')
  t.strictSame(told.failed, [])
  await handle(7, 'unreadable')
  t.match(told.failed, [{ code: 'E_FUSE_BLOWN' }])
})
