/** What one agent of the roster says about a question, in a few words, for the tests of the agents. */
import { optionsByType } from '../../pipelines/agents/agent.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import type { Assessment } from '../../schemas/generated/records.ts'
import { question, wrote } from './leads.ts'

/** `option bin reason` of one agent, `abstain reason` or `error reason`; every decision type is asked. */
export function opinionOf(agentId: string, type: string, changes: Partial<Assessment> = {}): string {
  const cast = panel(question({ decisionTypes: Object.keys(optionsByType), ...changes }), roster).find(
    (each) => each.agentId === agentId && (each.decisionType === type || each.decisionType === '*'),
  )
  if (cast === undefined) return 'none'
  return cast.kind === 'vote' ? `${String(cast.option)} ${String(cast.bin)} ${cast.reasonCode}` : `${cast.kind} ${cast.reasonCode}`
}

/** A question because the lead wrote. */
export const inbound = (text: string, changes: Parameters<typeof wrote>[1] = {}): Partial<Assessment> => ({
  reason: 'inbound_message',
  stage: 'engaged',
  view: wrote(text, changes),
})
