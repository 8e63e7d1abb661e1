/** Places in the two shapes that the runtime and its client need. */
import type { Place } from './unit.ts'

/**
 * Values by topic and partition, in the order of first appearance. A key made of both as text costs more per record than
 * all the rest of the look-up.
 */
export class ByPlace<T> {
  readonly #topics = new Map<string, Map<number, T>>()

  get(topic: string, partition: number): T | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, value: T): void {
    const own = this.#topics.get(topic)
    if (own === undefined) this.#topics.set(topic, new Map([[partition, value]]))
    else own.set(partition, value)
  }

  *values(): Generator<T> {
    for (const own of this.#topics.values()) yield* own.values()
  }
}

/** As the client wants them: a list of partitions for each topic. */
export function byTopic(places: readonly Place[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of places) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
