/**
 * How many dead letters stand open, by source topic, group and step: the letters that `rekindle dlq list` would name, counted by the
 * same book. What is new is read at each look; what was read before is not read again until the broker deletes some of it.
 */
import type { AnyTopic } from '../topic.ts'
import { DeadLetterReader } from './deadLetterReader.ts'
import type { FollowedBook } from './deadLetterReader.ts'
import type { Workshop } from './workshop.ts'

export interface OpenLetters {
  /** Source topic as declared. */
  readonly topic: string
  readonly group: string
  /** Stage, worker or sink that refused them; empty, with 0 open, for a topic on which no letter is kept. */
  readonly step: string
  readonly open: number
}

export class DeadLetterCounts {
  readonly #reader: DeadLetterReader
  #books: readonly FollowedBook[] = []

  /** Letters of topics that are not declared here are not seen. */
  constructor(workshop: Workshop, topics: readonly AnyTopic[]) {
    this.#reader = new DeadLetterReader(workshop, topics)
  }

  /** One entry for each step of which letters are kept, and for each dead-letter topic without any. Rejects when it cannot be seen. */
  async look(): Promise<readonly OpenLetters[]> {
    try {
      this.#books = await this.#reader.follow(await this.#reader.places({}), this.#books)
    } catch (error) {
      // The next look connects anew.
      await this.#reader.close().catch(() => undefined)
      throw error
    }
    return openOf(this.#books)
  }

  async close(): Promise<void> {
    await this.#reader.close()
  }
}

function openOf(books: readonly FollowedBook[]): readonly OpenLetters[] {
  const byTopic = new Map<string, { readonly topic: string; readonly group: string; readonly steps: Map<string, number> }>()
  for (const { place, book } of books) {
    let own = byTopic.get(place.name)
    if (own === undefined)
      byTopic.set(place.name, (own = { topic: place.topic.name, group: place.group, steps: new Map<string, number>() }))
    for (const { letter } of book.letters) if (!own.steps.has(letter.step)) own.steps.set(letter.step, 0)
    for (const { step } of book.open) own.steps.set(step, (own.steps.get(step) ?? 0) + 1)
  }
  return [...byTopic.values()].flatMap(({ topic, group, steps }) =>
    steps.size === 0 ? [{ topic, group, step: '', open: 0 }] : [...steps].map(([step, open]) => ({ topic, group, step, open })),
  )
}
