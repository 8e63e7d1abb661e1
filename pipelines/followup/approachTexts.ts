/**
 * The texts of a message that is worded for the lead: an opening by occasion and an ending by approach. They ask, offer and
 * reassure; none of them promises, presses or names a fact. Of an appointment, ahead or missed, plain words speak alone.
 * @source reference/safety-and-claude.md 5; reference/lead-domain.md 2.5 (strength of the question, strategies)
 */
import { optionsByType } from '../agents/agent.ts'
import type { OptionOf } from '../agents/agent.ts'

/** How a message is worded; the plain text has no approach. */
export type Approach = Exclude<OptionOf<'content'>, 'wait'>

export function isApproach(name: string): name is Approach {
  return name !== 'wait' && (optionsByType.content as readonly string[]).includes(name)
}

interface Opening {
  readonly sms: string
  readonly email: string
  readonly subject: string
}

/** An ending never changes under its number: texts that were sent are known by their id. New ones are added at the end. */
type Endings = Readonly<Record<'sms' | 'email', readonly string[]>>

export const openings = {
  first_touch: {
    sms: 'Thanks for getting in touch.',
    email: 'thank you for getting in touch about a home.',
    subject: 'Thanks for getting in touch',
  },
  reply: { sms: 'Thank you for your message.', email: 'thank you for your message.', subject: 'Thank you for your message' },
  nudge_24h: { sms: 'Just checking in.', email: 'just checking in.', subject: 'Just checking in' },
  nudge_48h: { sms: 'A short note on your plans.', email: 'a short note on your plans.', subject: 'Your plans' },
  nudge_72h: { sms: 'One more note from us.', email: 'one more note from us.', subject: 'One more note' },
  reengage: { sms: 'It has been a while.', email: 'it has been a while since we last spoke.', subject: 'It has been a while' },
} as const satisfies Readonly<Record<string, Opening>>

export const endings = {
  soft_ask: {
    sms: ['If a short call would help, just tell us when.', 'Would it help to talk it through at some point?'],
    email: [
      'If a short call would help, just tell us when it suits you.',
      'Would it help to talk things through at some point? A line is enough.',
    ],
  },
  inform: {
    sms: ['Shall we send a short overview of the next steps?', 'Which would help more: listings, or how the steps work?'],
    email: [
      'Shall we send you a short overview of the next steps and of what to expect?',
      'Which would help you more: a few listings, or how the steps work one by one?',
    ],
  },
  reassure: {
    sms: ['There is no rush, and every question is welcome.', 'Take your time. We are here when you have a question.'],
    email: [
      'There is no rush at all, and every question is welcome, however small.',
      'Take the time you need. We are here when you have a question, and nothing has to be decided now.',
    ],
  },
  direct_ask: {
    sms: ['Could we speak for ten minutes? Which day suits you?', 'When can we talk? Morning or afternoon?'],
    email: [
      'Could we speak for ten minutes? Which day and time suit you?',
      'When can we talk: is a morning or an afternoon better for you?',
    ],
  },
} as const satisfies Readonly<Record<Approach, Endings>>
