/** Refusals that only mean "a moment later": asked again with short waits that grow, for as long as a transaction may last. */
import { setTimeout as delay } from 'node:timers/promises'
import { typeOf } from './errorType.ts'

/** The broker ends a transaction that is open for longer, ms. */
export const TRANSACTION_TIMEOUT_MS = 20_000

/**
 * The coordinator is being found or loaded, or is still ending a transaction of this id or group. Both the protocol's names
 * and those of the client, which calls some by older ones.
 */
export const coordinatorBusy: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'UNSTABLE_OFFSET_COMMIT',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
])

/** The coordinator is at another change of this id, by which its owner may have been replaced: nothing of the request took place. */
export const idBusy: ReadonlySet<string> = new Set(['CONCURRENT_TRANSACTIONS'])

/** The leader of a partition has just moved, or a new partition has none yet; whoever is asked again has fresh metadata. */
export const leaderMoves: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
])

const WAIT_MS = { first: 1, most: 200 }

/** Repeats `attempt` while it is refused with one of these types; throws any other error, and the last refusal at the end. */
export async function patiently<R>(refusals: ReadonlySet<string>, attempt: () => Promise<R>): Promise<R> {
  const until = performance.now() + TRANSACTION_TIMEOUT_MS
  for (let wait = WAIT_MS.first; ; wait = Math.min(wait * 2, WAIT_MS.most)) {
    try {
      return await attempt()
    } catch (error) {
      if (!refusals.has(typeOf(error) ?? '') || performance.now() > until) throw error
      await delay(wait)
    }
  }
}
