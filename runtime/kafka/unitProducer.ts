/**
 * The transactional producer of one unit. Opening it fences the unit's previous owner and ends what that one left open.
 * After any error it is dropped: its transaction may or may not have committed, and only the log can tell.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import type { RuntimeMetrics } from '../metrics.ts'
import { ClassicTransactions } from './classicTransactions.ts'
import type { ClusterConnection } from './cluster.ts'
import { typeOf } from './errorType.ts'
import { believed, endAbandoned, endCompleted, endForgotten, hasForgotten } from './hangingTransactions.ts'
import type { Custody } from './hangingTransactions.ts'
import { ImplicitTransactions } from './implicitTransactions.ts'
import { groupName, transactionalId } from './names.ts'
import type { OpenTransactions, OutgoingRecord, SourceOffset, TransactionProtocol } from './openTransactions.ts'
import type { Membership } from './protocol/committing.ts'
import { unknownSizes } from './recordSizes.ts'
import type { RecordSizes } from './recordSizes.ts'

/**
 * Error types that say another producer with this transactional id has been initialised since, or the group has gone on
 * without this member.
 */
const FENCED = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'TRANSACTIONAL_ID_NOT_FOUND',
  'INVALID_TXN_STATE',
])

/** True when the error means that this owner may have been replaced. */
export function isFenced(error: unknown): boolean {
  const type = typeOf(error)
  return type !== undefined && FENCED.has(type)
}

export interface UnitProducerOptions {
  readonly kafka: Kafka
  readonly cluster: ClusterConnection
  readonly protocol: TransactionProtocol
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly topicPrefix: string
  readonly group: string
  /** Identity of the unit within the group. */
  readonly unit: string | number
  /** Physical topics that the unit may write. */
  readonly topics: readonly string[]
  /** How much a topic takes in one batch; as much as most do unless given. */
  readonly sizes?: Pick<RecordSizes, 'batchBytes'>
  /** How often what was committed is looked after, ms. */
  readonly lookAfterMs?: number
}

/** A marker is left out when a broker comes back, which takes it some ten seconds: there is no use in looking more often. */
const LOOK_AFTER_MS = 15_000
/** How long a close waits for the answer whether readers have what was committed. Usually the coordinator has it within some 10 ms. */
const LAST_LOOK_MS = 3_000
const LAST_LOOK_AGAIN_MS = 10

export class UnitProducer {
  readonly #options: UnitProducerOptions
  readonly #custody: Custody
  readonly #groupId: string
  #open: OpenTransactions | undefined
  #openedBy: string | undefined
  #committing: Promise<unknown> = Promise.resolve()
  /** While the ends of committed transactions are written: nothing of this id may be under way then. */
  #mending: Promise<unknown> | undefined
  /** Committed since it was last seen that nothing is left open. */
  #unsure = false
  /** Where, as `<topic>#<partition>`: all units asking about all partitions would grow with the square of their number. */
  readonly #written = new Set<string>()
  #watch: NodeJS.Timeout | undefined

