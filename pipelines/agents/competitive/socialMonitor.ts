/**
 * Row 19. What is said in public has turned against the team, and this lead doubts it too: reassure. Public talk alone says nothing
 * about a lead, so without a doubt of its own the agent abstains.
 * @source reference/lead-domain.md 2.8
 */
import { abstain, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { unanswered } from '../phrases.ts'
import { lastSaid, objectionsOf } from '../readings.ts'
import { looksElsewhere } from './elsewhere.ts'
import { binOfFinding, hasEnded } from './segment.ts'

const messagesRead = 3
/** Ours falls, or that of a competitor rises. */
const against: ReadonlySet<string> = new Set(['mood_falling', 'competitor_mood_rising'])

export const socialMonitor: Agent = {
  id: 'social_monitor',
  version: 5,
  system: 'competitive',
  family: 'market',
  answers: ['content'],
  reads: ['insights.social_monitor', 'recentMessages', 'status'],
  assess(view, tables) {
    const insight = tables.insight('social_monitor')
    if (insight === undefined) return abstain('no_social_data')
    if (hasEnded(view)) return abstain('lead_ended')
    const last = lastSaid(view, messagesRead)
    if (looksElsewhere(last, unanswered(view).length) === 'bound') return abstain('not_ours_to_tell')
    const doubt = objectionsOf(last).findLast(({ objection }) => objection === 'trust')
    if (doubt === undefined) return abstain('no_doubt_said')
    const finding = insight.findings.find(({ reason }) => against.has(reason))
    if (finding === undefined) return abstain('mood_steady')
    return vote('content', 'reassure', {
      bin: binOfFinding(finding, 1),
      reason: finding.reason,
      text: `The lead doubts us while ${finding.reason === 'mood_falling' ? 'what is said about us is less kind' : 'a competitor is spoken of more kindly'}: answer openly, ask nothing.`,
      evidence: [field('recentMessages.text', doubt.words), field('insights.social_monitor', `${finding.kind} ${finding.value ?? ''}`)],
    })
  },
}
