/**
 * Row 18. A lead that says it looks at another agency or a portal while competitors are gaining: reassure it; while it waits for an
 * answer and is hot, call. Nothing is said about the competitor. A lead that has chosen another realtor is left alone.
 * @source reference/lead-domain.md 2.8; reference/safety-and-claude.md 5
 */
import { abstain, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, isOpen } from '../channels.ts'
import { levelRank, levelRanks } from '../levels.ts'
import { unanswered } from '../phrases.ts'
import { lastSaid } from '../readings.ts'
import { looksElsewhere } from './elsewhere.ts'
import { binOfFinding, hasEnded } from './segment.ts'

const messagesRead = 3

export const competitorTracker: Agent = {
  id: 'competitor_tracker',
  version: 4,
  system: 'competitive',
  family: 'market',
  answers: ['content', 'follow_up'],
  reads: ['insights.competitor_tracker', 'recentMessages', 'level', 'status', ...channelFields],
  assess(view, tables) {
    const insight = tables.insight('competitor_tracker')
    if (insight === undefined) return abstain('no_competitor_data')
    if (hasEnded(view)) return abstain('lead_ended')
    const last = lastSaid(view, messagesRead)
    const open = unanswered(view).length
    const looks = looksElsewhere(last, open)
    if (looks === undefined) return abstain('looks_nowhere_else')
    if (looks === 'bound') return abstain('not_ours_to_tell')
    const activity = insight.findings.find(({ kind }) => kind === 'competitor_activity')
    if (activity?.reason !== 'activity_high') return abstain('competitors_quiet')
    const isOpenQuestion = open >= last.length - looks.place
    const grounds = {
      // What was answered since may be settled.
      bin: binOfFinding(activity, isOpenQuestion ? 1 : 0.75),
      reason: 'looks_elsewhere',
      text: 'The lead looks elsewhere while competitors are gaining: show what we do for it.',
      evidence: [
        field('recentMessages.text', looks.words.join(', ')),
        field('insights.competitor_tracker', `${activity.value ?? ''} gaining`),
      ],
    }
    const content = vote('content', 'reassure', grounds)
    const isHot = levelRank(view.level) >= levelRanks.HOT
    return isHot && isOpenQuestion && isOpen(view, 'call') ? [content, vote('follow_up', 'call', grounds)] : content
  },
}
