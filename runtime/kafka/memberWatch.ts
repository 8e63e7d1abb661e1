/**
 * Looks after a member every second: a step that does not end and a membership that fell silent stop it, each with what is
 * blocked, so that the process can exit and replay; the states of its tasks are told. A clock that is set ends nothing: durations are
 * of the monotonic clock.
 */
import type { Admin } from 'kafkajs'
import type { Logger } from 'pino'
import { runtimeError } from '../errors.ts'
import { taskTransitions } from './taskState.ts'
import type { TaskState } from './taskState.ts'

export interface WatchedMember {
  readonly groupId: string
  /** A step, or a silence, that lasts longer is too long, ms. */
  readonly limitMs: number
  readonly admin: Pick<Admin, 'describeCluster'>
  readonly logger: Logger
  tasks(): readonly WatchedTask[]
  /** Last join or accepted heartbeat, ms of `performance.now()`; undefined while none is expected. */
  lastSignAt(): number | undefined
  failed(): boolean
  fail(error: Error): void
  onStates(counts: Readonly<Record<TaskState, number>>): void
}

interface WatchedTask {
  readonly id: string
  readonly state: TaskState
  /** What it is doing, oldest first; since when in ms of `performance.now()`. */
  readonly steps: readonly { readonly name: string; readonly since: number }[]
}

const EVERY_MS = 1_000

export function watchMember(member: WatchedMember): { stop(): void } {
  let asking = false

  function stuck(): void {
    for (const { id, steps } of member.tasks()) {
      const [oldest] = steps
      const forMs = oldest === undefined ? 0 : performance.now() - oldest.since
      if (oldest === undefined || forMs < member.limitMs || member.failed()) continue
      member.fail(runtimeError('E_TASK_STUCK', `${member.groupId} unit ${id} has been in "${oldest.name}" for ${Math.round(forMs)} ms.`))
    }
  }

  function silentForMs(): number | undefined {
    const at = member.lastSignAt()
    const forMs = at === undefined || member.failed() ? 0 : performance.now() - at
    return forMs > member.limitMs ? forMs : undefined
  }

  /**
   * A client that lost its membership in the wrong moment fetches on without one and never says so. With a broker that
   * answers and no accepted heartbeat for that long, only a new process helps.
   */
  function silent(): void {
    if (silentForMs() === undefined || asking) return
    asking = true
    member.admin
      .describeCluster()
      .then(() => {
        const forMs = silentForMs()
        if (forMs !== undefined)
          member.fail(runtimeError('E_TASK_STUCK', `${member.groupId} has had no heartbeat accepted for ${Math.round(forMs)} ms.`))
      })
      .catch((error: unknown) => member.logger.warn({ error: String(error) }, 'no broker answers, the member keeps trying'))
      .finally(() => (asking = false))
  }

  const timer = setInterval(() => {
    stuck()
    silent()
    const counts = Object.fromEntries(Object.keys(taskTransitions).map((state) => [state, 0])) as Record<TaskState, number>
    for (const { state } of member.tasks()) counts[state] += 1
    member.onStates(counts)
  }, EVERY_MS).unref()
  return { stop: () => clearInterval(timer) }
}
