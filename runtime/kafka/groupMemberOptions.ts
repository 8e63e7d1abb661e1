/** What a member of a group is made with, and whom it tells what. */
import type { Admin, Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import type { JoinTick } from '../joinTick.ts'
import type { Membership } from './protocol/committing.ts'
import type { TaskState } from './taskState.ts'
import type { Held, Place, Unit } from './unit.ts'

export interface GroupMemberOptions<U extends Unit> {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly groupId: string
  readonly topics: readonly string[]
  readonly assignment: 'co-partitioned' | 'aligned'
  readonly logger: Logger
  readonly maxBytesPerPartition?: number
  /** The broker gathers this much, or its longest wait passes, before it answers a fetch: whoever can wait spares it work. */
  readonly minBytes?: number
  readonly maxWaitMs?: number
  /** Creates the unit with this identity. */
  unit(id: string, places: readonly Place[], held: Held<U>): U
  /** The member cannot go on: the process is expected to exit and replay. Before the first join `start` throws instead. */
  onFatal(error: Error): void
  /** Called at each join, before any unit is prepared: as whom it is in the group, and the ids of its units. */
  onJoin?(membership: Membership, ids: readonly string[]): void
  /** What the member keeps copies of while others own it, as ids of units. Those to keep are told some time after a join. */
  readonly standby?: { readonly kept: readonly string[]; keep(ids: readonly string[], ownedIds: readonly string[]): void }
  /** Told every second how many tasks are in each state. */
  onStates?(counts: Readonly<Record<TaskState, number>>): void
  /** A step of a unit that takes longer is reported as stuck, ms. */
  readonly stuckMs?: number | undefined
  readonly sessionTimeoutMs?: number | undefined
  /** It joins and leaves at a tick; at once unless given. */
  readonly tick?: JoinTick
  /** The owner stops it: it does not join any more. */
  readonly signal?: AbortSignal | undefined
  /** It leaves without waiting for the tick. */
  readonly hurry?: AbortSignal | undefined
}