  constructor(options: UnitProducerOptions) {
    const { group, unit, topicPrefix, metrics } = options
    this.#options = options
    this.#groupId = groupName(group, topicPrefix)
    this.#custody = {
      ...options,
      transactionalId: transactionalId(group, unit, topicPrefix),
      onMended: (verdict) => metrics.count('lr_transactions_mended_total', { group, verdict }),
      onUnseen: () => metrics.count('lr_transactions_unseen_total', { group }),
    }
  }

  /**
   * Takes over. Does nothing while the producer is whole, unless the owner has become another member of the group since: the group has
   * given it up and it is back, and whoever had the id in between may have left a transaction open.
   */
  async open(memberId?: string): Promise<void> {
    if (this.#open !== undefined && memberId === this.#openedBy) return
    await this.drop()
    const { kafka, protocol, sizes = unknownSizes } = this.#options
    const before = await believed(this.#custody)
    await endCompleted(this.#custody, before)
    const open = await (protocol === 'implicit' ? ImplicitTransactions : ClassicTransactions).open(
      kafka,
      this.#custody.transactionalId,
      this.#groupId,
      (topic) => sizes.batchBytes(topic),
    )
    try {
      await endAbandoned(this.#custody, before)
    } catch (error) {
      await open.close().catch(() => undefined)
      throw error
    }
    this.#open = open
    this.#openedBy = memberId
    this.#unsure = false
    this.#written.clear()
    this.#lookAgain(open)
  }

  /** True from `open` to the first error. */
  get whole(): boolean {
    return this.#open !== undefined
  }

  /**
   * Writes records and offsets atomically; under the implicit protocol nothing, once the group has gone on from this membership.
   * Returns the first offset given out per `<topic>#<partition>`.
   */
  async commit(
    records: readonly OutgoingRecord[],
    offsets: readonly SourceOffset[],
    membership?: Membership,
    onWritten?: () => void,
  ): Promise<ReadonlyMap<string, bigint>> {
    if (this.#mending !== undefined) await this.#mending
    const open = this.#open
    if (open === undefined) throw new Error('the unit has no open producer')
    this.#unsure = true
    const committed = open.commit(records, offsets, membership, onWritten)
    this.#committing = committed.catch(() => undefined)
    try {
      const firsts = await committed
      for (const place of firsts.keys()) this.#written.add(place)
      return firsts
    } catch (error) {
      await this.drop()
      throw error
    }
  }

  /**
   * Lets go in good order: first looks after what it committed. Whoever takes the id over would do so, but after the last stop of a
   * group, or the one commit of a command, nobody may ever come, and readers would wait for good.
   */
  async close(): Promise<void> {
    const open = this.#open
    clearTimeout(this.#watch)
    if (open?.identity !== undefined && this.#unsure) await this.#lookLast(open)
    await this.drop()
  }

  /** Lets go at once, as after an error: whoever takes over judges. */
  async drop(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    clearTimeout(this.#watch)
    await open?.close().catch(() => undefined)
  }

  /** A unit that pauses would otherwise learn only at its next commit that readers wait for the end of its last one. */
  #lookAgain(open: OpenTransactions): void {
    this.#watch = setTimeout(() => {
      this.#lookAfter(open)
        .catch((error: unknown) => {
          this.#options.logger.warn({ error: String(error) }, 'what was committed could not be looked after, once more later')
        })
        .finally(() => {
          if (this.#open === open) this.#lookAgain(open)
        })
    }, this.#options.lookAfterMs ?? LOOK_AFTER_MS).unref()
  }

  /** Looks until nothing is left open, within bounds: a broker that is away must not hold up a stop. */
  async #lookLast(open: OpenTransactions): Promise<void> {
    const late = new AbortController()
    let why = 'the coordinator is still ending it'
    // It ends with the drop that follows when it is late.
    const looked = (async () => {
      while (this.#open === open && this.#unsure) {
        await this.#lookAfter(open).catch((error: unknown) => void (why = String(error)))
        if (this.#unsure) await delay(LAST_LOOK_AGAIN_MS)
      }
    })()
    await Promise.race([looked, delay(LAST_LOOK_MS, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
    if (!this.#unsure) return
    const { transactionalId } = this.#custody
    this.#options.logger.warn({ transactionalId, why }, 'closed without knowing whether readers have what was committed last')
  }

  async #lookAfter(open: OpenTransactions): Promise<void> {
    const { identity } = open
    if (!this.#unsure || identity === undefined) return
    const custody = { ...this.#custody, concerns: (topic: string, partition: number) => this.#written.has(`${topic}#${partition}`) }
    const found = await hasForgotten(custody, identity)
    if (this.#open !== open || found === 'ending') return
    if (found !== 'something') {
      // What was committed meanwhile was not looked at.
      if (open.identity === identity) {
        this.#unsure = false
        this.#written.clear()
      }
      return
    }
    const mended = this.#committing.then(async () => {
      if (this.#open === open && open.identity !== undefined) await endForgotten(custody, open.identity)
    })
    const mending = mended
      .catch(() => undefined)
      .then(() => {
        this.#mending = undefined
      })
    this.#mending = mending
    await mended
  }
}
