/**
 * The panel as a stage: every assessment gets one ballot with the answers of all agents, in the same transaction. Pure and
 * without state: the same assessment beside the same standing findings gives the same ballot on any machine, and what was
 * found stands in the ballot as evidence.
 */
import { emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { Assessment } from '../../schemas/generated/records.ts'
import { assessments, ballots, insightKey, insights } from '../../topics/index.ts'
import type { AgentTables } from './agent.ts'
import { panel } from './panel.ts'
import { roster } from './roster.ts'

/** Who casts the ballots of the built-in agents. */
export const panelSource = 'panel'

const tables = { insights } as const

/** The findings about the location of a question. What is out of date by the time it was asked was not found. */
function findingsFor({ tenantId, askedAt }: Assessment, ctx: Context<typeof tables>): AgentTables {
  return {
    insight(agentId) {
      const found = ctx.tables.insights.get(insightKey(tenantId, agentId))
      return found === undefined || found.validUntil <= askedAt ? undefined : found
    },
  }
}

function ask(_state: undefined, record: StreamRecord<Assessment>, ctx: Context<typeof tables>): Outcome<undefined, typeof ballots> {
  const question = record.value
  const votes = panel(question, roster, findingsFor(question, ctx))
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
  tables,
  on: [from(assessments, ask)],
  outputs: [ballots],
})
