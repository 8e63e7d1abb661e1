/**
 * Row 23. A silent lead that was paid for, on a channel that measurably returns more than it costs, gets another message rather
 * than silence. Budgets are for people: what it proposes for them stands in its findings and moves no lead.
 * @source reference/lead-domain.md 2.9
 */
import { abstain, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, openOr } from '../channels.ts'
import { findingFor, groundsOf, isSilent } from './channelFinding.ts'

export const roiOptimizer: Agent = {
  id: 'roi_optimizer',
  version: 1,
  system: 'attribution',
  family: 'attribution',
  answers: ['follow_up'],
  reads: ['source', 'stage', 'counters.attemptsSinceReply', 'insights.roi_optimizer', ...channelFields],
  assess(view, tables) {
    const finding = findingFor(view, tables.insight('roi_optimizer'), 'return')
    if (finding === undefined) return abstain('not_measured')
    if (finding.reason !== 'returns_more') return abstain('return_unremarkable')
    if (!isSilent(view)) return abstain('not_silent')
    const way = openOr(view, 'email', 'sms')
    if (way === undefined) return abstain('no_open_channel')
    return vote('follow_up', way, groundsOf(view, 'roi_optimizer', finding, ['roas_low', 'roas_high']))
  },
}
