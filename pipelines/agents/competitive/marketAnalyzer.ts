/**
 * Row 17. A moving market in the segment the lead looks at is worth telling. It informs and never presses: no vote of it makes a
 * message leave. Abstains without findings, where nothing moves for this lead, and when the lead is not interested or has ended.
 * @source reference/lead-domain.md 2.8; reference/safety-and-claude.md 5 (urgency pressure)
 */
import { abstain, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { unanswered } from '../phrases.ts'
import { lastSaid } from '../readings.ts'
import { looksElsewhere } from './elsewhere.ts'
import { binOfFinding, findingFor, fitOf, hasEnded, segmentFacts } from './segment.ts'

/** What says something to who buys or sells; the share of the team does not. */
const kinds: ReadonlySet<string> = new Set(['price_trend', 'inventory_trend', 'pace_trend', 'price_cut_trend'])
const messagesRead = 3

export const marketAnalyzer: Agent = {
  id: 'market_analyzer',
  version: 7,
  system: 'competitive',
  family: 'market',
  answers: ['content'],
  reads: ['insights.market_analyzer', ...segmentFacts, 'status', 'recentMessages'],
  assess(view, tables) {
    const insight = tables.insight('market_analyzer')
    if (insight === undefined) return abstain('no_market_data')
    if (hasEnded(view)) return abstain('lead_ended')
    if (looksElsewhere(lastSaid(view, messagesRead), unanswered(view).length) === 'bound') return abstain('not_ours_to_tell')
    const finding = findingFor(insight, view, kinds)
    if (finding === undefined) return abstain('market_still')
    return vote('content', 'inform', {
      bin: binOfFinding(finding, fitOf(finding)),
      reason: finding.reason,
      text: finding.text,
      evidence: [field('insights.market_analyzer', `${finding.kind} ${finding.subject} ${finding.value ?? ''}`.replaceAll(/\s+/g, ' '))],
    })
  },
}
