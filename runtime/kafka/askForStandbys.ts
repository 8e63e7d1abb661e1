/**
 * Learns which standby copies a member shall keep. The leader of the group writes them into the assignment, and the client
 * hands on its partitions only, so the coordinator is asked for it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import type { Logger } from 'pino'
import { standbysIn } from './assignor.ts'

export interface StandbyQuestion {
  readonly admin: Pick<Admin, 'describeGroups'>
  readonly groupId: string
  readonly memberId: string
  readonly logger: Logger
  /** Whether the assignment is still the one that is asked about. */
  readonly live: () => boolean
  /** Called once, with the ids of the partitions, unless the assignment has passed before. */
  readonly answer: (ids: readonly string[]) => void
}

/** Between two questions that had no answer, ms: copies are for later, nobody waits for them. */
const RETRY_MS = 1_000

/** Asks until there is an answer or the assignment has passed. Never throws. */
export async function askForStandbys({ admin, groupId, memberId, logger, live, answer }: StandbyQuestion): Promise<void> {
  while (live()) {
    try {
      const { groups } = await admin.describeGroups([groupId])
      const own = groups[0]?.members.find((member) => member.memberId === memberId)
      const standbys = own === undefined ? undefined : standbysIn(own.memberAssignment)
      if (!live()) return
      if (standbys !== undefined) return answer(standbys)
    } catch (error) {
      logger.warn({ error: String(error) }, 'the standby copies to keep are not known yet, asking again')
    }
    await delay(RETRY_MS)
  }
}
