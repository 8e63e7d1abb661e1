/**
 * Row 29. The written way on which leads of this location measurably answer more. Abstains where no way does, or it is not open
 * to the lead.
 * @source reference/lead-domain.md 2.9
 */
import { abstain, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, isOpen, optionOfChannel } from '../channels.ts'
import { binOfFinding, evidenceOf, foundBy } from './lookUp.ts'

export const optimizationAnalyzer: Agent = {
  id: 'optimization_analyzer',
  version: 1,
  system: 'adaptive',
  family: 'location_results',
  answers: ['follow_up'],
  reads: ['insights.optimization_analyzer', ...channelFields],
  assess(view, tables) {
    const [finding] = foundBy(tables, 'optimization_analyzer', 'answers_better')
    if (finding === undefined) return abstain('no_better_way')
    const option = optionOfChannel(finding.subject)
    if (option === undefined || !isOpen(view, option)) return abstain('better_way_not_open')
    return vote('follow_up', option, {
      // What holds for the leads of a location on average says little of one: medium at most.
      bin: binOfFinding(finding, 3),
      reason: 'answered_more_here',
      text: finding.text,
      evidence: evidenceOf('optimization_analyzer', finding),
    })
  },
}
