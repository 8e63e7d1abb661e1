/** A compacted topic as it stands now, for verbs that look once: the latest value of each key, deleted ones left out. */
import type { AnyTopic } from '../runtime/topic.ts'
import { cliError } from './errors.ts'
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
  mustBeWhole(topic, signal)
  return found
}

/** Throws E_STOPPED for a topic that was not read to its end: what is missing would be told as what is not there. */
export function mustBeWhole(topic: AnyTopic, signal: AbortSignal): void {
  if (signal.aborted) throw cliError('E_STOPPED', `${topic.name} was not read to its end.`)
}
