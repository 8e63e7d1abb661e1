/**
 * Row 22. A silent lead of a channel whose leads convert better than the others' is written to again; one of a channel that has
 * converted nobody is left alone, but only after three attempts it never answered: no lead is passed over for its channel alone.
 * @source reference/lead-domain.md 2.9
 */
import { abstain, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, openOr } from '../channels.ts'
import { findingFor, groundsOf, isSilent, patienceAttempts } from './channelFinding.ts'

export const channelAnalyzer: Agent = {
  id: 'channel_analyzer',
  version: 1,
  system: 'attribution',
  family: 'attribution',
  answers: ['follow_up'],
  reads: ['source', 'stage', 'counters.attemptsSinceReply', 'counters.inbound', 'insights.channel_analyzer', ...channelFields],
  assess(view, tables) {
    const finding = findingFor(view, tables.insight('channel_analyzer'), 'channel')
    if (finding === undefined) return abstain('not_measured')
    const grounds = groundsOf(view, 'channel_analyzer', finding, ['mature_leads', 'mature_converted'])
    if (finding.reason === 'never_converts') {
      if (view.counters.inbound > 0 || view.counters.attemptsSinceReply < patienceAttempts) return abstain('attempts_left')
      return vote('follow_up', 'wait', grounds)
    }
    if (finding.reason !== 'converts_well') return abstain('channel_unremarkable')
    if (!isSilent(view)) return abstain('not_silent')
    const way = openOr(view, 'sms', 'email')
    return way === undefined ? abstain('no_open_channel') : vote('follow_up', way, grounds)
  },
}
