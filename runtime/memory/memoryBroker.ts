/**
 * A broker in memory with the transactions of Kafka: fencing by transactional id, offsets inside the transaction, markers
 * and aborted records on the log, readers that see committed records only. For tests; nothing outlives the process.
 */
import type {
  BrokerClient,
  BrokerRecord,
  BrokerTransaction,
  Fetched,
  GroupOffset,
  Membership,
  MembershipListener,
  PartitionEnds,
  TopicSpec,
  TransactionalProducer,
} from '../broker.ts'
import { runtimeError } from '../errors.ts'
import { kafkaError } from '../kafka/errors.ts'
import { BATCH_HEADER_BYTES, encodeRecords } from '../kafka/protocol/recordBatch.ts'
import { partitionOf } from '../murmur2.ts'
import { Group } from './groups.ts'
import { PartitionLog } from './partitionLog.ts'
import type { TransactionMark } from './partitionLog.ts'

interface OpenTransaction {
  readonly mark: TransactionMark
  readonly logs: Set<PartitionLog>
  readonly offsets: Map<string, bigint>
}

/** What the broker knows of a transactional id. */
interface ProducerState {
  epoch: number
  open: OpenTransaction | undefined
}

type Place = { readonly partition: number; readonly offset: bigint }

export class MemoryBroker {
  private readonly topics = new Map<string, readonly PartitionLog[]>()
  private readonly mostBytes = new Map<string, number>()
  private readonly producers = new Map<string, ProducerState>()
  private readonly offsets = new Map<string, bigint>()
  private readonly groups = new Map<string, Group>()

  /** A client of its own: closing it leaves its groups and closes its producers. */
  connect(): BrokerClient {
    const memberships = new Set<Membership>()
    const producers: TransactionalProducer[] = []
    return {
      createTopics: async (topics) => this.createTopics(topics),
      partitions: async (topic) => this.logs(topic).length,
      mostBytes: async (topic) => this.mostBytes.get(topic),
      ends: async (topic, partition): Promise<PartitionEnds> => this.log(topic, partition).ends(),
      send: async (records) =>
        this.places(records).map(({ log, partition, record }) => ({ partition, offset: log.append(record, undefined) })),
      transactional: async (id) => {
        const producer = this.open(id)
        producers.push(producer)
        return producer
      },
      fetch: async (topic, partition, from, maxRecords, maxBytes): Promise<Fetched> =>
        this.log(topic, partition).read(from, maxRecords, maxBytes),
      committed: async (group, topic, partition) => this.offsets.get(offsetKey(group, topic, partition)),
      join: async (group, topics, listener) => {
        const membership = await this.join(group, topics, listener)
        memberships.add(membership)
        return {
          leave: async () => {
            memberships.delete(membership)
            await membership.leave()
          },
        }
      },
      close: async () => {
        await Promise.all([...memberships].map((membership) => membership.leave()))
        memberships.clear()
        await Promise.all(producers.map((producer) => producer.close()))
      },
    }
  }

  /** Deletes the records of a partition below an offset, as retention does. */
  deleteBelow(topic: string, partition: number, offset: bigint): void {
    this.log(topic, partition).deleteBelow(offset)
  }

  private createTopics(topics: readonly TopicSpec[]): void {
    for (const { name, partitions } of topics) {
      const existing = this.topics.get(name)
      if (existing !== undefined && existing.length !== partitions)
        throw runtimeError('E_TOPIC_PARTITIONS_DIFFER', `${name} has ${existing.length} partitions, ${partitions} are asked for.`)
    }
    for (const { name, partitions, maxBytes } of topics) {
      if (this.topics.has(name)) continue
      this.topics.set(
        name,
        Array.from({ length: partitions }, (_, partition) => new PartitionLog(name, partition)),
      )
      if (maxBytes !== undefined) this.mostBytes.set(name, maxBytes)
    }
  }

  private logs(topic: string): readonly PartitionLog[] {
    const logs = this.topics.get(topic)
    if (logs === undefined) throw runtimeError('E_TOPIC_MISSING', `The broker has no topic ${topic}.`)
    return logs
  }

