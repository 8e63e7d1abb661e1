/**
 * The panel as a stage: every assessment gets one ballot with the answers of all agents, or of one system, in the same transaction. Pure and
 * without state: the same assessment beside the same standing findings gives the same ballot on any machine, and what was
 * found stands in the ballot as evidence.
 */
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { Assessment } from '../../schemas/generated/records.ts'
import { assessments, ballots, insightKey, insights, tenants } from '../../topics/index.ts'
import type { AgentTables, System } from './agent.ts'
import { wantsHours } from '../trials/hours/hourTrial.ts'
import { panel } from './panel.ts'
import { roster } from './roster.ts'

/** Who casts the ballots of the built-in agents. */
export const panelSource = 'panel'

const tables = { insights, tenants } as const

/** The findings about the location of a question, and its settings. What is out of date by the time it was asked was not found. */
function findingsFor({ tenantId, askedAt }: Assessment, ctx: Context<typeof tables>): AgentTables {
  const tenant = ctx.tables.tenants.get(tenantId)
  return {
    ...(tenant?.trials?.enabled === false ? { trials: 'off' } : {}),
    ...(wantsHours(tenant) ? { hours: 'on' } : {}),
    insight(agentId) {
      const found = ctx.tables.insights.get(insightKey(tenantId, agentId))
      return found === undefined || found.validUntil <= askedAt ? undefined : found
    },
  }
}

type Ask = (state: undefined, record: StreamRecord<Assessment>, ctx: Context<typeof tables>) => Outcome<undefined, typeof ballots>

/** Puts a question to the agents of one system, or to all, and casts their ballot. */
function asks(system: System | undefined): Ask {
  const asked = system === undefined ? roster : roster.filter((agent) => agent.system === system)
  return (_state, { value: question }, ctx) => {
    const votes = panel(question, asked, findingsFor(question, ctx))
    if (votes.length === 0) return drop('asked_of_others')
    const ballot = {
      // A ballot of one system is another ballot than that of all: both may be counted, each agent once.
      ballotId: ctx.id('ballot', panelSource, question.assessmentId, ...(system === undefined ? [] : [system])),
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
}

/** Puts every assessment to the agents of the roster and casts their ballot. */
export const agents = stage({
  name: 'agents',
  tables,
  on: [from(assessments, asks(undefined))],
  outputs: [ballots],
})

/** The same for the agents of one system, for a group of its own: together they cast the votes that `agents` casts. */
export const agentsOf = (system: System) =>
  stage({
    name: `agents-${system}`,
    tables,
    on: [from(assessments, asks(system))],
    outputs: [ballots],
  })
