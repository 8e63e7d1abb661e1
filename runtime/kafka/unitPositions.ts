/**
 * How far one partition of a group of stages is, by topic: what is done, what of it is not committed yet, and what the offsets
 * of a transaction are. The record that stands beside each offset says to which stages the state belongs.
 */
import type { SourceOffset } from './openTransactions.ts'

export class UnitPositions {
  readonly #partition: number
  readonly #record: string
  /** Next offset by topic, committed or not. */
  readonly #next = new Map<string, bigint>()
  /** Next offsets that are done but not committed yet, by topic. */
  readonly #pending = new Map<string, bigint>()
  #known = true

  constructor(partition: number, record: string) {
    this.#partition = partition
    this.#record = record
  }

  /** Everything before these is committed, and nothing after them is done. */
  start(offsets: ReadonlyMap<string, bigint>): void {
    this.lost()
    this.#known = true
    for (const [topic, offset] of offsets) this.#next.set(topic, offset)
  }

  /**
   * A transaction that carried positions has failed, and with it what they stand behind. None is to be committed, by a stop that drains
   * either, until it begins anew.
   */
  lost(): void {
    this.#known = false
    this.#pending.clear()
    this.#next.clear()
  }

  /** Everything of the topic before this offset is done. */
  done(topic: string, nextOffset: bigint): void {
    if (!this.#known) return
    this.#next.set(topic, nextOffset)
    this.#pending.set(topic, nextOffset)
  }

  /** The next offset of the topic. */
  of(topic: string): bigint | undefined {
    return this.#next.get(topic)
  }

  /** What is to be committed; empty when all is. */
  get pending(): readonly SourceOffset[] {
    return [...this.#pending].map(([topic, offset]) => this.#offset(topic, offset))
  }

  /** What a transaction carries: without a position that moved it says once more where the unit stands, since offsets are its fence. */
  get carried(): readonly SourceOffset[] {
    const { pending } = this
    return pending.length > 0 ? pending : [...this.#next].slice(0, 1).map(([topic, offset]) => this.#offset(topic, offset))
  }

  /** These are committed; what was done meanwhile is pending still. */
  settled(offsets: readonly Pick<SourceOffset, 'topic' | 'offset'>[]): void {
    for (const { topic, offset } of offsets) if (this.#pending.get(topic) === offset) this.#pending.delete(topic)
  }

  #offset(topic: string, offset: bigint): SourceOffset {
    return { topic, partition: this.#partition, offset, metadata: this.#record }
  }
}
