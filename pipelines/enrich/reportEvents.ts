/**
 * What a workflow's report writes. Nobody signed it, so it touches nothing that decides whether and where a lead may be written
 * to: no address, no owner, no tag, no permission. It may only add a time zone to those that apply, tell by which visit the lead came,
 * and it may pause.
 */
import type { WorkflowFields } from '../../schemas/generated/records.ts'
import { cut } from '../ingest/fields.ts'
import { stateEntity } from './entities.ts'
import { raise, write } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { UNCLEAR_OPT_OUT } from './messageEvents.ts'
import { permissionChange } from './optOut.ts'

const FIELD_TEXT = 200

/** Folds a report; says whether anything changed. */
export function applyReport(profile: Draft, report: WorkflowFields, at: number): boolean {
  const zone = report.contact?.timeZone ?? null
  const first = report.contact?.firstOrigin ?? null
  const last = report.contact?.lastOrigin ?? null
  const said = [
    first !== null && write(profile, 'firstOrigin', at, first),
    last !== null && write(profile, 'lastOrigin', at, last),
    zone !== null && write(profile, 'reportedTimeZone', at, zone),
    ...Object.entries(report.customFields).map(([label, value]) =>
      stateEntity(profile, 'reportedFields', label, at, cut(value, FIELD_TEXT)),
    ),
    report.opportunityId !== null &&
      report.stageName !== null &&
      stateEntity(profile, 'reportedStages', report.opportunityId, at, report.stageName),
    isPerhapsOptOut(report) && raise(profile, UNCLEAR_OPT_OUT, at),
  ]
  return said.includes(true)
}

// Anybody with the URL could post an opt-out; a human has to look before it becomes one, and nothing leaves meanwhile.
function isPerhapsOptOut({ messageDirection, messageText }: WorkflowFields): boolean {
  if (messageDirection !== 'inbound' || messageText === null) return false
  const change = permissionChange(messageText)?.change
  return change === 'opt_out' || change === 'unclear'
}
