/**
 * One transaction for all units of a member that have something to commit: the broker pays for each transaction, not for what
 * is in it. The coordinator of the group fences: it refuses offsets of a generation that has passed, and every part carries
 * some. One transaction is under way at a time; what is handed in meanwhile waits for the next.
 */
import type { RuntimeMetrics } from '../metrics.ts'
import type { Membership } from './protocol/committing.ts'
import { measured } from './unitTransactions.ts'
import type { TakeOverProducer, TakeOverWork, TransactionalProducer, TransactionPart, UnitTransactions } from './unitTransactions.ts'

export interface SharedTransactionsOptions {
  readonly metrics: RuntimeMetrics
  readonly group: string
  /** A producer under the transactional id of this unit; not opened yet. */
  producer(partition: number): TransactionalProducer
}

interface WaitingPart extends TransactionPart {
  readonly partition: number
  readonly done: (firsts: ReadonlyMap<string, bigint>) => void
  readonly failed: (error: unknown) => void
}

/** How long a small part waits for those that are announced, ms: folding a batch of a few records takes less. */
const GATHER_MS = 5
/**
 * How long a part that has failed by itself lets others go before it, ms. All begin anew after a failure, and who waits for a fetch by then
 * comes up to 100 ms later (the client's longest wait).
 */
const BEHIND_MS = 150
/** A part of at least this many records shows load: it does not wait, since what follows is folded while it is under way. */
const LARGE_PART = 100
/** Bytes of one transaction that several parts share; one part alone may be larger. A broker takes requests of 100 MB. */
const SHARED_BYTES = 8 * 2 ** 20
/**
 * Bytes that parts may add to partitions of other units. A unit bounds its share of a partition to 800 KB, the broker a batch to
 * 1 MB: together they stay below it.
 */
const FOREIGN_BYTES = 150_000
const OVERHEAD_BYTES = 100

/** The parts were folded under an assignment that has passed. */
export class AssignmentPassed extends Error {
  readonly type = 'REBALANCE_IN_PROGRESS'
  constructor() {
    super('the group has assigned anew before this was committed')
    this.name = 'AssignmentPassed'
  }
}

export class SharedTransactions {
  readonly #options: SharedTransactionsOptions
  readonly #waiting: WaitingPart[] = []
  readonly #announced = new Set<number>()
  #membership: Membership | undefined
  /** Whose transactional id the transactions have: no two members of one generation have the same lowest partition. */
  #lowest: number | undefined
  /** The ids of these units have a transaction that may not be ended. */
  readonly #unended = new Set<number>()
  #producer: TransactionalProducer | undefined
  #opening: Promise<void> | undefined
  #underWay: Promise<void> | undefined
  /** Producers of assignments that have passed are closed by then. */
  #lettingGo: Promise<unknown> = Promise.resolve()
  /** So many of the next transactions carry one part each: one of them made a shared one fail. */
  #alone = 0
  /** Units whose part failed by itself after it had made a shared one fail. Each failure refuses all that wait, so they go last. */
  readonly #suspects = new Set<number>()
  #behind: NodeJS.Timeout | undefined
  #wasBehind = false
  #gathering: NodeJS.Timeout | undefined
  #gathered = false

  constructor(options: SharedTransactionsOptions) {
    this.#options = options
  }

