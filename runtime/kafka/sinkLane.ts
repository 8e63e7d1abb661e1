/**
 * One topic-partition of a sink: gathers records into batches and stores each exactly once. With stored offsets the
 * database is the truth and Kafka's offset a gauge. With deterministic blocks the range of a batch is fixed in the
 * commit metadata before the insert, so that whoever comes after a crash sends the identical block again.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { RekindleError, runtimeError } from '../errors.ts'
import type { RuntimeMetrics } from '../metrics.ts'
import type { Sink, SinkBatch, SinkRecord } from '../sink.ts'
import type { AnyTopic } from '../topic.ts'
import type { OverlappingPhases } from './phaseClock.ts'
import type { Source } from './sourceOffsets.ts'
import { startingAt } from './sourceOffsets.ts'

export interface LaneHooks {
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly time: Pick<OverlappingPhases, 'begin' | 'end' | 'during'>
  /** Commits the next offset of this lane, fenced by the unit's producer; together with what others ask for meanwhile. */
  commit(offset: bigint, metadata: string): Promise<void>
  /** Stores the batch; for stored offsets together with what other lanes of the unit have ready. `progressed` is called while it gets on. */
  write(batch: SinkBatch, progressed: () => void): Promise<void>
  /** A position was reached that is to be committed before long: the unit asks for it with those of other lanes. */
  commitLater(): void
  /** What waits here is old enough to be stored: the other lanes of the unit may store theirs along with it. */
  due(): void
  /** Stops or restarts the flow into this lane. */
  pause(): void
  resume(): void
  /** The lane cannot store: start the unit over. */
  recover(error: unknown): void
  fail(error: Error): void
  /** Called when a batch was stored; `startedAt` is when its last attempt began (`performance.now()`), ms. */
  stored(batch: SinkBatch, startedAt: number): void
  /** Names a step for the stuck detector; one that gets on says so. */
  during<R>(name: string, work: (progressed: () => void) => Promise<R>): Promise<R>
}

interface Waiting {
  readonly record: SinkRecord<never>
  readonly bytes: number
}

/** Records wait up to this many batches or bytes; beyond it the partition is paused. */
const WAITING_BATCHES = 4
const WAITING_BYTES = 16 << 20
/**
 * A place that moved past records that nothing is stored of goes into the database after this long, ms, or with what another lane
 * stores after half of it: left behind for the retention of the topic, it could not be begun from again.
 */
const KEEP_PLACE_MS = 60_000
/** Attempts after which a batch of which the database refuses rows is offered in parts. */
const REFUSED_TIMES = 3
const WRITE_BACKOFF_MS = { first: 200, most: 10_000 }

export class SinkLane {
  readonly topic: AnyTopic
  readonly #sink: Sink
  readonly #physical: string
  readonly #partition: number
  readonly #hooks: LaneHooks
  #waiting: Waiting[] = []
  #bytes = 0
  /** Everything below is stored. */
  #from = 0n
  /** Of stored offsets: the next one as the database has it, and since when it is behind `#from`, ms. */
  #kept = 0n
  #behindSince: number | undefined
  /** Next offset after what was taken in. */
  #next = 0n
  #committed = 0n
  /** A range that a predecessor fixed and may have inserted: it is built again exactly. */
  #fixedEnd: bigint | undefined
  #paused = false
  #live = false
  #draining = false
  /** Counted as waiting for company, unless it does something. */
  #lingers = false
  /** What waits is stored now, however little it is. */
  #flush = false
  /** While a record is looked for that the database refuses: how many are offered at most, up to this offset. */
  #search: { readonly atMost: number; readonly to: bigint } | undefined
  #oldestAt = 0
  #timer: NodeJS.Timeout | undefined
  #storing: Promise<void> | undefined
  #stopping = new AbortController()

  constructor(sink: Sink, topic: AnyTopic, physical: string, partition: number, hooks: LaneHooks) {
    this.#sink = sink
    this.topic = topic
    this.#physical = physical
    this.#partition = partition
    this.#hooks = hooks
  }

  /** Next offset that is not stored yet. */
  get storedTo(): bigint {
    return this.#from
  }

