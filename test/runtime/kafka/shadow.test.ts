/** What a rehearsal gives, written as a shadow, without a broker: how much of it goes into one transaction. */
import type { Kafka } from 'kafkajs'
import t from 'tap'
import { RehearsalTally } from '../../../cli/rehearsalTally.ts'
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { RecordSizes } from '../../../runtime/kafka/recordSizes.ts'
import { Rehearsal } from '../../../runtime/kafka/rehearsal.ts'
import { Shadow } from '../../../runtime/kafka/shadow.ts'
import type { Workshop } from '../../../runtime/kafka/workshop.ts'
import { UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import type { OutgoingRecord } from '../../../runtime/kafka/openTransactions.ts'
import type { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { emit, next, timer } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import type { BatchRecord } from '../../../runtime/kafka/protocol/recordBatch.ts'
import { dense } from './dense.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { Item, items, logger, sums } from './fixtures.ts'

const at = Date.UTC(2026, 10, 3)
const wire = {
  register: async () => undefined,
  lookUp: async () => undefined,
  prepare: async () => undefined,
  decode: (topic: AnyTopic, bytes: Buffer) => topic.value.decode(bytes) as unknown,
  frame: (_: AnyTopic, payload: Buffer) => payload,
} as unknown as WireFormat

/** A cluster whose topics have one partition each; items hold these records, the others nothing. */
async function workshopOver(records: readonly BatchRecord[]) {
  const messages = await fetchedRecords(0, records)
  const end = messages.length
  const fetch = async ({ topics: [asked] }: { topics: { partitions: { fetchOffset: string }[] }[] }) => {
    const left = messages.slice(Number(asked?.partitions[0]?.fetchOffset))
    const partition = { partition: 0, highWatermark: String(end), lastStableOffset: String(end), abortedTransactions: [], messages: left }
    return { responses: [{ topicName: 'items.v1', partitions: [partition] }] }
  }
  const offsetOf = ({ topic, fromBeginning, fromTimestamp }: { topic: string; fromBeginning?: boolean; fromTimestamp?: number }) =>
    topic !== 'items.v1' || fromBeginning === true || fromTimestamp !== undefined ? 0 : end
  const cluster = {
    addTargetTopic: async () => undefined,
    addMultipleTargetTopics: async () => undefined,
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    fetchTopicsOffset: async (asked: Parameters<typeof offsetOf>[0][]) =>
      asked.map((each) => ({ topic: each.topic, partitions: [{ partition: 0, offset: String(offsetOf(each)) }] })),
    findBroker: async () => ({ fetch }),
  }
  const made: string[] = []
  const set = new Map<string, { configName: string; configValue: string; configSource: number }[]>()
  const admin = {
    describeConfigs: async ({ resources }: { resources: { name: string }[] }) => ({
      resources: resources.map(({ name }) => ({
        resourceName: name,
        configEntries: set.get(name) ?? [{ configName: 'max.message.bytes', configValue: '1048588', configSource: 5 }],
      })),
    }),
    alterConfigs: async ({ resources }: { resources: { name: string; configEntries: { name: string; value: string }[] }[] }) => {
      for (const { name, configEntries } of resources)
        set.set(
          name,
          configEntries.map((one) => ({ configName: one.name, configValue: one.value, configSource: 1 })),
        )
    },
    listTopics: async () => [...made, 'items.v1', 'sums.v1', 'maker-changelog', 'items.v1.maker.dlq'],
    createTopics: async ({ topics }: { topics: { topic: string }[] }) => void made.push(...topics.map(({ topic }) => topic)),
    fetchTopicMetadata: async ({ topics }: { topics: string[] }) => ({
      topics: topics.map((name) => ({ name, partitions: [{ leader: 1, replicas: [1] }] })),
    }),
  }
  const connection = { close: async () => undefined, cluster } as unknown as ClusterConnection
  const counts = { load: async () => undefined, of: () => 1 }
  const sizes = new RecordSizes(admin as never, logger)
  const parts = { kafka: {} as Kafka, admin, cluster: connection, protocol: 'classic', wire, counts, sizes, logger, metrics: noMetrics }
  return { connection, workshop: { ...parts, topicPrefix: '', tracer: undefined } as unknown as Workshop }
}

t.test('what many timers lead to that are due at once is written in parts that the broker takes', async (t) => {
  const due = at + 1_000_000
  const bulk = stage({
    name: 'bulk',
    state: Item,
    on: [from(items, (_: Item | undefined, { value }) => next(value, { timers: [timer('late').at(due)] }))],
    timer: ({ seq, wish }: Item) => next(undefined, { emit: [emit(sums, { seq, count: 1, sum: 1, by: wish })] }),
    outputs: [sums],
  })
  // 2.4 MB of outputs, of which a broker takes 1 MB at once.
  const keys = Array.from({ length: 200 }, (_, seq) => `lead:${1_000 + seq}`)
  const value = (seq: number) => Item.encode({ seq, amount: 1, wish: 'x'.repeat(12_000) })
  const { connection, workshop } = await workshopOver(
    keys.map((key, seq) => ({ key, value: value(seq), timestamp: at + seq, headers: {} })),
  )
  const written: (readonly OutgoingRecord[])[] = []
  t.intercept(PartitionReader, 'connect', { value: async () => PartitionReader.over(connection) })
  t.intercept(UnitProducer.prototype, 'open', { value: async () => undefined })
  t.intercept(UnitProducer.prototype, 'commit', { value: async (records: readonly OutgoingRecord[]) => void written.push(records) })

  const shadow = await Shadow.open(workshop, wire, { group: 'bulk', stages: [bulk], prefix: 'shadow.', replicationFactor: 1 })
  const rehearsal = await Rehearsal.open(workshop, {
    group: 'bulk',
    stages: [bulk],
    from: at,
    fits: (result, partition) => shadow.fits(result, partition),
    onResult: (result, partition) => shadow.write(result, partition, due),
  })
  await rehearsal.catchUp()
  await rehearsal.advance(due)
  await shadow.flush()
  await rehearsal.close()
  const topics = ['shadow.sums.v1', 'shadow.bulk-changelog']
  const bytesOf = (records: readonly OutgoingRecord[], of: string) =>
    records.reduce((sum, { topic, value }) => sum + (topic === of ? (value?.length ?? 0) : 0), 0)
  const largest = Math.max(...written.flatMap((records) => topics.map((topic) => bytesOf(records, topic))))
  t.ok(largest <= 800_000, `${largest} bytes at once`)
  t.strictSame(
    written.flat().flatMap(({ topic, key }) => (topic === topics[0] ? [key] : [])),
    keys,
  )
})

/** Makes of a record that says so an output larger than any topic takes. */
const maker = stage({
  name: 'maker',
  state: Item,
  on: [
    from(items, (_: Item | undefined, { value }) => {
      const by = value.wish === 'large' ? dense(1_100_000) : ''
      return next(value, { emit: [emit(sums, { seq: value.seq, count: 1, sum: 1, by })] })
    }),
  ],
  outputs: [sums],
})
const oneLarge = ['', 'large', ''].map((wish, seq) => ({
  key: `lead:${seq}`,
  value: Item.encode({ seq, amount: 1, wish }),
  timestamp: at + seq,
  headers: {},
}))

t.test('a rehearsal that writes nothing sets aside what no topic of the group takes, as members do', async (t) => {
  const { connection, workshop } = await workshopOver(oneLarge)
  t.intercept(PartitionReader, 'connect', { value: async () => PartitionReader.over(connection) })
  const tally = new RehearsalTally()
  const rehearsal = await Rehearsal.open(workshop, {
    group: 'maker',
    stages: [maker],
    from: at,
    onResult: (result) => void tally.add(result),
  })
  await rehearsal.catchUp()
  await rehearsal.close()
  t.match(tally.lines().join('\n'), /E_OUTPUT_TOO_LARGE +1/)
  t.match(tally.lines().join('\n'), /sums +2/)
})

t.test(
  'a record of which something is made that no topic takes is set aside, as by a member, and those behind it are written',
  async (t) => {
    const { connection, workshop } = await workshopOver(oneLarge)
    const written: OutgoingRecord[] = []
    t.intercept(PartitionReader, 'connect', { value: async () => PartitionReader.over(connection) })
    t.intercept(UnitProducer.prototype, 'open', { value: async () => undefined })
    t.intercept(UnitProducer.prototype, 'commit', { value: async (records: readonly OutgoingRecord[]) => void written.push(...records) })

    const options = { group: 'maker', stages: [maker] }
    const shadow = await Shadow.open(workshop, wire, { ...options, prefix: 'shadow.', replicationFactor: 1 })
    const rehearsal = await Rehearsal.open(workshop, {
      ...options,
      from: at,
      fits: (result, partition) => shadow.fits(result, partition),
      refusals: (result, partition) => shadow.refusals(result, partition),
      onResult: (result, partition) => shadow.write(result, partition, at),
    })
    await rehearsal.catchUp()
    await shadow.flush()
    await rehearsal.close()
    const keysOn = (of: string) => written.flatMap(({ topic, key }) => (topic === of ? [String(key)] : []))
    t.strictSame(keysOn('shadow.sums.v1'), ['lead:0', 'lead:2'])
    t.strictSame(keysOn('shadow.maker-changelog').slice(1), ['lead:0', 'lead:2'], 'behind the schema of the state')
    const letters = written.filter(({ topic }) => topic === 'shadow.items.v1.maker.dlq')
    t.strictSame(
      letters.map(({ key, headers }) => [String(key), headers['dlq-code']]),
      [['lead:1', 'E_OUTPUT_TOO_LARGE']],
    )
  },
)
