/**
 * Which records tell of a time before the lead was erased: they are not stored, whenever and however often they are read.
 * The age of a record is a field of it that never changes, as for retention; its timestamp counts too.
 */
import type { SinkRecord } from '../runtime/sink.ts'
import type { AnyTopic } from '../runtime/topic.ts'
import type {
  Ballot,
  Decision,
  DeliveryChanged,
  FollowUp,
  LeadEvent,
  OutcomeObserved,
  ShadowDecision,
} from '../schemas/generated/records.ts'
import { ballots, decisions, deliveries, followups, leadEvents, outcomes, shadowDecisions } from '../topics/index.ts'

/** By topic: when what a record tells happened, ms. A change of a follow-up is as old as the plan. */
const toldAt: Readonly<Record<string, (value: never) => number>> = {
  [leadEvents.name]: (event: LeadEvent) => event.occurredAt,
  [followups.name]: (followUp: FollowUp) => followUp.plannedAt,
  [ballots.name]: (ballot: Ballot) => ballot.castAt,
  [decisions.name]: (decision: Decision) => decision.decidedAt,
  [shadowDecisions.name]: (beside: ShadowDecision) => beside.decidedAt,
  [deliveries.name]: (delivery: DeliveryChanged) => delivery.at,
  [outcomes.name]: (outcome: OutcomeObserved) => outcome.at,
}

/** Is it from before `erasedAt` (ms)? A tombstone says nothing of the lead and never is. */
export function isFromBefore(
  topic: AnyTopic,
  { value, timestamp }: Pick<SinkRecord<unknown>, 'value' | 'timestamp'>,
  erasedAt: number,
): boolean {
  if (value === null) return false
  const at = toldAt[topic.name]
  return timestamp <= erasedAt || (at !== undefined && at(value as never) <= erasedAt)
}
