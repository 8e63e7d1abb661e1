/** Which member of a chaos run works on what: the groups of stages, the worker, the sinks, and all topics between them. */
import type { AnyStage } from '../../runtime/stage.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { COURIER_GROUP, deliveries } from './courier.ts'
import { tide, tides } from './tides.ts'
import { alarms, ledger, notices, notify, permits, rates, readings, regions, rollup, tally, totals } from './workload.ts'

export interface GroupOfStages {
  readonly group: string
  readonly stages: readonly AnyStage[]
  /** Topics it commits offsets of. */
  readonly inputs: readonly AnyTopic[]
}

export const topics: readonly AnyTopic[] = [readings, rates, permits, ledger, alarms, totals, notices, regions, tides, deliveries]

/** The groups of a deployment: one that runs all stages fused, or one per stage. */
export function groupsOf(fused: boolean): readonly GroupOfStages[] {
  if (fused) return [{ group: 'line', stages: [tally, rollup, notify, tide], inputs: [readings, ledger] }]
  return [
    { group: 'tally', stages: [tally], inputs: [readings] },
    { group: 'rollup', stages: [rollup], inputs: [ledger] },
    { group: 'notify', stages: [notify], inputs: [totals] },
    { group: 'tide', stages: [tide], inputs: [totals] },
  ]
}

export const courierGroup = { group: COURIER_GROUP, inputs: [notices] as readonly AnyTopic[] }
