/**
 * What a fetch brought of one partition, topic by topic. Whichever batch has its turn first brings all others along, the highest
 * priority first, and these are passed over in their own turns: none goes twice, and none once it may be somebody else's.
 */
import type { FetchedBatch, Turn } from './unit.ts'

/** A batch as the member hands it over. */
export interface Handed {
  readonly batch: FetchedBatch
  readonly turn: Turn
}

export class FetchCompany {
  readonly #priorityOf: (topic: string) => number
  readonly #expected = new Map<FetchedBatch, Turn>()
  readonly #wentAlong = new WeakSet<FetchedBatch>()

  constructor(priorityOf: (topic: string) => number) {
    this.#priorityOf = priorityOf
  }

  /** The batch waits for its turn from now on. */
  expect(batch: FetchedBatch, turn: Turn): void {
    this.#expected.set(batch, turn)
  }

  /** The batch with one of each other topic that waits; nothing when it went along with another. */
  of(batch: FetchedBatch, turn: Turn): readonly Handed[] | undefined {
    if (this.#wentAlong.delete(batch)) return undefined
    this.#expected.delete(batch)
    const company: Handed[] = [{ batch, turn }]
    for (const [other, its] of this.#expected) {
      // Two of one topic follow each other: whether the second still holds shows when the first is done.
      if (!its.live() || company.some(({ batch: { topic } }) => topic === other.topic)) continue
      this.#expected.delete(other)
      this.#wentAlong.add(other)
      company.push({ batch: other, turn: its })
    }
    return company.sort((a, b) => this.#priorityOf(b.batch.topic) - this.#priorityOf(a.batch.topic))
  }

  /** Positions are read anew: what waits was fetched from before. */
  clear(): void {
    this.#expected.clear()
  }
}
