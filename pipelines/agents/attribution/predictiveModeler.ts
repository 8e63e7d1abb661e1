/**
 * Row 24. Where a lead of the channel has measurably brought more than one of the others, a hot lead that has gone silent is worth
 * the minutes of a call. The forecast of the location is for people; it says nothing of one lead.
 * @source reference/lead-domain.md 2.9
 */
import { abstain, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, isOpen } from '../channels.ts'
import { findingFor, groundsOf, isSilent } from './channelFinding.ts'

export const predictiveModeler: Agent = {
  id: 'predictive_modeler',
  version: 1,
  system: 'attribution',
  family: 'attribution',
  answers: ['follow_up'],
  reads: ['source', 'stage', 'level', 'counters.attemptsSinceReply', 'insights.predictive_modeler', ...channelFields],
  assess(view, tables) {
    const finding = findingFor(view, tables.insight('predictive_modeler'), 'lead_worth')
    if (finding === undefined) return abstain('not_measured')
    if (finding.reason !== 'worth_more') return abstain('worth_unremarkable')
    if (!isSilent(view)) return abstain('not_silent')
    if (view.level !== 'HOT' && view.level !== 'URGENT') return abstain('not_hot')
    if (!isOpen(view, 'call')) return abstain('no_open_channel')
    return vote('follow_up', 'call', groundsOf(view, 'predictive_modeler', finding, ['worth_low', 'worth_high', 'others']))
  },
}
