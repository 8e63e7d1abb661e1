/**
 * Row 2. How much the lead does: visits, e-mail interactions, property views, calculator, speed of replies. Strong
 * engagement deserves a personal contact, weak engagement an e-mail. Abstains when no behaviour is known.
 * @source reference/lead-domain.md 2.3
 */
import { counted } from '../../counted.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { openOr } from '../channels.ts'
import { amountOf, meanOf, shareOf } from '../factValues.ts'

export interface Engagement {
  /** 0 to 100; `undefined` when nothing is known. */
  readonly score: number | undefined
  /** Known components of five. */
  readonly known: number
  /** Mean hours to a reply, when at least one is known. */
  readonly replyHours: number | undefined
}

/** The mean of what the lead does and how fast it replies, each 0 to 100. */
export function engagement(view: AgentView): Engagement {
  const { facts } = view
  const visits = amountOf(facts.visits)
  const recent = amountOf(facts.visits_7_days)
  const openRate = shareOf(facts.email_open_rate)
  const interactions = amountOf(facts.email_interactions) ?? view.counters.inboundByChannel['email']
  const views = amountOf(facts.property_views)
  const calculator = amountOf(facts.calculator_uses)
  const activity = [
    visits === undefined
      ? undefined
      : Math.min(1, (Math.min(2 * visits, 40) + Math.min(3 * (recent ?? 0), 30)) / (recent === undefined ? 40 : 70)),
    openRate ?? (interactions === undefined ? undefined : Math.min(5 * interactions, 30) / 30),
    views === undefined ? undefined : Math.min(1.5 * views, 30) / 30,
    calculator === undefined ? undefined : Math.min(3 * calculator, 20) / 20,
  ].filter((share) => share !== undefined)
  const replyHours = view.replyHours.length === 0 ? undefined : meanOf(view.replyHours)
  const halves = [
    ...(activity.length === 0 ? [] : [100 * meanOf(activity)]),
    ...(replyHours === undefined ? [] : [replyHours < 2 ? 90 : replyHours < 6 ? 75 : replyHours < 24 ? 55 : 25]),
  ]
  return {
    score: halves.length === 0 ? undefined : meanOf(halves),
    known: activity.length + (replyHours === undefined ? 0 : 1),
    replyHours,
  }
}

/** The facts that engagement is read from. */
export const behaviourFacts = [
  'visits',
  'visits_7_days',
  'property_views',
  'calculator_uses',
  'email_open_rate',
  'email_interactions',
] as const

export const behavioralProfiler: Agent = {
  id: 'behavioral_profiler',
  version: 4,
  system: 'lead-intelligence',
  family: 'behaviour',
  answers: ['follow_up'],
  reads: [
    ...behaviourFacts.map((fact) => `facts.${fact}`),
    'replyHours',
    'counters.inboundByChannel',
    'hasPhone',
    'hasEmail',
    'blockedChannels',
  ],
  assess(view) {
    const { score, known, replyHours } = engagement(view)
    const { email_interactions: interactions, email_open_rate: openRate } = view.facts
    const replies = (interactions ?? openRate) === undefined ? view.counters.inboundByChannel['email'] : undefined
    if (score === undefined) return abstain('no_behaviour_known')
    const option = score >= 75 ? openOr(view, 'call', 'sms') : score >= 50 ? openOr(view, 'sms', 'email') : openOr(view, 'email', 'sms')
    if (option === undefined) return abstain('no_open_channel')
    const reason = score >= 75 ? 'high_engagement' : score >= 50 ? 'medium_engagement' : 'low_engagement'
    return vote('follow_up', option, {
      // Four of five components tell enough; weak engagement says little about the channel.
      bin: binOf(Math.min(1, known / 4) * (0.4 + (0.6 * score) / 100)),
      reason,
      text: `Engagement ${Math.round(score)} of 100` + (replyHours === undefined ? '.' : `, replies in about ${hoursInWords(replyHours)}.`),
      evidence: [
        ...(replyHours === undefined ? [] : [field('replyHours', replyHours.toFixed(1))]),
        ...behaviourFacts.flatMap((fact) => (view.facts[fact] === undefined ? [] : [field(`facts.${fact}`, view.facts[fact])])),
        ...(replies === undefined ? [] : [field('counters.inboundByChannel', `email ${replies}`)]),
      ].slice(0, 3),
    })
  },
}

function hoursInWords(hours: number): string {
  return hours < 1 ? counted(Math.max(1, Math.round(hours * 60)), 'minute') : `${Math.round(hours)} h`
}
