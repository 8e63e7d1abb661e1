/** A compacted topic as it stands now, for verbs that look once: the latest value of each key, deleted ones left out. */
import type { AnyTopic } from '../runtime/topic.ts'
import type { KafkaForVerbs } from './surroundings.ts'

export async function latestByKey<V>(
  connection: Pick<KafkaForVerbs, 'tail'>,
  topic: AnyTopic,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, V>> {
  const found = new Map<string, V>()
  await connection.tail(topic, { from: 'beginning', untilEnd: true, signal }, ({ key, value }) => {
    if (key === null || value === undefined) return
    if (value === null) found.delete(key)
    else found.set(key, value as V)
  })
  return found
}
