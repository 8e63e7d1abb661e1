/** One unit of a sink against the stand-in for the broker: how it begins anew, and what the fuse counts. */
import { setImmediate as turnEnds } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { defaultFuseLimits } from '../../../runtime/fuse.ts'
import { RecordSizes } from '../../../runtime/kafka/recordSizes.ts'
import { SinkUnit } from '../../../runtime/kafka/sinkMember.ts'
import type { SinkContext } from '../../../runtime/kafka/sinkMember.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import type { RuntimeMetrics } from '../../../runtime/metrics.ts'
import { sink } from '../../../runtime/sink.ts'
import type { Sink, SinkBatch } from '../../../runtime/sink.ts'
import { Undecodable } from '../../../runtime/task.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { dense } from './dense.ts'
import { eventually, factors, Item, items, logger } from './fixtures.ts'
import { batchOf, sizesOf, StandIn } from './standIn.ts'

/** A unit of two topics whose places are in a database; `load` is that database. */
function unitOn(
  t: Test,
  load: (topic: AnyTopic) => Promise<bigint | undefined>,
  options: { sizes?: RecordSizes; metrics?: RuntimeMetrics; write?: Sink['write']; exactlyOnce?: Sink['exactlyOnce'] } = {},
) {
  const { sizes = sizesOf({ 'items.v1.store.dlq': 4_000 }), metrics = noMetrics } = options
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
    metrics,
    sizes,
    topicPrefix: '',
    group: 'store',
    sink: sink({
      name: 'store',
      topics: [items, factors],
      batch: { maxRecords: 100, maxMs: 60_000 },
      exactlyOnce: options.exactlyOnce ?? { kind: 'stored-offsets', load },
      write: options.write ?? (async (batches) => void stored.push(...batches)),
    }),
    fuse: { ...defaultFuseLimits, maxConsecutive: 3 },
    inputs,
  } as unknown as SinkContext
  const unit = new SinkUnit(context, places, held)
  held.unit = unit
  t.teardown(() => unit.release())
  const turn = { live: () => true, resolve: () => undefined, heartbeat: async () => undefined }
  const handle = async (offset: number, ...wishes: string[]) => unit.handle(await batchOf(items, offset, wishes), turn)
  return { unit, held, broker, stored, told, handle }
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

t.test('a dead letter that its topic takes no longer goes there without its value, once a broker has refused it', async (t) => {
  let limit = 100_000
  const admin = {
    describeConfigs: async ({ resources }: { resources: readonly { readonly name: string }[] }) => ({
      resources: resources.map(({ name }) => ({
        resourceName: name,
        configEntries: [{ configName: 'max.message.bytes', configValue: String(limit) }],
      })),
    }),
  }
  const sizes = new RecordSizes(admin as never, logger)
  await sizes.load(['items.v1.store.dlq'])
  const { unit, broker, told, handle } = unitOn(t, async () => 5n, { sizes })
  const written: unknown[] = []
  broker.onMessages = (topic, messages) => void (topic === 'items.v1.store.dlq' && written.push(...messages))
  await unit.prepare(() => true)
  limit = 4_000
  broker.onRequest = (request) => {
    if (request === 'sendBatch') throw Object.assign(new Error('refused'), { type: 'MESSAGE_TOO_LARGE' })
  }
  await handle(5, `unreadable ${dense(5_000)}`)
  t.equal(told.recovered.length, 1)
  broker.onRequest = () => undefined
  await eventually('the limit is asked for anew', () => sizes.of('items.v1.store.dlq') === limit)
  await unit.prepare(() => true)
  await handle(5, `unreadable ${dense(5_000)}`)
  t.match(written, [{ value: null, headers: { 'dlq-left-out': /^5\d\d\d$/ } }])
  t.strictSame(told.failed, [])
})

for (const exactlyOnce of [{ kind: 'stored-offsets', load: async () => 5n }, { kind: 'deterministic-blocks' }] as const)
  t.test(`a write that takes long and says that it gets on is not taken for stuck: ${exactlyOnce.kind}`, async (t) => {
    let says: (() => void) | undefined
    let stored = (): void => undefined
    const write: Sink['write'] = (_, progressed) => {
      says = progressed
      return new Promise((resolve) => (stored = resolve))
    }
    const { unit, held, handle } = unitOn(t, async () => 5n, { write, exactlyOnce })
    await unit.prepare(() => true)
    await handle(5, '')
    const drained = unit.drain()
    await eventually('it writes', () => says !== undefined)
    const since = () => held.steps.find(({ name }) => name.startsWith('write items.v1-0-5'))?.since ?? NaN
    const began = since()
    await eventually('time passes', () => performance.now() > began)
    says?.()
    t.ok(since() > began)
    stored()
    await drained
  })

t.test('each record that was read is counted, one that is set aside as such', async (t) => {
  const counted: Record<string, number> = {}
  const metrics: RuntimeMetrics = {
    ...noMetrics,
    count(name, { outcome = '' }, by = 1) {
      if (name === 'lr_kafka_consumed_total') counted[outcome] = (counted[outcome] ?? 0) + by
    },
  }
  const { unit, handle } = unitOn(t, async () => 5n, { metrics })
  await unit.prepare(() => true)
  await handle(5, '', 'unreadable', '')
  t.strictSame(counted, { processed: 2, dead_letter: 1 })
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
