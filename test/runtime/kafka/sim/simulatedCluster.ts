/**
 * Brokers in memory with the transactions of KIP-890: what is written adds itself, an end raises the epoch and is answered before
 * its markers are written, each partition gets its own at its own time, offsets are pending until theirs is, and a transaction that
 * is open for too long is aborted. Offsets carry a generation and are refused when it has passed. On demand a marker is left out while
 * the transaction counts as complete (KAFKA-20734), and what goes to a partition is refused for a time.
 */
import type { BatchOfPartition, ProducerIdentity } from '../../../../runtime/kafka/protocol/transactionRequests.ts'
import type { PartitionOffset } from '../../../../runtime/kafka/protocol/committing.ts'
import { Refused, SimulatedGroup } from './simulatedGroup.ts'
import { SimulatedLog } from './simulatedLog.ts'
import type { SimulatedTime } from './simulatedTime.ts'

export const UNKNOWN_TOPIC = 3
const MESSAGE_TOO_LARGE = 10
const INVALID_PRODUCER_EPOCH = 47
const INVALID_TXN_STATE = 48
const INVALID_PRODUCER_ID_MAPPING = 49
export const CONCURRENT_TRANSACTIONS = 51
export const UNSTABLE_OFFSET_COMMIT = 88

const TRANSACTION_TIMEOUT_MS = 20_000
/** Where the offsets of groups are. */
export const OFFSETS_TOPIC = '__consumer_offsets'

type State = 'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort'

interface Id {
  readonly producerId: bigint
  epoch: number
  state: State
  places: Set<SimulatedLog>
  /** By `<topic>#<partition>`, until their marker is written. */
  offsets: Map<string, Stored>
  /** Epoch of the transaction that has them pending. */
  openEpoch: number
  expires: { cancelled: boolean } | undefined
}
interface Stored {
  readonly offset: bigint
  readonly metadata: string
}

export class SimulatedCluster {
  readonly time: SimulatedTime
  readonly #topics = new Map<string, readonly SimulatedLog[]>()
  readonly #ids = new Map<string, Id>()
  readonly #groups = new Map<string, SimulatedGroup>()
  readonly #offsets = new Map<string, Stored>()
  /** Time until a marker is written, ms. */
  readonly #markerMs: () => number
  /** Places, as `<topic>#<partition>`, on which the next marker is left out. */
  readonly #leavesOut = new Set<string>()
  /** Until when what goes to a place is refused as too large, ms. */
  readonly #refuses = new Map<string, number>()

  constructor(time: SimulatedTime, markerMs: () => number) {
    this.time = time
    this.#markerMs = markerMs
  }

