/**
 * Topics of a stand-in for the cluster that are made anew with less in them between the question where they end and the reading: what
 * is read up to that end says so, and nothing waits for it without end.
 */
import type { Kafka } from 'kafkajs'
import t from 'tap'
import type { Test } from 'tap'
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { openSteps } from '../../../runtime/kafka/partitionSteps.ts'
import { tail } from '../../../runtime/kafka/tail.ts'
import type { TailOptions } from '../../../runtime/kafka/tail.ts'
import type { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { physicalName } from '../../../runtime/topic.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { factors, logger, Sum } from './fixtures.ts'
import { fetchOf, onTwoBrokers } from './twoBrokers.ts'

const topic = physicalName(factors, '')
const at = Date.UTC(2026, 10, 3)
const wire = { prepare: async () => undefined, decode: (_: unknown, bytes: Buffer) => Sum.decode(bytes) } as unknown as WireFormat
const kafka = {} as Kafka

/** Each of two partitions holds five records when its end is asked for first, and two afterwards. */
function shrinking(t: Test): void {
  let kept = 5
  const answer = async (partition: number, from: number) => {
    kept = 2
    const left = Array.from({ length: Math.max(0, kept - from) }, (_, index) => {
      const seq = from + index
      return { key: `k${seq}`, value: Sum.encode({ seq, count: 1, sum: partition, by: '' }), timestamp: at + seq, headers: {} }
    })
    // What a broker has none of it waits for.
    if (left.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const messages = await fetchedRecords(from, left)
    return { partition, highWatermark: String(kept), lastStableOffset: String(kept), abortedTransactions: [], messages }
  }
  const fetch = fetchOf(topic, answer, async () => undefined)
  const cluster = {
    ...onTwoBrokers,
    findBroker: async () => ({ fetch }),
    fetchTopicsOffset: async ([asked]: { partitions: { partition: number }[]; fromBeginning?: boolean; fromTimestamp?: number }[]) => {
      const isFirst = asked?.fromBeginning === true || asked?.fromTimestamp !== undefined
      return [
        { topic, partitions: (asked?.partitions ?? []).map(({ partition }) => ({ partition, offset: isFirst ? '0' : String(kept) })) },
      ]
    },
    addMultipleTargetTopics: async () => undefined,
  }
  const connection = { close: async () => undefined, cluster } as unknown as ClusterConnection
  t.intercept(PartitionReader, 'connect', { value: async () => PartitionReader.over(connection) })
}

for (const [name, options] of [
  ['to its end', { from: 'beginning', untilEnd: true }],
  ['by its last records', { from: { last: 10 }, untilEnd: true }],
] satisfies [string, TailOptions][])
  t.test(`a tail ${name} of a topic that is made anew with less in it meanwhile ends, and says so`, { timeout: 10_000 }, async (t) => {
    shrinking(t)
    const read: string[] = []
    const told: string[] = []
    const onTrouble = (sentence: string) => void told.push(sentence)
    // Where it is waited for, the tail would keep the process for good.
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), 5_000)
    await tail(factors, { ...options, onTrouble, kafka, wire, topicPrefix: '', logger, signal: late.signal }, ({ partition, key }) => {
      read.push(`${partition} ${key}`)
    })
    clearTimeout(timer)
    t.strictSame(read.sort(), ['0 k0', '0 k1', '1 k0', '1 k1'])
    t.strictSame(
      told,
      [0, 1].map((partition) => `${topic} partition ${partition} ends at 2 by now and not at 5: it was made anew.`),
    )
  })

t.test('steps over a topic that is made anew with less in it meanwhile fail', { timeout: 10_000 }, async (t) => {
  shrinking(t)
  const steps = await openSteps(factors, { kafka, wire, topicPrefix: '' })
  await steps.start(1, at)
  t.strictSame(
    (await steps.next(1))?.map(({ key }) => key),
    ['k0', 'k1'],
  )
  await t.rejects(steps.next(1), { message: `${topic} partition 1 ends at 2 by now and not at 5: it was made anew` })
})