  /**
   * Begins anew from what the database or the broker says; returns the offset to fetch from. `id` is that of the topic, where the cluster
   * gives one.
   */
  async open(source: Source, id?: string): Promise<bigint> {
    await this.close()
    this.#stopping = new AbortController()
    const reader = `sink ${this.#sink.name}`
    const { exactlyOnce } = this.#sink
    if (exactlyOnce.kind === 'stored-offsets') {
      const stored = await exactlyOnce.load(this.topic, this.#partition)
      const known = id === undefined ? undefined : await exactlyOnce.topicId?.(this.topic, this.#partition, id)
      if (stored !== undefined && known !== undefined && known !== id) {
        const place = `offset ${stored} of ${this.#physical} partition ${this.#partition}`
        throw runtimeError('E_OFFSET_OUT_OF_RANGE', `${reader} is at ${place}, and the topic was made anew since (${known}, now ${id}).`)
      }
      this.#from = startingAt(source, stored, reader)
      this.#fixedEnd = undefined
    } else {
      this.#from = startingAt(source, source.committed, reader)
      this.#fixedEnd = fixedEndIn(source.metadata)
    }
    this.#committed = source.committed ?? this.#from
    this.#next = this.#from
    this.#kept = this.#from
    this.#behindSince = undefined
    this.#waiting = []
    this.#bytes = 0
    this.#paused = false
    this.#flush = false
    this.#search = undefined
    this.#live = true
    this.#showLinger()
    // A predecessor that died may have stored more than it committed.
    this.#armCommit()
    return this.#from
  }

  /** Takes records in; they are stored when the batch is full or old enough. */
  add(records: readonly Waiting[], nextOffset: bigint): void {
    if (!this.#live) return
    if (this.#waiting.length === 0) this.#oldestAt = performance.now()
    for (const waiting of records) {
      this.#waiting.push(waiting)
      this.#bytes += waiting.bytes
    }
    if (nextOffset > this.#next) this.#next = nextOffset
    this.#showLinger()
    const { maxRecords } = this.#sink.batch
    // Of a fixed range the rest has to come, however much it is: held back, it would be waited for without end.
    const mayWait = this.#fixedEnd === undefined || this.#next > this.#fixedEnd
    const isMuch = this.#waiting.length >= WAITING_BATCHES * maxRecords || this.#bytes >= WAITING_BYTES
    if (!this.#paused && mayWait && isMuch) {
      this.#paused = true
      this.#hooks.pause()
    }
    this.#schedule()
  }

  /** Stores what waits now, because another lane of the unit stores. */
  flush(): void {
    if (this.#storing !== undefined || (this.#waiting.length === 0 && this.#behindMs() < KEEP_PLACE_MS / 2)) return
    this.#flush = true
    this.#schedule()
  }

  /** Stores what waits without waiting for company. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#schedule()
    while (this.#storing !== undefined) await this.#storing
    await this.commitReached()
  }

  /** Ends retries; resolves when no write is under way. */
  async close(): Promise<void> {
    this.suspend()
    await this.#storing
  }

  suspend(): void {
    this.#live = false
    this.#showLinger()
    this.#stopping.abort()
    clearTimeout(this.#timer)
  }

  #showLinger(): void {
    const lingers = this.#live && this.#waiting.length > 0
    if (lingers === this.#lingers) return
    this.#lingers = lingers
    if (lingers) this.#hooks.time.begin('linger')
    else this.#hooks.time.end('linger')
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (!this.#live || this.#storing !== undefined) return
    if (this.#waiting.length === 0 && this.#fixedEnd === undefined) {
      // Nothing but filtered records up to here.
      this.#from = this.#next
      this.#armCommit()
      if (!this.#keepsPlaces || this.#from <= this.#kept) return
      this.#behindSince ??= performance.now()
      if (!this.#flush) {
        this.#timer = setTimeout(() => this.#hooks.due(), Math.max(1, KEEP_PLACE_MS - this.#behindMs()))
        return
      }
      this.#storing = this.#settled(this.#store())
      return
    }
    if (!this.#isDue()) {
      if (this.#fixedEnd === undefined)
        this.#timer = setTimeout(() => this.#hooks.due(), Math.max(1, this.#oldestAt + this.#sink.batch.maxMs - performance.now()))
      return
    }
    this.#storing = this.#settled(this.#store())
  }

  get #keepsPlaces(): boolean {
    return this.#sink.exactlyOnce.kind === 'stored-offsets'
  }

  /** How long the database has had an older place than this, ms. */
  #behindMs(): number {
    return this.#behindSince === undefined ? 0 : performance.now() - this.#behindSince
  }

  /** Ends a step: what failed starts the unit over or stops the member, what succeeded looks for the next one. */
  #settled(step: Promise<void>): Promise<void> {
    return step
      .catch((error: unknown) => {
        if (error instanceof RekindleError && !error.retriable) this.#hooks.fail(error)
        else if (this.#live) this.#hooks.recover(error)
        this.#live = false
      })
      .finally(() => {
        this.#storing = undefined
        this.#schedule()
      })
  }

  #isDue(): boolean {
    if (this.#fixedEnd !== undefined) return this.#next > this.#fixedEnd
    return this.#draining || this.#flush || this.#waiting.length >= this.#sink.batch.maxRecords
  }

  async #store(): Promise<void> {
    this.#flush = false
    const batch = this.#nextBatch()
    if (batch.records.length > 0 || this.#keepsPlaces) {
      if (!this.#keepsPlaces && this.#fixedEnd === undefined) {
        await this.#hooks.during(`fix ${batch.token}`, () => this.#hooks.commit(batch.min, JSON.stringify({ end: String(batch.max) })))
        this.#committed = batch.min
      }
      if (!(await this.#write(batch))) return
    }
    this.#from = batch.max + 1n
    this.#kept = this.#from
    this.#behindSince = undefined
    this.#fixedEnd = undefined
    this.#widen()
    const gone = this.#waiting.splice(0, batch.records.length)
    this.#bytes -= gone.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#oldestAt = performance.now()
    this.#showLinger()
    this.#armCommit()
    if (this.#paused && this.#live && this.#waiting.length < this.#sink.batch.maxRecords * 2 && this.#bytes < WAITING_BYTES / 2) {
      this.#paused = false
      this.#hooks.resume()
    }
  }

  /** The first half of it next, and at once. */
  #narrow({ records, max }: SinkBatch): void {
    this.#search = { atMost: Math.ceil(records.length / 2), to: this.#search?.to ?? max }
    this.#flush = true
  }

  /** A part was stored: the next may be larger, until the batch in which a record was refused is behind. */
  #widen(): void {
    const search = this.#search
    if (search === undefined) return
    this.#search = this.#from > search.to ? undefined : { ...search, atMost: search.atMost * 2 }
    this.#flush = this.#search !== undefined
  }

  #nextBatch(): SinkBatch {
    const end = this.#fixedEnd
    const most = Math.min(this.#sink.batch.maxRecords, this.#search?.atMost ?? Infinity)
    const taken: SinkRecord<never>[] = []
    for (const { record } of this.#waiting) {
      if (end === undefined ? taken.length >= most : record.offset > end) break
      taken.push(record)
    }
    const all = taken.length === this.#waiting.length
    const max = end ?? (all ? this.#next - 1n : (taken.at(-1)?.offset ?? this.#from))
    const min = taken.length === 0 && this.#keepsPlaces ? this.#kept : this.#from
    return {
      topic: this.topic,
      partition: this.#partition,
      records: taken,
      min,
      max,
      token: `${this.#physical}-${this.#partition}-${min}-${max}`,
      maybeStored: end !== undefined,
    }
  }

  /** The very same batch until it is stored; false when the lane was told to stop before that, or to offer a part of it first. */
  async #write(first: SinkBatch): Promise<boolean> {
    let batch = first
    let refused = 0
    const labels = { sink: this.#sink.name, topic: this.topic.name }
    const { time } = this.#hooks
    for (let wait = WRITE_BACKOFF_MS.first; ; wait = Math.min(wait * 2, WRITE_BACKOFF_MS.most)) {
      if (!this.#live) return false
      const started = performance.now()
      try {
        const offered = batch
        const write = (progressed: () => void) => this.#hooks.write(offered, progressed)
        await time.during('write', () => this.#hooks.during(`write ${offered.token}`, write))
        this.#hooks.metrics.count('lr_sink_batches_total', { ...labels, outcome: 'stored' })
        this.#hooks.metrics.count('lr_sink_records_total', labels, batch.records.length)
        this.#hooks.metrics.observe('lr_sink_batch_duration_seconds', labels, (performance.now() - started) / 1000)
        this.#hooks.stored(batch, started)
        return true
      } catch (error) {
        this.#hooks.metrics.count('lr_sink_batches_total', { ...labels, outcome: 'failed' })
        if (error instanceof RekindleError && !error.retriable) throw error
        refused = this.#keepsPlaces && this.#sink.refuses?.(error) === true ? refused + 1 : 0
        if (refused >= (this.#search === undefined ? REFUSED_TIMES : 1) && first.records.length > 1) {
          this.#narrow(first)
          return false
        }
        const [only, ...others] = first.records
        if (refused > 0 && only !== undefined && others.length === 0) {
          const { partition, offset } = only
          this.#hooks.logger.error(
            { ...labels, partition, offset: String(offset), err: error },
            'the database refuses this record, and all behind it wait; it is tried again',
          )
        } else this.#hooks.logger.warn({ ...labels, token: batch.token, err: error }, 'a batch was not stored, the same one is tried again')
        batch = { ...first, maybeStored: true }
        await time.during('wait', () => delay(wait, undefined, { signal: this.#stopping.signal }).catch(() => undefined))
      }
    }
  }

  #armCommit(): void {
    if (this.#from > this.#committed) this.#hooks.commitLater()
  }

  /** Commits the position that was reached, if that has not happened yet. */
  async commitReached(): Promise<void> {
    // While a range is fixed, its end stands in the metadata of the committed offset and must stay there.
    if (!this.#live || this.#fixedEnd !== undefined || this.#from <= this.#committed) return
    if (this.#storing !== undefined) return this.#armCommit()
    const offset = this.#from
    this.#storing = this.#settled(
      (async () => {
        await this.#hooks.during(`commit ${this.#physical}`, () => this.#hooks.commit(offset, ''))
        this.#committed = offset
      })(),
    )
    await this.#storing
  }
}

/** The last offset of a range that was fixed but not confirmed, from commit metadata. */
function fixedEndIn(metadata: string): bigint | undefined {
  if (!metadata.startsWith('{')) return undefined
  const { end } = JSON.parse(metadata) as { end?: unknown }
  return typeof end === 'string' ? BigInt(end) : undefined
}
