/**
 * State of a stage on its compacted changelog: what a transaction writes for a change, and putting it back. A store
 * remembers up to where it agrees with the log, so that only what it missed is restored.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AnyStage } from '../stage.ts'
import type { RestorableStore } from '../state/restorableStore.ts'
import { stateCodec } from '../stateEntry.ts'
import type { StateEntry } from '../stateStore.ts'
import type { StateCodec } from '../stateEntry.ts'
import type { StateChange } from '../task.ts'
import { TRANSACTION_ENDED_MS } from './client.ts'
import type { ClusterConnection } from './cluster.ts'
import { changelogName } from './names.ts'
import type { LogRecord, OffsetRange, PartitionReader } from './partitionReader.ts'
import { topicId } from './topicId.ts'
import type { OutgoingRecord } from './openTransactions.ts'

const NO_HEADERS = {}
const SETTLE_MS = 5

/** A partition of a changelog as it stands on the broker. */
export interface FoundLog {
  readonly range: OffsetRange | undefined
  /** Of the topic; `undefined` where the cluster gives none. */
  readonly id: string | undefined
}

interface Written {
  readonly key: string
  readonly entry: StateEntry | undefined
  readonly value: Buffer | null
}

export class Changelog {
  readonly topic: string
  readonly stage: string
  readonly partition: number
  readonly #codec: StateCodec
  readonly #store: RestorableStore
  /** What the last transaction writes, for the store when it has committed. */
  #written: readonly Written[] = []

  constructor(stage: AnyStage, partition: number, prefix: string, store: RestorableStore) {
    this.topic = changelogName(stage.name, prefix)
    this.stage = stage.name
    this.partition = partition
    this.#codec = stateCodec(stage)
    this.#store = store
  }

  /**
   * Puts back everything committed that the store misses; returns the number of records read. Transactions that are open when
   * it begins are waited for: one of a predecessor may be committed, its offsets read already, and its end here still to come.
   * Throws as soon as nobody wants it any more: what is open then may be what the next take-over has to end. What was put back by then
   * stays. `progressed` is called after each fetch.
   */
  async restore(
    reader: PartitionReader,
    connection: ClusterConnection,
    logger: Logger,
    live: () => boolean = () => true,
    progressed: () => void = () => undefined,
  ): Promise<number> {
    const log = await this.#settled(reader, connection, live)
    const from = this.agreed(log, logger)
    let records = 0
    const take = (record: LogRecord) => {
      records += 1
      this.take(record)
    }
    const end = await reader.readToEnd(this.topic, this.partition, from, take, () => {
      progressed()
      this.#mustBeWanted(live)
    })
    this.reached(end)
    return records
  }

  /** The log without a transaction that was open at the call. Throws when one does not end in time. */
  async #settled(reader: PartitionReader, connection: ClusterConnection, live: () => boolean): Promise<FoundLog> {
    const logEnd = await reader.logEnd(this.topic, this.partition)
    for (const until = performance.now() + TRANSACTION_ENDED_MS; ;) {
      const log = await this.look(reader, connection)
      if (log.range === undefined || log.range.end >= logEnd) return log
      this.#mustBeWanted(live)
      if (performance.now() > until)
        throw new Error(
          `${this.topic} partition ${this.partition}: a transaction is open since ${TRANSACTION_ENDED_MS / 1000} s at offset ${log.range.end}`,
        )
      await delay(SETTLE_MS)
    }
  }

  #mustBeWanted(live: () => boolean): void {
    if (!live()) throw new Error(`${this.topic} partition ${this.partition}: the group has assigned anew`)
  }

  /** What the broker says of the log now. */
  async look(reader: PartitionReader, connection: ClusterConnection): Promise<FoundLog> {
    const range = (await reader.ranges(this.topic, [this.partition])).get(this.partition)
    return { range, id: await topicId(connection, this.topic, this.partition) }
  }

  /**
   * Whether the end of the store's last commit is not written yet: a commit is answered before it is, and until then the log
   * ends for readers where that transaction began. Taken for another history, the store would lose what it committed.
   */
  async awaitsEnd(reader: PartitionReader, log: FoundLog): Promise<boolean> {
    const { position } = this.#store
    const { range } = log
    if (range === undefined || position <= range.end || this.#madeAnew(log)) return false
    return position <= (await reader.logEnd(this.topic, this.partition))
  }

  /** The offset from which the store misses this log. Empties a store that is not of one history with it. */
  agreed(log: FoundLog, logger: Logger): bigint {
    const store = this.#store
    const { range, id } = log
    const anew = this.#madeAnew(log)
    if (id !== undefined) store.identify(id)
    if (anew || (range !== undefined && store.position > 0n && (store.position > range.end || store.position < range.low))) {
      // Of a topic that is gone, ahead of the log, or the log was cut behind it: each time the two are not of one history.
      const place = { topic: this.topic, partition: this.partition, position: String(store.position) }
      logger.warn(
        { ...place, low: String(range?.low), end: String(range?.end) },
        anew
          ? 'the changelog of the local state was deleted and made anew; the state is restored from the beginning'
          : 'local state does not agree with its changelog and is restored from the beginning',
      )
      store.wipe()
    }
    return store.position
  }

  /** Offsets say nothing then: those of the new topic may well reach beyond the store's. */
  #madeAnew({ id }: FoundLog): boolean {
    const { changelogId, position } = this.#store
    return position > 0n && id !== undefined && changelogId !== undefined && id !== changelogId
  }

  /** Puts back one record as it stands on the log. */
  take({ key, value, offset }: LogRecord): void {
    this.#store.load(key?.toString('utf8') ?? '', value, offset + 1n)
  }

  /** Everything before the offset has been read. */
  reached(offset: bigint): void {
    this.#store.advance(offset)
  }

  /** The records that make these changes durable, in one transaction with their cause. */
  records(changes: readonly StateChange[], at: number): OutgoingRecord[] {
    this.#written = []
    const own = changes.filter(({ stage }) => stage === this.stage)
    if (own.length === 0) return []
    // Written out: with a spread each record costs 1.5 µs more than its encoding.
    const record = (key: string, value: Buffer | null): OutgoingRecord => ({
      topic: this.topic,
      partition: this.partition,
      key,
      value,
      timestamp: at,
      headers: NO_HEADERS,
    })
    this.#written = own.map(({ key, entry }) => ({ key, entry, value: entry === undefined ? null : this.#codec.encode(entry) }))
    const states = this.#written.map(({ key, value }) => record(key, value))
    const { definition } = this.#codec
    // The definition comes once and first: written again, compaction would move it behind states that need it.
    return this.#store.defined ? states : [record(definition.key, definition.value), ...states]
  }

  /** Called when a transaction with `count` records of this changelog has committed, the first at `firstOffset`. */
  committed(firstOffset: bigint, count: number): void {
    for (const { key, entry, value } of this.#written) if (entry !== undefined && value !== null) this.#store.encoded(key, entry, value)
    this.#written = []
    this.#store.advance(firstOffset + BigInt(count), true)
  }
}
