/** Dead letters made by hand, and what became of them: shared by the tests of the operator's desk. */
import type { Test } from 'tap'
import type { Kafka } from 'kafkajs'
import { createClient } from '../../../runtime/kafka/client.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { deadLetterRecord } from '../../../runtime/kafka/deadLetters.ts'
import type { DeadLetterDesk } from '../../../runtime/kafka/deadLetterDesk.ts'
import { PartitionReader, textHeaders } from '../../../runtime/kafka/partitionReader.ts'
import { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { SchemaRegistry } from '../../../runtime/kafka/registry.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import type { TestStack } from '../../support/stack.ts'
import { testStack } from '../../support/stack.ts'
import { adder, items, logger, partitions, topics, totaller, world } from './fixtures.ts'
import type { Item } from './fixtures.ts'

export const line = { group: 'line', stages: [adder, totaller] }
export const members = [line, { group: 'store', inputs: [items] }]
/** Some time ago: younger than the test topics keep, older than now. */
export const failedAt = Date.now() - 60_000

export interface WrittenLetter {
  readonly key?: string | null
  readonly value?: Partial<Item> | Buffer | null
  readonly code?: string
  readonly topic?: AnyTopic
  readonly group?: string
  readonly sourceOffset?: bigint
  readonly headers?: Record<string, string>
  /** Headers that replace those of the letter itself. */
  readonly forged?: Record<string, string>
}

export interface DeadLetterWorld {
  readonly stack: TestStack
  readonly kafka: KafkaConnection
  readonly client: Kafka
  readonly desk: DeadLetterDesk
  readonly reader: PartitionReader
  /** Writes letters in this order and returns their ids. */
  readonly write: (...letters: WrittenLetter[]) => Promise<string[]>
  /** Records of a topic, control records left out, as read-committed readers see them. */
  readonly read: (topic: string, partition: number) => Promise<FoundRecord[]>
}

export interface FoundRecord {
  readonly offset: bigint
  readonly key: string | undefined
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: Record<string, string>
}

export async function deadLetterWorld(t: Test): Promise<DeadLetterWorld> {
  const stack = await testStack(t)
  const kafka = await world(stack, members)
  const client = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger })
  const raw = client.producer()
  await raw.connect()
  const reader = await PartitionReader.connect(client)
  t.teardown(() => Promise.all([kafka.close(), raw.disconnect(), reader.close()]))
  const wire = new WireFormat(new SchemaRegistry({ url: stack.registryUrl }), stack.prefix)
  await wire.register(topics)
  let offsets = 1_000n

  return {
    stack,
    kafka,
    client,
    reader,
    desk: kafka.deadLetters({ topics, members }),
    async write(...letters) {
      const ids: string[] = []
      for (const letter of letters) {
        const { topic = items, group = 'line', key = 'lead:1', code = 'E_TEST_POISON', headers = {}, forged = {} } = letter
        const { sourceOffset = (offsets += 1n), value = {} } = letter
        const partition = partitionOf(key ?? 'lead:1', topic.key === 'lead' ? partitions : 1)
        const bytes = value === null || Buffer.isBuffer(value) ? value : wire.encode(items, { seq: 0, amount: 1, wish: '', ...value })
        const source = {
          topic: physicalName(topic, stack.prefix),
          partition,
          offset: sourceOffset,
          key: key === null ? null : Buffer.from(key),
          value: bytes,
          timestamp: failedAt - 1_000,
          headers,
        }
        const record = deadLetterRecord(
          source,
          { topic, group, step: 'adder', code, detail: { why: 'test' }, attempts: 1 },
          stack.prefix,
          failedAt,
        )
        const [answer] = await raw.send({
          topic: record.topic,
          messages: [
            {
              partition,
              key: source.key,
              value: bytes,
              timestamp: String(record.timestamp),
              headers: { ...record.headers, ...forged },
            },
          ],
        })
        ids.push(`${record.topic}#${partition}@${answer?.baseOffset ?? '?'}`)
      }
      return ids
    },
    async read(topic, partition) {
      const found: FoundRecord[] = []
      await reader.readToEnd(topic, partition, 0n, ({ offset, key, value, timestamp, headers }) =>
        found.push({ offset, key: key?.toString(), value, timestamp, headers: textHeaders(headers) }),
      )
      return found
    },
  }
}

/** The letter that a record is the replay of. */
export const replayOf = ({ headers }: FoundRecord): string | undefined => headers['dlq-replay-of']