  create(topics: readonly string[], partitions: number): void {
    for (const name of topics)
      this.#topics.set(
        name,
        Array.from({ length: partitions }, (_, partition) => new SimulatedLog(name, partition)),
      )
  }

  partitions(topic: string): number {
    return topic === OFFSETS_TOPIC ? 1 : (this.#topics.get(topic)?.length ?? 0)
  }

  log(topic: string, partition: number): SimulatedLog {
    const log = this.#topics.get(topic)?.[partition]
    if (log === undefined) throw new Refused(UNKNOWN_TOPIC)
    return log
  }

  /** Partitions on which a transaction is open, as `<topic>#<partition>`. */
  get open(): readonly string[] {
    return [...this.#topics.values()].flat().flatMap(({ topic, partition, open }) => (open.size === 0 ? [] : [`${topic}#${partition}`]))
  }

  /** The next marker on the partition is left out, as by a broker whose leader is away for a moment. */
  leaveOut(topic: string, partition: number): void {
    this.#leavesOut.add(`${topic}#${partition}`)
  }

  /** Whatever is written to the partition is refused as too large until then, ms. */
  refuse(topic: string, partition: number, until: number): void {
    this.#refuses.set(`${topic}#${partition}`, until)
  }

  /** Writes an end as whoever repairs partitions asks for it, for the offsets of a group too. */
  async endOn(topic: string, partition: number, { producerId, producerEpoch }: ProducerIdentity, commit: boolean): Promise<void> {
    if (topic !== OFFSETS_TOPIC) return this.log(topic, partition).mark(producerId, producerEpoch, commit, this.time.now)
    for (const id of this.#ids.values()) if (id.producerId === producerId) this.#settle(id, commit)
  }

  group(id: string): SimulatedGroup {
    const group = this.#groups.get(id) ?? new SimulatedGroup(this.time)
    this.#groups.set(id, group)
    return group
  }

  /** Every place with an offset of the group. */
  offsetsOf(): ReadonlyMap<string, Stored> {
    return this.#offsets
  }

  committed(place: string, stable: boolean): Stored | undefined {
    if (stable && [...this.#ids.values()].some(({ offsets }) => offsets.has(place))) throw new Refused(UNSTABLE_OFFSET_COMMIT)
    return this.#offsets.get(place)
  }

  initProducerId(id: string): ProducerIdentity {
    const known = this.#ids.get(id) ?? blank(2000n + BigInt(this.#ids.size))
    this.#ids.set(id, known)
    if (known.state === 'Ongoing') {
      known.epoch += 1
      this.#end(known, false)
    }
    if (known.state.startsWith('Prepare')) throw new Refused(CONCURRENT_TRANSACTIONS)
    known.epoch += 1
    known.state = 'Empty'
    return { producerId: known.producerId, producerEpoch: known.epoch }
  }

  describe(id: string): (ProducerIdentity & { readonly state: State }) | undefined {
    const known = this.#ids.get(id)
    return known === undefined ? undefined : { producerId: known.producerId, producerEpoch: known.epoch, state: known.state }
  }

  /** What is open on a partition, as its leader knows it. */
  openOn(topic: string, partition: number): readonly ProducerIdentity[] {
    if (topic === OFFSETS_TOPIC)
      return [...this.#ids.values()]
        .filter(({ offsets }) => offsets.size > 0)
        .map(({ producerId, openEpoch }) => ({ producerId, producerEpoch: openEpoch }))
    return [...this.log(topic, partition).open].map(([id, { epoch }]) => ({ producerId: BigInt(id), producerEpoch: epoch }))
  }

  /** First offsets by `<topic>#<partition>`. */
  async produce(id: string, batches: readonly (BatchOfPartition & ProducerIdentity)[]): Promise<ReadonlyMap<string, number>> {
    const firsts = new Map<string, number>()
    const isRefused = ({ topic, partition }: BatchOfPartition) => this.time.now < (this.#refuses.get(`${topic}#${partition}`) ?? 0)
    if (batches.some(isRefused)) throw new Refused(MESSAGE_TOO_LARGE)
    for (const { topic, partition, batch, ...identity } of batches) {
      const log = this.log(topic, partition)
      this.#inTransaction(id, identity).places.add(log)
      firsts.set(`${topic}#${partition}`, await log.append(batch))
    }
    return firsts
  }

  placeOffsets(
    id: string,
    identity: ProducerIdentity,
    groupId: string,
    member: { readonly memberId: string; readonly generationId: number },
    offsets: readonly PartitionOffset[],
  ): void {
    const known = this.#inTransaction(id, identity)
    if (member.generationId >= 0 || member.memberId !== '') this.group(groupId).check(member.memberId, member.generationId)
    for (const { topic, partition, offset, metadata = '' } of offsets) known.offsets.set(`${topic}#${partition}`, { offset, metadata })
  }

  /** The epoch of the next transaction. */
  endTransaction(id: string, identity: ProducerIdentity, commit: boolean): ProducerIdentity {
    // Before it looks at the epoch, as the broker does while it writes down a change of the id.
    if (this.#ids.get(id)?.state.startsWith('Prepare') === true) throw new Refused(CONCURRENT_TRANSACTIONS)
    const known = this.#owned(id, identity)
    if (known.state !== 'Ongoing') throw new Refused(INVALID_TXN_STATE)
    known.epoch += 1
    this.#end(known, commit)
    return { producerId: known.producerId, producerEpoch: known.epoch }
  }

  #owned(id: string, { producerId, producerEpoch }: ProducerIdentity): Id {
    const known = this.#ids.get(id)
    if (known?.producerId !== producerId) throw new Refused(INVALID_PRODUCER_ID_MAPPING)
    if (known.epoch !== producerEpoch) throw new Refused(INVALID_PRODUCER_EPOCH)
    return known
  }

  #inTransaction(id: string, identity: ProducerIdentity): Id {
    const known = this.#owned(id, identity)
    if (known.state.startsWith('Prepare')) throw new Refused(CONCURRENT_TRANSACTIONS)
    if (known.state === 'Ongoing') return known
    known.state = 'Ongoing'
    known.openEpoch = known.epoch
    known.expires = this.time.after(TRANSACTION_TIMEOUT_MS, () => {
      known.epoch += 1
      this.#end(known, false)
    })
    return known
  }

  /** Decided at once; the markers follow one by one, and with theirs the offsets. */
  #end(id: Id, commit: boolean): void {
    if (id.expires !== undefined) id.expires.cancelled = true
    id.state = commit ? 'PrepareCommit' : 'PrepareAbort'
    const { places, epoch } = id
    id.places = new Set()
    let left = places.size + 1
    const done = () => {
      left -= 1
      if (left === 0) id.state = commit ? 'CompleteCommit' : 'CompleteAbort'
    }
    for (const log of places)
      this.time.after(this.#markerMs(), () => {
        if (this.#leavesOut.delete(`${log.topic}#${log.partition}`)) done()
        else void log.mark(id.producerId, epoch, commit, this.time.now).then(done)
      })
    this.time.after(this.#markerMs(), () => {
      if (!this.#leavesOut.delete(`${OFFSETS_TOPIC}#0`)) this.#settle(id, commit)
      done()
    })
  }

  #settle(id: Id, commit: boolean): void {
    if (commit) for (const [place, stored] of id.offsets) this.#offsets.set(place, stored)
    id.offsets = new Map()
  }
}

function blank(producerId: bigint): Id {
  return { producerId, epoch: -1, state: 'Empty', places: new Set(), offsets: new Map(), openEpoch: -1, expires: undefined }
}
