/** Records as a sink is handed them: offsets from `from` on, a millisecond apart. */
import type { SinkBatch, SinkRecord } from '../../runtime/sink.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import { tuesdayNoon } from './leadRecords.ts'

export function batch<T extends AnyTopic>(
  topic: T,
  from: number,
  values: readonly (readonly [key: string, value: ValueOf<T> | null])[],
  partition = 0,
): SinkBatch {
  const records = values.map(([key, value], index): SinkRecord<ValueOf<T>> => ({
    topic: topic.name,
    key,
    value,
    timestamp: tuesdayNoon + index,
    headers: {},
    partition,
    offset: BigInt(from + index),
  }))
  const max = BigInt(from + values.length - 1)
  return { topic, partition, records, min: BigInt(from), max, token: `${topic.name}-${partition}-${from}-${max}`, maybeStored: false }
}
