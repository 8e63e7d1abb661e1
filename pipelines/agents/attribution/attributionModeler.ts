/**
 * Row 21. A silent lead of a channel that every model of attribution credits with more than its share of the leads is worth another
 * message. Where the models disagree, or the channel is credited with less, it abstains.
 * @source reference/lead-domain.md 2.9
 */
import { abstain, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, openOr } from '../channels.ts'
import { findingFor, groundsOf, isSilent } from './channelFinding.ts'

export const attributionModeler: Agent = {
  id: 'attribution_modeler',
  version: 1,
  system: 'attribution',
  family: 'attribution',
  answers: ['follow_up'],
  reads: ['source', 'stage', 'counters.attemptsSinceReply', 'insights.attribution_modeler', ...channelFields],
  assess(view, tables) {
    const finding = findingFor(view, tables.insight('attribution_modeler'), 'credit')
    if (finding === undefined) return abstain('not_measured')
    if (finding.reason !== 'every_model_credits_more') return abstain('models_differ_on_channel')
    if (!isSilent(view)) return abstain('not_silent')
    const way = openOr(view, 'email', 'sms')
    if (way === undefined) return abstain('no_open_channel')
    return vote('follow_up', way, groundsOf(view, 'attribution_modeler', finding, ['first_touch', 'last_touch', 'data_driven']))
  },
}
