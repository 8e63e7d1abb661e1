/** Partition counts of topics by physical name, asked once: a keyed topic never changes its count while it is in use. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { runtimeError } from '../errors.ts'

/** Of several brokers one hears of a new topic later than another, ms; the question may go to any of them. */
const HEARD_OF_MS = 2_000
const LOOK_AGAIN_MS = 100

export class TopicCounts {
  readonly #admin: Admin
  readonly #counts = new Map<string, number>()

  constructor(admin: Admin) {
    this.#admin = admin
  }

  /** The count if it was asked before. */
  known(topic: string): number | undefined {
    return this.#counts.get(topic)
  }

  /** Throws E_TOPIC_MISSING naming every topic that does not exist. */
  async load(topics: readonly string[]): Promise<void> {
    const wanted = [...new Set(topics)].filter((topic) => !this.#counts.has(topic))
    if (wanted.length === 0) return
    const missing = await this.#missing(wanted)
    if (missing.length > 0) throw runtimeError('E_TOPIC_MISSING', `The broker has no topic ${missing.join(', ')}.`)
    const { topics: found } = await this.#admin.fetchTopicMetadata({ topics: wanted })
    for (const { name, partitions } of found) this.#counts.set(name, partitions.length)
  }

  /** Those of `wanted` that no broker knows, asked again for a while. */
  async #missing(wanted: readonly string[]): Promise<readonly string[]> {
    const until = performance.now() + HEARD_OF_MS
    for (;;) {
      const existing = new Set(await this.#admin.listTopics())
      const missing = wanted.filter((topic) => !existing.has(topic))
      if (missing.length === 0 || performance.now() > until) return missing
      await delay(LOOK_AGAIN_MS)
    }
  }

  /** The count of a loaded topic. */
  of(topic: string): number {
    const count = this.#counts.get(topic)
    if (count === undefined) throw new Error(`the partition count of ${topic} was not loaded`)
    return count
  }
}
