/**
 * Row 5. Which message the moment calls for, as one of a few templates, on the channel that suits it. Abstains when
 * there is nothing new to say; the text itself is filled from bound fields by the follow-up.
 * @source reference/lead-domain.md 2.4, 4.6
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, TemplateId, VoteParams } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { openOr, optionOfChannel } from '../channels.ts'
import type { ContactOption } from '../channels.ts'
import { levelRank, levelRanks } from '../levels.ts'
import { declined } from '../declined.ts'
import { askedFor } from '../hearing.ts'
import { unanswered } from '../phrases.ts'

const DAY_MS = 86_400_000
/** A lead nobody wrote to for 30 days is approached anew. */
const dormantAfterMs = 30 * DAY_MS

interface Occasion {
  readonly templateId: TemplateId
  readonly wanted: readonly ContactOption[]
  readonly because: string
  readonly delayMinutes?: number
}

const nudges: Readonly<Record<string, Occasion>> = {
  silence_24h: { templateId: 'nudge_24h', wanted: ['sms', 'email'], because: 'A day of silence: a short nudge is due.' },
  silence_48h: {
    templateId: 'nudge_48h',
    wanted: ['email', 'sms'],
    because: 'Two days of silence: a nudge is due, on another way if one is open.',
  },
  silence_72h: { templateId: 'nudge_72h', wanted: ['sms', 'email'], because: 'Three days of silence: the last nudge is due.' },
}

const firstTouch: Occasion = {
  templateId: 'first_touch',
  wanted: ['sms', 'email'],
  because: 'A new lead: the first touch is due at once.',
  delayMinutes: 0,
}
const softStart: Occasion = {
  templateId: 'reengage',
  wanted: ['email', 'sms'],
  because: 'Nudges went unanswered: if anything, a soft new start.',
}

const missed: Occasion = {
  templateId: 'appointment_missed',
  wanted: ['sms', 'email'],
  because: 'The lead did not come to its appointment: another time can be offered.',
  delayMinutes: 30,
}

/** What answers the latest word of the lead, by its channel; `undefined` where somebody wrote after it. Who called is not thanked for a message. */
function answerTo(channel: string | undefined, isBooked: boolean): Occasion {
  const did = channel === 'call' ? 'called' : channel === 'voicemail' ? 'left a message' : 'wrote'
  return {
    templateId: channel !== 'call' ? 'reply' : isBooked ? 'appointment_confirm' : 'first_touch',
    wanted: [optionOfChannel(channel) ?? 'sms', 'sms', 'email'],
    because: channel === undefined ? 'The lead has written: a reply may be due.' : `The lead ${did} and waits for a reply.`,
    delayMinutes: 1,
  }
}

/** A person has handed the lead back, and it waits for no answer: what its silence calls for, which nobody was allowed to break meanwhile. */
function afterAPerson({ askedAt, lastOutboundAt, counters }: AgentView): Occasion | undefined {
  if (lastOutboundAt === null) return { ...firstTouch, because: 'A person has handed the lead back, and nobody has written yet.' }
  const silentMs = askedAt - lastOutboundAt
  if (silentMs < DAY_MS) return undefined
  const because = 'A person has handed the lead back, and nobody has written for a day or more.'
  return silentMs < 3 * DAY_MS && counters.attemptsSinceReply < 3
    ? { templateId: 'nudge_24h', wanted: ['sms', 'email'], because }
    : { ...softStart, because }
}

/** The occasion of this question, if it is one to write for. */
export function occasionOf(view: AgentView): Occasion | undefined {
  const { reason, askedAt, appointmentAt, appointmentStatus } = view
  const waiting = unanswered(view).at(-1)
  const isBooked = appointmentAt !== null && appointmentAt > askedAt && appointmentStatus !== 'cancelled' && appointmentStatus !== 'noshow'
  if (reason === 'inbound_message' || waiting !== undefined) return answerTo(waiting?.channel, isBooked)
  if (isBooked) {
    return { templateId: 'appointment_confirm', wanted: ['sms', 'email'], because: 'An appointment is ahead and should be confirmed.' }
  }
  if (reason === 'new_lead') {
    return firstTouch
  }
  if (reason === 'appointment_missed' && appointmentStatus === 'noshow') return missed
  if (reason === 'channel_closed' && view.lastOutboundAt === null) {
    return { ...firstTouch, because: 'Nobody has written yet, and the way that was chosen first is closed.' }
  }
  if (reason === 'handed_back') return afterAPerson(view)
  const nudge = Object.hasOwn(nudges, reason) ? nudges[reason] : undefined
  if (nudge !== undefined) return view.counters.attemptsSinceReply < 3 ? nudge : softStart
  if (reason === 'level_changed' && levelRank(view.level) >= levelRanks.HOT) {
    return view.lastOutboundAt === null
      ? { ...firstTouch, because: 'The lead became active and nobody has written yet.' }
      : { ...softStart, because: 'The lead became active again.' }
  }
  if (view.status === 'dormant' || (view.lastOutboundAt !== null && askedAt - view.lastOutboundAt >= dormantAfterMs)) {
    return { ...softStart, because: 'Nobody has written for long: a soft new start fits.' }
  }
  return undefined
}

/** Facts that let a message be about the lead rather than about anybody. */
const bound = ['budget', 'timeline', 'property_type', 'bedrooms', 'motivation'] as const

export const contentPersonalizer: Agent = {
  id: 'content_personalizer',
  version: 8,
  system: 'follow-up',
  family: 'conversation',
  answers: ['follow_up'],
  reads: [
    'reason',
    'askedAt',
    'status',
    'level',
    'appointmentAt',
    'appointmentStatus',
    'lastOutboundAt',
    'recentMessages',
    'counters.attemptsSinceReply',
    'hasPhone',
    'hasEmail',
    'blockedChannels',
    ...bound.map((fact) => `facts.${fact}`),
  ],
  assess(view) {
    const waiting = unanswered(view)
    if (declined(waiting).length > 0) return abstain('lead_declined')
    if (askedFor('call', waiting).length > 0) return abstain('lead_wants_a_call')
    const occasion = occasionOf(view)
    if (occasion === undefined) return abstain('no_occasion')
    const attempts = view.counters.attemptsSinceReply
    if (attempts >= 5) return abstain('nothing_new_to_say')
    const option = openOr(view, ...occasion.wanted)
    if (option === undefined) return abstain('no_open_channel')
    const known = bound.filter((fact) => view.facts[fact] !== undefined).length
    const params: VoteParams = { templateId: occasion.templateId }
    if (occasion.delayMinutes !== undefined) params.delayMinutes = occasion.delayMinutes
    return vote('follow_up', option, {
      // The occasion alone is worth .6; each bound fact makes the message more its own, up to .9. Three unanswered attempts take .2.
      bin: binOf(0.6 + 0.1 * Math.min(3, known) - (attempts >= 3 ? 0.2 : 0)),
      reason: `occasion_${occasion.templateId}`,
      text: occasion.because,
      evidence: [field('reason', view.reason), field('facts', `${known} bound`)],
      params,
    })
  },
}
