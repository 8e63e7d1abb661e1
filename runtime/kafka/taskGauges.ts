/** What every kind of member tells of its tasks once a second: how many are in which state, and where their time has gone. */
import type { RuntimeMetrics } from '../metrics.ts'
import type { TaskState } from './taskState.ts'

/** A unit that counts its time. */
export interface TimedUnit {
  /** Counts the time of the phase it is in, so that a long one is seen before it ends. */
  settleTime(): void
}

/** Tells it; also of units that a rebalance or a restore holds up. */
export function tellTasks(
  metrics: RuntimeMetrics,
  group: string,
  counts: Readonly<Record<TaskState, number>>,
  units: readonly { readonly unit: TimedUnit }[],
): void {
  for (const [state, count] of Object.entries(counts)) metrics.set('lr_task_states', { group, state }, count)
  for (const { unit } of units) unit.settleTime()
}
