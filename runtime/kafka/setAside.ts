/**
 * Records of one partition that were fetched and wait for their turn, by topic. The topic of the highest priority goes first; every
 * eighth turn is the lowest one's, so that nothing waits for ever. Within a topic the order is that of the log.
 */
import type { FetchedBatch } from './unit.ts'
import type { FetchedLog } from './partitionReader.ts'

/** One turn in so many belongs to the lowest priority that waits. */
const TURNS = 8

interface Waiting {
  readonly topic: string
  readonly priority: number
  /** Those before `at` are done. */
  records: readonly FetchedLog[]
  at: number
  /** Where the topic goes on behind them. */
  nextOffset: bigint
}

export class SetAside {
  readonly #priorityOf: (topic: string) => number
  readonly #waiting = new Map<string, Waiting>()
  #turn = 0

  constructor(priorityOf: (topic: string) => number) {
    this.#priorityOf = priorityOf
  }

  get empty(): boolean {
    return this.#waiting.size === 0
  }

  has(topic: string): boolean {
    return this.#waiting.has(topic)
  }

  /** How many records of the topic wait. */
  size(topic: string): number {
    const waiting = this.#waiting.get(topic)
    return waiting === undefined ? 0 : waiting.records.length - waiting.at
  }

  /** Whether something of a lower priority than that of the topic waits. */
  isOvertakenBy(topic: string): boolean {
    const own = this.#priorityOf(topic)
    return [...this.#waiting.values()].some(({ priority }) => priority < own)
  }

  /** Takes the records of the batch from the place `from` on, behind those of the topic that wait already. */
  add({ topic, records, lastOffset }: FetchedBatch, from = 0): void {
    const before = this.#waiting.get(topic)
    const left = before === undefined ? [] : before.records.slice(before.at)
    this.#waiting.set(topic, {
      topic,
      priority: this.#priorityOf(topic),
      records: [...left, ...records.slice(from)],
      at: 0,
      nextOffset: lastOffset + 1n,
    })
  }

  /** Nothing to fold up to `nextOffset`. False when nothing of the topic waits: then the position is the topic's own. */
  skip(topic: string, nextOffset: bigint): boolean {
    const waiting = this.#waiting.get(topic)
    if (waiting === undefined) return false
    waiting.nextOffset = nextOffset
    return true
  }

  /** Whose turn it is: what waits of it, and where it goes on behind that. They wait until `took` says that they are done. */
  next():
    { readonly topic: string; readonly records: readonly FetchedLog[]; readonly at: number; readonly nextOffset: bigint } | undefined {
    this.#turn = (this.#turn + 1) % TURNS
    let best: Waiting | undefined
    for (const one of this.#waiting.values()) {
      const before = best === undefined || (this.#turn === 0 ? one.priority < best.priority : one.priority > best.priority)
      if (before) best = one
    }
    return best
  }

  /** So many more records of the topic are done. Returns where it goes on when none is left. */
  took(topic: string, count: number): bigint | undefined {
    const waiting = this.#waiting.get(topic)
    if (waiting === undefined) return undefined
    waiting.at += count
    this.#waiting.delete(topic)
    if (waiting.at >= waiting.records.length) return waiting.nextOffset
    // Behind those of its priority: they take turns.
    this.#waiting.set(topic, waiting)
    return undefined
  }

  clear(): void {
    this.#waiting.clear()
  }
}
