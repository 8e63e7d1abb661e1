/**
 * The state of stages as their changelogs hold it: what is committed, whether a member runs or not. One key, or figures
 * over all of them.
 */
import { partitionOf } from '../murmur2.ts'
import type { AnyStage } from '../stage.ts'
import { retryTimer } from '../parking.ts'
import { schemaKeyPrefix, stateCodec } from '../stateEntry.ts'
import type { StateEntry } from '../stateStore.ts'
import { kafkaError } from './errors.ts'
import { changelogName } from './names.ts'
import { PartitionReader } from './partitionReader.ts'
import type { LogRecord } from './partitionReader.ts'
import type { Workshop } from './workshop.ts'

export interface KeyState {
  readonly partition: number
  /** Of the last record of the key. */
  readonly offset: bigint
  /** When it was written, ms. */
  readonly writtenAt: number
  /** `undefined` when the state was deleted. */
  readonly entry: StateEntry | undefined
}

export interface StateStats {
  readonly stage: string
  readonly partition: number
  readonly keys: number
  /** Keys that were deleted and whose tombstone is still kept. */
  readonly tombstones: number
  /** Keys and values of the live state, encoded. */
  readonly bytes: number
  readonly timers: number
  /** Keys whose records wait to be folded again. */
  readonly parked: number
  /** Due time of the earliest timer or of the next try of a record that waits, ms. */
  readonly nextTimerAt: number | undefined
  /** Records of the changelog, those that compaction has not taken away yet included. */
  readonly records: number
}

export class StageStates {
  readonly #workshop: Workshop
  readonly #stages: readonly AnyStage[]

  constructor(workshop: Workshop, stages: readonly AnyStage[]) {
    this.#workshop = workshop
    this.#stages = stages.filter(({ state }) => state !== undefined)
  }

  /**
   * The state of one key; `undefined` when the changelog does not know it. Reads the partition of the key whole. Throws
   * E_STATE_UNKNOWN for a stage without state, E_STATE_INCOMPATIBLE when this build cannot read it.
   */
  async get(stageName: string, key: string): Promise<KeyState | undefined> {
    const stage = this.#named(stageName)
    const codec = stateCodec(stage)
    const topic = changelogName(stage.name, this.#workshop.topicPrefix)
    await this.#workshop.counts.load([topic])
    const partition = partitionOf(key, this.#workshop.counts.of(topic))
    let last: LogRecord | undefined
    await this.#read(topic, [partition], (record) => {
      const name = record.key?.toString('utf8') ?? ''
      if (name.startsWith(schemaKeyPrefix) && record.value !== null) codec.learn(name, record.value)
      else if (name === key) last = record
    })
    if (last === undefined) return undefined
    const entry = last.value === null ? undefined : codec.decode(last.value)
    return { partition, offset: last.offset, writtenAt: last.timestamp, entry }
  }

  /** Figures per stage and partition, of one stage or of all. Reads the changelogs whole. */
  async stats(stageName?: string): Promise<readonly StateStats[]> {
    const stages = stageName === undefined ? this.#stages : [this.#named(stageName)]
    const topics = stages.map(({ name }) => changelogName(name, this.#workshop.topicPrefix))
    await this.#workshop.counts.load(topics)
    const stats: StateStats[] = []
    for (const stage of stages) stats.push(...(await this.#statsOf(stage)))
    return stats
  }

  async #statsOf(stage: AnyStage): Promise<readonly StateStats[]> {
    const topic = changelogName(stage.name, this.#workshop.topicPrefix)
    const partitions = Array.from({ length: this.#workshop.counts.of(topic) }, (_, index) => index)
    const tallies = partitions.map(() => new Tally(stage))
    await this.#read(topic, partitions, (record) => tallies[record.partition]?.add(record))
    return tallies.map((tally, partition) => ({ stage: stage.name, partition, ...tally.figures() }))
  }

  async #read(topic: string, partitions: readonly number[], onRecord: (record: LogRecord) => void): Promise<void> {
    const reader = await PartitionReader.connect(this.#workshop.kafka)
    try {
      for (const partition of partitions) await reader.readToEnd(topic, partition, 0n, onRecord)
    } finally {
      await reader.close()
    }
  }

  #named(name: string): AnyStage {
    const stage = this.#stages.find((each) => each.name === name)
    if (stage === undefined)
      throw kafkaError('E_STATE_UNKNOWN', `${name} keeps no state; ${this.#stages.map((each) => each.name).join(', ')} do.`)
    return stage
  }
}

interface Figures {
  readonly bytes: number
  readonly timers: number
  readonly nextTimerAt: number
  readonly parked: number
}

/** What one partition of a changelog amounts to. Keeps a few numbers per key, not the state. */
class Tally {
  readonly #codec
  readonly #keys = new Map<string, Figures | undefined>()
  #records = 0

  constructor(stage: AnyStage) {
    this.#codec = stateCodec(stage)
  }

  add({ key, value }: LogRecord): void {
    this.#records += 1
    const name = key?.toString('utf8') ?? ''
    if (name.startsWith(schemaKeyPrefix)) return
    if (value === null) {
      this.#keys.set(name, undefined)
      return
    }
    const { timers, parked } = this.#codec.outline(value)
    const bytes = (key?.length ?? 0) + value.length
    this.#keys.set(name, {
      bytes,
      timers: Object.keys(timers).filter((each) => each !== retryTimer).length,
      nextTimerAt: Math.min(...Object.values(timers)),
      parked: parked === undefined ? 0 : 1,
    })
  }

  figures(): Omit<StateStats, 'stage' | 'partition'> {
    const live = [...this.#keys.values()].filter((each) => each !== undefined)
    const next = live.reduce((earliest, { nextTimerAt }) => Math.min(earliest, nextTimerAt), Infinity)
    return {
      keys: live.length,
      tombstones: this.#keys.size - live.length,
      bytes: live.reduce((sum, { bytes }) => sum + bytes, 0),
      timers: live.reduce((sum, { timers }) => sum + timers, 0),
      parked: live.reduce((sum, { parked }) => sum + parked, 0),
      nextTimerAt: Number.isFinite(next) ? next : undefined,
      records: this.#records,
    }
  }
}
