/**
 * How far a group is behind in seconds: by topic, the age of the oldest record that it has not done, whichever partition that is on. A
 * partition that stands still is not hidden by others that move.
 */
import type { PartitionLag } from './offsets.ts'

/** When the first record was written that the group has not done, ms; `undefined` where only control records are left. */
export type FirstTimestamp = (lag: PartitionLag) => Promise<number | undefined>

interface Seen {
  /** Where the partition ended at the last look, exclusive. */
  readonly end: bigint
  /** Of the first record that was not done then; looked up once for each position, and until there is one whenever more has come. */
  readonly first: { readonly offset: bigint; readonly timestamp: number | undefined } | undefined
}

export class LagBook {
  readonly #seen = new Map<string, Seen>()
  readonly #ages = new Map<string, number>()

  /** A member has just done records of a partition of which the last one was this old, ms. */
  note(topic: string, partition: number, ageMs: number): void {
    this.#ages.set(`${topic}#${partition}`, Math.max(0, ageMs))
  }

  /**
   * Age in seconds by topic, from where the group stands now; 0 when all is done. What has come since the last look is as old as what
   * this process has done of that partition, and counts as 0 where another one does it: that one tells. Older records are
   * looked up, so a partition that nobody works on is told by everybody. Rejects with what `firstTimestamp` rejects with.
   */
  async look(lags: readonly PartitionLag[], firstTimestamp: FirstTimestamp, now: number): Promise<ReadonlyMap<string, number>> {
    const seconds = new Map<string, number>()
    for (const lag of lags) {
      const ageMs = await this.#ageOf(lag, firstTimestamp, now)
      seconds.set(lag.topic, Math.max(seconds.get(lag.topic) ?? 0, Math.max(0, ageMs) / 1000))
    }
    this.#ages.clear()
    return seconds
  }

  async #ageOf(lag: PartitionLag, firstTimestamp: FirstTimestamp, now: number): Promise<number> {
    const place = `${lag.topic}#${lag.partition}`
    const before = this.#seen.get(place)
    const offset = lag.end - lag.lag
    if (lag.lag === 0n || (before !== undefined && offset >= before.end)) {
      this.#seen.set(place, { end: lag.end, first: undefined })
      return lag.lag === 0n ? 0 : (this.#ages.get(place) ?? 0)
    }
    const known = before?.first
    const isKnown = known?.offset === offset && (known.timestamp !== undefined || before?.end === lag.end)
    const first = isKnown ? known : { offset, timestamp: await firstTimestamp(lag) }
    this.#seen.set(place, { end: lag.end, first })
    return first.timestamp === undefined ? 0 : now - first.timestamp
  }
}
