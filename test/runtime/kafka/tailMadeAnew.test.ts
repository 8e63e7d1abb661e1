/** A tail of a topic that is made anew while it is followed, with more in it than was read of the old one: all of the new one is told. */
import type { Kafka } from 'kafkajs'
import t from 'tap'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { tail } from '../../../runtime/kafka/tail.ts'
import type { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { eventually, factors, logger, Sum } from './fixtures.ts'
import { TwoBrokers } from './twoBrokers.ts'

const wire = { prepare: async () => undefined, decode: (_: unknown, bytes: Buffer) => Sum.decode(bytes) } as unknown as WireFormat

for (const [how, idEveryMs, failsOnce] of [
  ['when it is asked next', 10, false],
  ['after a fetch has failed, which deleting a topic makes it do', 3_600_000, true],
] as const)
  t.test(`a topic that is made anew with more in it is told from its beginning, ${how}`, async (t) => {
    const cluster = new TwoBrokers()
    t.intercept(PartitionReader, 'connect', { value: async () => PartitionReader.over(cluster.connection) })
    cluster.put(0, 'a', 1)
    cluster.put(1, 'b', 1)
    const read: string[] = []
    const told: string[] = []
    const ending = new AbortController()
    // Also after a failure: a tail that goes on keeps the file from ending.
    t.teardown(() => ending.abort())
    const options = {
      from: 'beginning',
      idEveryMs,
      onTrouble: (sentence: string) => void told.push(sentence),
      signal: ending.signal,
    } as const
    const tailing = tail(factors, { ...options, kafka: {} as Kafka, wire, topicPrefix: '', logger }, ({ key, value }) => {
      read.push(`${key} ${value?.sum}`)
    })
    await eventually('it has read all', () => read.length === 2, 5_000)
    cluster.makeAnew()
    for (const key of ['c', 'd', 'e']) cluster.put(0, key, 2)
    if (failsOnce)
      cluster.beforeAnswer = async () => {
        cluster.beforeAnswer = () => Promise.resolve()
        throw new Error('there is no such topic')
      }
    await eventually('it has read the new one', () => ['c 2', 'd 2', 'e 2'].every((line) => read.includes(line)), 10_000)
    ending.abort()
    await tailing
    t.strictSame(read.slice(0, 2).sort(), ['a 1', 'b 1'])
    t.ok(told.includes('factors.v1 was made anew; it goes on at the beginning of what stands there now.'))
  })
