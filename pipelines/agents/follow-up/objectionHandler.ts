/**
 * Row 32. What holds the lead back, by its latest objection, and which wording answers it. Who has another realtor or is
 * not interested is left alone. Abstains when nothing is objected; who decides together with the lead is never read.
 * @source reference/lead-domain.md 2.5; docs/decisions/0032
 */
import type { Objection } from '../../enrich/text/objectionWords.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import { unanswered } from '../phrases.ts'
import { lastSaid, objectionsOf } from '../readings.ts'

/** Of the five the reference allows: older objections were spoken of since. */
const messagesRead = 3

interface Strategy {
  readonly approach: OptionOf<'content'>
  readonly text: string
  /** An answer would be pressure: better not to write. */
  readonly rest?: true
}

/** Wording by objection: value and financing, respect for the time, credentials, the market, a guide through the process. */
export const strategies: Readonly<Partial<Record<Objection, Strategy>>> = {
  price: { approach: 'inform', text: 'The price is an obstacle: show options.' },
  financing: { approach: 'inform', text: 'Financing is an obstacle: show options.' },
  location: { approach: 'inform', text: 'The location does not fit: offer alternatives.' },
  features: { approach: 'inform', text: 'The home does not fit: offer alternatives.' },
  process: { approach: 'inform', text: 'The process puts the lead off: explain the steps.' },
  trust: { approach: 'reassure', text: 'The lead doubts us: answer openly, ask nothing.' },
  timing: { approach: 'reassure', text: 'The time is not right: respect it.', rest: true },
  not_interested: { approach: 'wait', text: 'The lead is not interested.', rest: true },
  has_agent: { approach: 'wait', text: 'The lead already has a realtor.', rest: true },
}

export const objectionHandler: Agent = {
  id: 'objection_handler',
  version: 4,
  system: 'follow-up',
  family: 'text',
  answers: ['content', 'follow_up'],
  reads: ['recentMessages'],
  assess(view) {
    const last = lastSaid(view, messagesRead)
    if (last.length === 0) return abstain('nothing_said')
    const open = unanswered(view).length
    const latest = objectionsOf(last, open).findLast(({ objection }) => strategies[objection] !== undefined)
    const strategy = latest === undefined ? undefined : strategies[latest.objection]
    if (latest === undefined || strategy === undefined) return abstain('no_objection')
    const isOpen = open >= last.length - latest.place
    // Found, .8; what somebody has answered since may be settled.
    const bin = binOf(0.8 * (isOpen ? 1 : 0.75))
    const grounds = {
      bin,
      reason: `objection_${latest.objection}`,
      text: strategy.text,
      evidence: [field('recentMessages.text', latest.words)],
    }
    const content = vote('content', strategy.approach, grounds)
    return strategy.rest === true && isOpen ? [content, vote('follow_up', 'wait', grounds)] : content
  },
}