  private log(topic: string, partition: number): PartitionLog {
    const log = this.logs(topic)[partition]
    if (log === undefined) throw runtimeError('E_TOPIC_MISSING', `${topic} has no partition ${partition}.`)
    return log
  }

  /** Finds the places of all records, and what is too large for them, before the first is written. */
  private places(records: readonly BrokerRecord[]): { log: PartitionLog; partition: number; record: BrokerRecord }[] {
    return records.map((record) => {
      if (record.partition === undefined && record.key === null)
        throw new TypeError(`a record for ${record.topic} has neither key nor partition`)
      const bytes = BATCH_HEADER_BYTES + encodeRecords([record]).length
      if (bytes > (this.mostBytes.get(record.topic) ?? Infinity))
        throw kafkaError('E_RECORD_TOO_LARGE', `${record.topic} refuses a record of ${bytes} bytes.`)
      const partition = record.partition ?? partitionOf(record.key as Buffer, this.logs(record.topic).length)
      return { log: this.log(record.topic, partition), partition, record }
    })
  }

  private open(id: string): TransactionalProducer {
    const state = this.producers.get(id) ?? { epoch: -1, open: undefined }
    this.producers.set(id, state)
    if (state.open !== undefined) this.finish(state, state.open, 'aborted')
    const epoch = ++state.epoch
    let closed = false
    const owned = (): void => {
      if (state.epoch !== epoch) throw runtimeError('E_TASK_FENCED', `The producer ${id} was opened anew by another owner.`)
      if (closed) throw runtimeError('E_TASK_FENCED', `The producer ${id} is closed.`)
    }
    return {
      begin: async () => {
        owned()
        if (state.open !== undefined) throw new Error(`the producer ${id} has a transaction open already`)
        const transaction: OpenTransaction = { mark: { state: 'open' }, logs: new Set(), offsets: new Map() }
        state.open = transaction
        return this.transaction(id, state, transaction, owned)
      },
      close: async () => {
        if (state.epoch === epoch && state.open !== undefined) this.finish(state, state.open, 'aborted')
        closed = true
      },
    }
  }

  private transaction(id: string, state: ProducerState, transaction: OpenTransaction, owned: () => void): BrokerTransaction {
    const inTransaction = (): void => {
      owned()
      if (state.open !== transaction) throw runtimeError('E_TASK_FENCED', `The transaction of ${id} has ended.`)
    }
    return {
      send: async (records): Promise<readonly Place[]> => {
        inTransaction()
        return this.places(records).map(({ log, partition, record }) => {
          transaction.logs.add(log)
          return { partition, offset: log.append(record, transaction.mark) }
        })
      },
      sendOffsets: async (group: string, offsets: readonly GroupOffset[]) => {
        inTransaction()
        for (const { topic, partition, offset } of offsets) transaction.offsets.set(offsetKey(group, topic, partition), offset)
      },
      commit: async () => {
        inTransaction()
        this.finish(state, transaction, 'committed')
      },
      abort: async () => {
        inTransaction()
        this.finish(state, transaction, 'aborted')
      },
    }
  }

  private finish(state: ProducerState, { mark, logs, offsets }: OpenTransaction, how: 'committed' | 'aborted'): void {
    mark.state = how
    for (const log of logs) log.end(mark)
    if (how === 'committed') for (const [key, offset] of offsets) this.offsets.set(key, offset)
    state.open = undefined
  }

  private async join(name: string, topics: readonly string[], listener: MembershipListener): Promise<Membership> {
    const counts = new Set(topics.map((topic) => this.logs(topic).length))
    const [partitions] = counts
    if (partitions === undefined || counts.size > 1)
      throw runtimeError(
        'E_TOPIC_PARTITIONS_DIFFER',
        `${topics.join(', ')} are read together and have ${[...counts].join(' and ')} partitions.`,
      )
    const wanted = [...topics].sort().join()
    const group = this.groups.get(name) ?? new Group(wanted, partitions)
    if (group.topics !== wanted) throw new TypeError(`members of ${name} read ${group.topics}, this one ${wanted}`)
    this.groups.set(name, group)
    return group.join(listener)
  }
}

function offsetKey(group: string, topic: string, partition: number): string {
  return `${group}\n${topic}\n${partition}`
}