  /** The member has these partitions from now on, in this generation. What was folded before and not sent is refused. */
  assigned(partitions: readonly number[], membership: Membership): void {
    const isSame = membership.memberId === this.#membership?.memberId
    this.#membership = membership
    this.#suspects.clear()
    this.#refuse(new AssignmentPassed())
    const lowest = partitions.length === 0 ? undefined : Math.min(...partitions)
    if (isSame && lowest === this.#lowest) return
    this.#lowest = lowest
    this.#lettingGo = Promise.allSettled([this.#lettingGo, this.#letGo()])
  }

  /** How the unit of this partition commits. */
  unit(partition: number): UnitTransactions {
    let fencedAs: string | undefined
    let takenOverIn: Membership | undefined
    return {
      takeOver: async (work) => {
        const now = (takenOverIn = this.#membership)
        // Under its own id: a predecessor may have shared under it, or moved state by it. Whoever has become another member has one again:
        // the group has given it up and it is back. And a transaction of ours may have failed under it before the member got a lower partition.
        if (now === undefined || fencedAs !== now.memberId || this.#unended.has(partition))
          await (partition === this.#lowest ? this.#alongside(work, now) : this.#fence(partition, work, now))
        fencedAs = now?.memberId
        await this.#open()
      },
      announce: () => void this.#announced.add(partition),
      retract: () => {
        if (this.#announced.delete(partition)) this.#next()
      },
      commit: (part) => {
        this.#announced.delete(partition)
        if (part.offsets.length === 0) throw new Error(`partition ${partition} commits without offsets: nothing would fence it`)
        // Handed in after the next join, it would pass the fence in the name of a generation in which somebody else has the partition.
        if (takenOverIn !== this.#membership) return Promise.reject(new AssignmentPassed())
        return new Promise((done, failed) => {
          this.#waiting.push({ ...part, partition, done, failed })
          this.#next()
        })
      },
      close: async () => {
        this.#announced.delete(partition)
        this.#refuse(new AssignmentPassed(), partition)
      },
    }
  }

  /** Ends it, once nothing is under way, and what an assignment before the last has left is let go too. */
  async close(): Promise<void> {
    this.#refuse(new AssignmentPassed())
    this.#lowest = undefined
    await Promise.all([this.#letGo(), this.#lettingGo])
  }

  /** Closes the producer once nothing is under way on it: closed while it opens, it would stay open, and nobody would know of it. */
  async #letGo(): Promise<void> {
    const [producer, opening] = [this.#producer, this.#opening]
    this.#producer = undefined
    this.#opening = undefined
    await Promise.allSettled([this.#underWay, opening])
    await producer?.close()
  }

  async #fence(partition: number, work: TakeOverWork, now: Membership | undefined): Promise<void> {
    const producer = this.#options.producer(partition)
    try {
      await producer.open()
      this.#unended.delete(partition)
      await work(inTheNameOf(now, producer), () => undefined)
    } catch (error) {
      await producer.drop()
      throw error
    }
    await producer.close()
  }

  /** Work that commits under the shared id by itself: nothing else is under way meanwhile. */
  async #alongside(work: TakeOverWork, now: Membership | undefined): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay
    await this.#during(async () => {
      await this.#open()
      if (this.#producer === undefined) throw new AssignmentPassed()
      await work(inTheNameOf(now, this.#producer), () => this.#waiting.forEach(({ onWait }) => onWait?.()))
    })
  }

  /** Opens the shared id, or does nothing while it is whole. */
  async #open(): Promise<void> {
    const lowest = this.#lowest
    if (lowest === undefined) throw new AssignmentPassed()
    const producer = (this.#producer ??= this.#options.producer(lowest))
    if (producer.whole) return
    const opening = (this.#opening ??= producer.open())
    try {
      await opening
      this.#unended.delete(lowest)
    } finally {
      if (this.#opening === opening) this.#opening = undefined
    }
  }

  async #during<R>(work: () => Promise<R>): Promise<R> {
    const worked = work()
    const ended = worked.then(
      () => undefined,
      () => undefined,
    )
    this.#underWay = ended
    try {
      return await worked
    } finally {
      this.#underWay = undefined
      this.#next()
    }
  }

  /** Lets the next transaction go, unless one is under way or company is on its way. */
  #next(): void {
    if (this.#underWay !== undefined || this.#waiting.length === 0) return
    if (!this.#wasBehind && this.#waiting.every(({ partition }) => this.#suspects.has(partition))) {
      this.#behind ??= setTimeout(() => {
        this.#behind = undefined
        this.#wasBehind = true
        this.#next()
      }, BEHIND_MS)
      return
    }
    const large = this.#waiting.some(({ inputs }) => inputs >= LARGE_PART)
    if (this.#announced.size > 0 && !large && !this.#gathered) {
      this.#gathering ??= setTimeout(() => {
        this.#gathering = undefined
        this.#gathered = true
        this.#next()
      }, GATHER_MS)
      return
    }
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    this.#gathered = false
    clearTimeout(this.#behind)
    this.#behind = undefined
    this.#wasBehind = false
    void this.#during(() => this.#commit(this.#take()))
  }

  async #commit(parts: readonly WaitingPart[]): Promise<void> {
    const [producer, lowest] = [this.#producer, this.#lowest]
    try {
      // Opened by whoever takes over: after an error each unit reads anew what is committed, before it writes again.
      if (producer?.whole !== true) throw new AssignmentPassed()
      const records = parts.flatMap((part) => part.records)
      const offsets = parts.flatMap((part) => part.offsets)
      const tell = (step: 'produce' | 'commit') => {
        for (const { onStep } of parts) onStep?.(step)
      }
      tell('produce')
      const firsts = await measured(this.#options, parts, () => producer.commit(records, offsets, this.#membership, () => tell('commit')))
      if (this.#alone > 0) this.#alone -= 1
      for (const { partition, done } of parts) {
        this.#suspects.delete(partition)
        done(firsts)
      }
    } catch (error) {
      if (lowest !== undefined && producer !== undefined) this.#unended.add(lowest)
      if (parts.length > 1) this.#alone = parts.length
      else if (this.#alone > 0 && !(error instanceof AssignmentPassed)) for (const { partition } of parts) this.#suspects.add(partition)
      for (const { failed } of parts) failed(error)
      this.#refuse(error)
    }
  }

  /** What goes together: in the order in which it was handed in, within the bounds of a request and of a batch. */
  #take(): readonly WaitingPart[] {
    const others = this.#waiting.filter(({ partition }) => !this.#suspects.has(partition))
    const first = others.length === 0 ? this.#waiting : others
    const taken = first.slice(0, this.#alone > 0 || others.length === 0 ? 1 : this.#fitting(first))
    for (const part of taken) this.#waiting.splice(this.#waiting.indexOf(part), 1)
    return taken
  }

  /** How many of these fit into one transaction; the first always does. */
  #fitting(parts: readonly WaitingPart[]): number {
    let bytes = 0
    let foreign = 0
    const tooMany = parts.findIndex(({ partition, records }, at) => {
      for (const { partition: to, value } of records) {
        const size = (value?.length ?? 0) + OVERHEAD_BYTES
        bytes += size
        if (to !== partition) foreign += size
      }
      return at > 0 && (bytes > SHARED_BYTES || foreign > FOREIGN_BYTES)
    })
    return tooMany < 0 ? parts.length : tooMany
  }

  #refuse(error: unknown, partition?: number): void {
    const refused = this.#waiting.filter((part) => partition === undefined || part.partition === partition)
    for (const part of refused) {
      this.#waiting.splice(this.#waiting.indexOf(part), 1)
      part.failed(error)
    }
  }
}

/**
 * The id of a unit fences nobody who shares under another one: a member that slept in a take-over would set offsets back that the owner has
 * committed since, and its records would be done again.
 */
function inTheNameOf(now: Membership | undefined, producer: TransactionalProducer): TakeOverProducer {
  return { commit: (records, offsets) => producer.commit(records, offsets, now) }
}
