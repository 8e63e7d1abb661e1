/**
 * The panel as a stage: every assessment gets one ballot with the answers of all agents, in the same transaction.
 * Stateless and pure, so the same assessment gives the same ballot on any machine.
 */
import { emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { Assessment } from '../../schemas/generated/records.ts'
import { assessments, ballots } from '../../topics/index.ts'
import { panel } from './panel.ts'
import { roster } from './roster.ts'

/** Who casts the ballots of the built-in agents. */
export const panelSource = 'panel'

function ask(_state: undefined, record: StreamRecord<Assessment>, ctx: Context): Outcome<undefined, typeof ballots> {
  const question = record.value
  const votes = panel(question, roster)
  const ballot = {
    ballotId: ctx.id('ballot', panelSource, question.assessmentId),
    assessmentId: question.assessmentId,
    tenantId: question.tenantId,
    contactId: question.contactId,
    epoch: question.epoch,
    source: panelSource,
    castAt: ctx.at,
    votes,
  }
  return next<undefined, typeof ballots>(undefined, { emit: [emit(ballots, ballot)] })
}

/** Puts every assessment to the agents of the roster and casts their ballot. */
export const agents = stage({
  name: 'agents',
  on: [from(assessments, ask)],
  outputs: [ballots],
})
