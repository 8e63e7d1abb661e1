/**
 * Row 36. Whether to propose an appointment: the lead is hot or has told enough, and free slots of a calendar are known.
 * Abstains without slots, with an appointment ahead, and while the lead is neither hot nor qualified. It knows no calendar of the platform:
 * slots are those in a custom field that is named open_slots, as ISO 8601 times with an offset; who fills it keeps it up to date.
 * @source reference/lead-domain.md 2.5
 */
import { DateTime } from 'luxon'
import { counted } from '../../counted.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { openOr } from '../channels.ts'
import { levelRank, levelRanks } from '../levels.ts'

/** Answers that qualify a lead; five of them are enough. */
const answersAsked = ['budget', 'timeline', 'motivation', 'property_type', 'bedrooms', 'financing', 'pre_approved'] as const
const answersEnough = 5

/** The instants of a list of ISO 8601 times that lie ahead, in order. A time without an offset is no instant. */
export function slotsAhead(text: string | undefined, now: number): number[] {
  const found = (text ?? '').match(/\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)/g) ?? []
  return (
    found
      .map((written) => DateTime.fromISO(written).toMillis())
      // What is no date is NaN, which lies nowhere.
      .filter((at) => at > now)
      .sort((a, b) => a - b)
  )
}

/** Whoever sells is not asked to a talk of buyers; the source knows buyers and investors only. */
function meetingFor({ motivation = '', goal = '', lead_type: type = '' }: AgentView['facts']): string {
  if (/\binvest/i.test(`${motivation} ${goal}`)) return 'an investor meeting'
  const wants = (side: RegExp) => side.test(`${type} ${goal}`)
  return wants(/\bsell/i) && !wants(/\bbuy/i) ? 'a listing consultation' : 'a buyer consultation'
}

export const schedulingAgent: Agent = {
  id: 'scheduling_agent',
  version: 2,
  system: 'follow-up',
  family: 'calendar',
  answers: ['content', 'follow_up'],
  reads: [
    'level',
    'askedAt',
    'appointmentAt',
    'appointmentStatus',
    'facts.open_slots',
    'facts.goal',
    'facts.lead_type',
    ...answersAsked.map((fact) => `facts.${fact}`),
    'hasPhone',
    'hasEmail',
    'blockedChannels',
  ],
  assess(view) {
    const { facts, askedAt, appointmentAt, appointmentStatus } = view
    const slots = slotsAhead(facts.open_slots, askedAt)
    if (slots.length === 0) return abstain('no_slots_known')
    const isBooked =
      appointmentAt !== null && appointmentAt > askedAt && appointmentStatus !== 'cancelled' && appointmentStatus !== 'noshow'
    if (isBooked) return abstain('appointment_ahead')
    const answered = answersAsked.filter((fact) => facts[fact] !== undefined).length
    const isHot = levelRank(view.level) >= levelRanks.HOT
    if (!isHot && answered < answersEnough) return abstain('not_qualified_yet')
    const option = openOr(view, 'sms', 'email')
    if (option === undefined) return abstain('no_open_channel')
    const meeting = meetingFor(facts)
    const grounds = {
      // One of the two grounds is .8, both .95; a single slot is half an offer.
      bin: binOf((isHot && answered >= answersEnough ? 0.95 : 0.8) * (slots.length > 1 ? 1 : 0.8)),
      reason: 'slots_open',
      text: `${counted(slots.length, 'free slot')}: propose ${meeting}.`,
      evidence: [field('facts.open_slots', facts.open_slots ?? ''), field('level', view.level)],
    }
    return [vote('content', 'direct_ask', grounds), vote('follow_up', option, grounds)]
  },
}
