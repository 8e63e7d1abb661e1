/**
 * Asks every agent once about one view and writes the answers down as votes: one per agent and open decision type it
 * answers, or one for all types (`*`) when it has nothing to say on any. An agent that throws or votes outside its
 * vocabulary is recorded as an error, which never moves a decision.
 */
import type { Assessment, Vote } from '../../schemas/generated/records.ts'
import { noInsights, optionsByType } from './agent.ts'
import type { Abstention, Agent, AgentTables, Answer, DecisionType, Opinion, VoteParams } from './agent.ts'
import { agentView } from './agentView.ts'
import { cut } from '../ingest/fields.ts'
import { lotText } from '../trials/lotParams.ts'
import { withinRoom } from './withinRoom.ts'

/** Decision type of an answer that holds for every type the agent could answer. */
export const everyType = '*'

/** The votes of these agents on a question, in the order of the agents, as long as a ballot may be. */
export function panel(
  question: Pick<Assessment, 'tenantId' | 'contactId' | 'askedAt' | 'reason' | 'stage' | 'view' | 'decisionTypes'>,
  agents: readonly Agent[],
  tables: AgentTables = noInsights,
): Vote[] {
  const view = agentView(question)
  const votes: Vote[] = []
  for (const agent of agents) {
    const open = agent.answers.filter((type) => question.decisionTypes.includes(type))
    if (open.length === 0) continue
    let answer: Answer | undefined
    let failure = ''
    try {
      answer = agent.assess(view, tables)
    } catch (error) {
      failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    }
    if (answer === undefined) votes.push(failed(agent, everyType, 'threw', failure))
    else if ('kind' in answer && answer.kind === 'abstain') votes.push(abstention(agent, answer))
    else for (const type of open) votes.push(recorded(agent, type, 'kind' in answer ? [answer] : answer))
  }
  return withinRoom(votes)
}

function recorded(agent: Agent, type: DecisionType, answer: readonly Opinion[]): Vote {
  const opinions = answer.filter((opinion) => opinion.decisionType === type)
  const [opinion] = opinions
  if (opinion === undefined) return silence(agent, type, 'abstain', 'no_finding', null)
  if (opinions.length > 1) return failed(agent, type, 'two_votes', 'more than one vote for one decision type')
  if (!(optionsByType[type] as readonly string[]).includes(opinion.option)) return failed(agent, type, 'unknown_option', opinion.option)
  return {
    agentId: agent.id,
    agentVersion: agent.version,
    family: agent.family,
    kind: 'vote',
    decisionType: type,
    option: opinion.option,
    bin: opinion.bin,
    reasonCode: opinion.reason,
    reasonText: opinion.text,
    evidence: [...opinion.evidence],
    params: written(opinion.params),
  }
}

function written(params: VoteParams): Record<string, string> {
  const out: Record<string, string> = {}
  if (params.delayMinutes !== undefined) out['delayMinutes'] = String(params.delayMinutes)
  if (params.templateId !== undefined) out['templateId'] = params.templateId
  if (params.lot !== undefined) out['lot'] = lotText(params.lot)
  if (params.weekendLot !== undefined) out['weekendLot'] = lotText(params.weekendLot)
  return out
}

function abstention(agent: Agent, { reason, evidence = [], params = {} }: Abstention): Vote {
  return { ...silence(agent, everyType, 'abstain', reason, null), evidence: [...evidence], params: written(params) }
}

function failed(agent: Agent, type: DecisionType | typeof everyType, code: string, detail: string): Vote {
  return silence(agent, type, 'error', code, cut(detail, 120))
}

function silence(
  agent: Agent,
  type: DecisionType | typeof everyType,
  kind: 'abstain' | 'error',
  reasonCode: string,
  reasonText: string | null,
): Vote {
  return {
    agentId: agent.id,
    agentVersion: agent.version,
    // A silence stands in no family's count: a third of the agents speak on a question, and a ballot of all has its bytes.
    family: '',
    kind,
    decisionType: type,
    option: null,
    bin: null,
    reasonCode,
    reasonText,
    evidence: [],
    params: {},
  }
}
