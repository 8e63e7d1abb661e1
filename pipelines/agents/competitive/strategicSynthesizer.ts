/**
 * Row 20. Several signs in the segment of the lead point one way. A buyer that may gain by it is asked softly what it looks for; the
 * others are informed. To a lead that has been silent for three days it is news to write about, once and by e-mail, unless it was
 * written to often. Abstains without an outlook for this lead, when the move is far off, and when the lead wants nothing.
 * @source reference/lead-domain.md 2.8; reference/safety-and-claude.md 5
 */
import { abstain, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, isOpen } from '../channels.ts'
import { timelineOf } from '../lead-intelligence/intentDetector.ts'
import { unanswered } from '../phrases.ts'
import { lastSaid, objectionsOf } from '../readings.ts'
import { looksElsewhere } from './elsewhere.ts'
import { binOfFinding, findingFor, fitOf, hasEnded, segmentFacts } from './segment.ts'

const messagesRead = 3
const outlook: ReadonlySet<string> = new Set(['segment_outlook'])
/** News for a lead that is silent, while it was written to less often than this within 14 days. */
const silentMs = 72 * 3_600_000
const writtenOften = 3
/** Points of a time frame of a year, as the intent detector counts them. */
const farOff = 8

export const strategicSynthesizer: Agent = {
  id: 'strategic_synthesizer',
  version: 9,
  system: 'competitive',
  family: 'market',
  answers: ['content', 'follow_up'],
  reads: [
    'insights.strategic_synthesizer',
    ...segmentFacts,
    'facts.timeline',
    'facts.lead_type',
    'status',
    'recentMessages',
    'askedAt',
    'lastInboundAt',
    'lastOutboundAt',
    'createdAt',
    'outboundLast14d',
    ...channelFields,
  ],
  assess(view, tables) {
    const insight = tables.insight('strategic_synthesizer')
    if (insight === undefined) return abstain('no_synthesis')
    if (hasEnded(view)) return abstain('lead_ended')
    const last = lastSaid(view, messagesRead)
    if (looksElsewhere(last, unanswered(view).length) === 'bound') return abstain('not_ours_to_tell')
    if (objectionsOf(last).some(({ objection }) => objection === 'timing')) return abstain('not_the_time')
    const finding = findingFor(insight, view, outlook)
    if (finding === undefined) return abstain('no_outlook')
    const timeline = timelineOf(view.facts.timeline?.replaceAll('_', ' ') ?? '')
    if (timeline.known && timeline.points <= farOff) return abstain('plans_far_off')
    // Without a time frame it is open whether the news matters now.
    const grounds = {
      bin: binOfFinding(finding, fitOf(finding) * (timeline.known ? 1 : 0.85)),
      reason: finding.reason,
      text: finding.text,
      evidence: [
        field('insights.strategic_synthesizer', `${finding.kind} ${finding.subject} ${finding.value ?? ''}`.replaceAll(/\s+/g, ' ')),
        ...(view.facts.timeline === undefined ? [] : [field('facts.timeline', view.facts.timeline)]),
      ],
    }
    const isBuyer = !/\bsell/i.test(view.facts.lead_type ?? '')
    const content = vote('content', isBuyer && finding.reason === 'buyers_gain' ? 'soft_ask' : 'inform', grounds)
    const lastWord = Math.max(view.lastInboundAt ?? 0, view.lastOutboundAt ?? 0, view.createdAt ?? 0)
    const isSilent = lastWord > 0 && view.askedAt - lastWord >= silentMs
    return isSilent && view.outboundLast14d < writtenOften && isOpen(view, 'email')
      ? [content, vote('follow_up', 'email', grounds)]
      : content
  },
}
