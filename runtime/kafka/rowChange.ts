/**
 * Changes one row of a compacted topic by what it is now. Of two who change rows of one partition at the same time each sees what
 * the other wrote: the row is read and written under one transactional id, which the later one takes from the earlier.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { RekindleError } from '../errors.ts'
import { partitionOf } from '../murmur2.ts'
import { Undecodable } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import { kafkaError } from './errors.ts'
import { PartitionReader } from './partitionReader.ts'
import { readSettled } from './settledRead.ts'
import { isFenced, UnitProducer } from './unitProducer.ts'
import type { Workshop } from './workshop.ts'

/** Transactional ids and nothing else: no group of this name joins. */
const ROWS = 'rows'
/** One is overtaken when another begins within the second that a change takes. */
const ATTEMPTS = 10
/** Times the attempt, and up to twice that: two that begin together do not meet again, ms. */
const WAIT_MS = 40

/** What a row is to be; the row as it is now, `undefined` where there is none. */
export type RowChange<V> = (before: V | undefined) => V | Promise<V>

/**
 * Writes what `change` makes of the row of this key and returns it. `change` is called again when another one was faster; what it throws ends
 * the change with nothing written. Throws E_TOPIC_MISSING, and E_ROW_NOT_CHANGED when others keep overtaking it or a transaction on the partition
 * does not end.
 */
export async function changeRow<T extends AnyTopic>(
  workshop: Workshop,
  topic: T,
  key: string,
  change: RowChange<ValueOf<T>>,
): Promise<ValueOf<T>> {
  const { cluster, counts, wire } = workshop
  const name = physicalName(topic, workshop.topicPrefix)
  await counts.load([name])
  await wire.register([topic])
  const partition = partitionOf(key, counts.of(name))
  const producer = new UnitProducer({ ...workshop, group: ROWS, unit: `${topic.name}-${partition}`, topics: [name] })
  const reader = await PartitionReader.connect(workshop.kafka)
  const attempt = async () => {
    // The id comes first: read first, and what another one commits in between would be written over.
    await producer.open()
    const values: (Buffer | null)[] = []
    const isWhole = await readSettled({ reader, cluster, topic: name, partition }, (record) => {
      if (record.key?.toString('utf8') === key) values.push(record.value)
    })
    if (!isWhole) throw kafkaError('E_ROW_NOT_CHANGED', `${name} partition ${partition}: a transaction on it does not end.`)
    const after = await change(await newest(values))
    await producer.commit([{ topic: name, partition, key, value: wire.encode(topic, after), timestamp: Date.now(), headers: {} }], [])
    return after
  }
  // As tables read it: what cannot be decoded is left out, and the row before it stands.
  async function newest(values: readonly (Buffer | null)[]): Promise<ValueOf<T> | undefined> {
    await wire.prepare(topic, values)
    let row: ValueOf<T> | undefined
    for (const value of values) {
      const decoded = value === null ? undefined : wire.decode(topic, value)
      if (!(decoded instanceof Undecodable)) row = decoded
    }
    return row
  }
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (error instanceof RekindleError || !isFenced(error)) throw error
        if (tries === ATTEMPTS)
          throw kafkaError('E_ROW_NOT_CHANGED', `${name} partition ${partition}: others were faster ${ATTEMPTS} times.`, { cause: error })
      }
      await delay(tries * WAIT_MS * (1 + Math.random()))
    }
  } finally {
    await producer.close()
    await reader.close()
  }
}
