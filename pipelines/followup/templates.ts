/**
 * Every text that may leave, by occasion and channel. Texts describe no people and promise nothing; the slots are the
 * only bound fields there are. The follow-up takes the variant that was used longest ago for the lead.
 * @source reference/safety-and-claude.md 5 (template first), reference/lead-domain.md 4.6
 */

import { endings, openings } from './approachTexts.ts'
import type { Approach } from './approachTexts.ts'

/** What code may fill in. Nothing else of a lead reaches a text. */
export type Slot = 'greeting' | 'senderName' | 'postalAddress'

export interface Template {
  /**
   * `<occasion>.<channel>.<variant>`, with an approach `<occasion>.<channel>.<approach>.<variant>`; a changed text is a new variant, so
   * that a stored id names one text for ever.
   */
  readonly id: string
  readonly occasion: string
  readonly channel: 'sms' | 'email'
  /** How it is worded; the plain text has none. */
  readonly approach?: Approach
  readonly subject?: string
  readonly body: string
}

/** Ends every text message: how to stop is said each time. */
export const smsFooter = 'Reply STOP to opt out.'
/** Ends every e-mail: who writes, from where, and how to stop. @source CAN-SPAM, 15 U.S.C. 7704(a)(5) */
export const emailFooter = '\n\n{senderName}\n{postalAddress}\nTo stop these e-mails, reply with the word STOP.'

/** Occasion when a decision names none. */
export const defaultOccasion = 'reengage'

const sms = (occasion: string, ...bodies: string[]): Template[] =>
  bodies.map((body, index) => ({ id: `${occasion}.sms.${index + 1}`, occasion, channel: 'sms', body }))
const email = (occasion: string, ...texts: (readonly [subject: string, body: string])[]): Template[] =>
  texts.map(([subject, body], index) => ({ id: `${occasion}.email.${index + 1}`, occasion, channel: 'email', subject, body }))

const approaches = Object.keys(endings) as Approach[]
/** Every opening with every ending. */
const worded: readonly Template[] = Object.entries(openings).flatMap(([occasion, opening]) =>
  approaches.flatMap((approach) => [
    ...endings[approach].sms.map((ending, index) => ({
      id: `${occasion}.sms.${approach}.${index + 1}`,
      occasion,
      channel: 'sms' as const,
      approach,
      body: `{greeting} {senderName} here. ${opening.sms} ${ending}`,
    })),
    ...endings[approach].email.map((ending, index) => ({
      id: `${occasion}.email.${approach}.${index + 1}`,
      occasion,
      channel: 'email' as const,
      approach,
      subject: opening.subject,
      body: `{greeting}\n\n${opening.email} ${ending}`,
    })),
  ]),
)

export const templates: readonly Template[] = [
  ...sms(
    'first_touch',
    '{greeting} {senderName} here. Thanks for getting in touch about a home. What matters most to you?',
    '{greeting} this is {senderName}. Good to hear from you. Shall we start with a short call or by text?',
  ),
  ...sms(
    'reply',
    '{greeting} {senderName} here. Thank you for your message. Would a short call suit you, or shall we go on by text?',
    '{greeting} {senderName} here, got your message. What would help you most as a next step?',
  ),
  ...sms(
    'nudge_24h',
    '{greeting} {senderName} here. Just checking in: do you have any questions so far?',
    '{greeting} this is {senderName}. Is there anything you would like to know about the next steps?',
  ),
  ...sms(
    'nudge_48h',
    '{greeting} {senderName} here. Is now a good time to talk about your plans, or is later better?',
    '{greeting} this is {senderName}. Would a few listings that fit what you look for be useful?',
  ),
  ...sms(
    'nudge_72h',
    '{greeting} {senderName} here. No rush at all: shall we stay in touch, or pick this up another time?',
    '{greeting} this is {senderName}. Happy to help whenever it suits you. Which day would be good?',
  ),
  ...sms(
    'reengage',
    '{greeting} {senderName} here. Are you still thinking about a move?',
    '{greeting} this is {senderName}. Have your plans for a home changed since we last spoke?',
  ),
  ...sms(
    'appointment_confirm',
    '{greeting} {senderName} here. Your appointment with us is coming up. Does the time still suit you?',
    '{greeting} this is {senderName} about your upcoming appointment. Is there anything you need before it?',
  ),
  ...sms(
    'appointment_missed',
    '{greeting} {senderName} here. We did not get to meet as planned. Shall we find another time?',
    '{greeting} this is {senderName}. Your appointment did not take place. Which day would suit you instead?',
  ),
  ...email(
    'first_touch',
    [
      'Thanks for getting in touch',
      '{greeting}\n\nthank you for getting in touch about a home. What matters most to you, and when would you like to move?',
    ],
    ['Your home search', '{greeting}\n\ngood to hear from you. If you tell us a little about what you look for, we can start from there.'],
  ),
  ...email(
    'reply',
    ['Thank you for your message', '{greeting}\n\nthank you for your message. Would a short call suit you, or shall we go on by e-mail?'],
    ['Re: your message', '{greeting}\n\nyour message has reached us. What would help you most as a next step?'],
  ),
  ...email(
    'nudge_24h',
    ['Any questions so far?', '{greeting}\n\njust checking in: do you have any questions so far?'],
    ['Next steps', '{greeting}\n\nis there anything you would like to know about the next steps?'],
  ),
  ...email(
    'nudge_48h',
    ['Your plans', '{greeting}\n\nis now a good time to talk about your plans, or is later better?'],
    ['Listings', '{greeting}\n\nwould a few listings that fit what you look for be useful?'],
  ),
  ...email(
    'nudge_72h',
    ['Shall we stay in touch?', '{greeting}\n\nno rush at all: shall we stay in touch, or pick this up another time?'],
    ['Whenever it suits you', '{greeting}\n\nwe are happy to help whenever it suits you. Which day would be good for a short call?'],
  ),
  ...email(
    'reengage',
    [
      'Still thinking about a move?',
      '{greeting}\n\nare you still thinking about a move? A line is enough, and we pick up where we left off.',
    ],
    ['Have your plans changed?', '{greeting}\n\nhave your plans for a home changed since we last spoke?'],
  ),
  ...email(
    'appointment_confirm',
    ['Your upcoming appointment', '{greeting}\n\nyour appointment with us is coming up. Does the time still suit you?'],
    ['Before your appointment', '{greeting}\n\nis there anything you need before your upcoming appointment with us?'],
  ),
  ...email(
    'appointment_missed',
    ['Shall we find another time?', '{greeting}\n\nwe did not get to meet as planned. Shall we find another time?'],
    ['Another time', '{greeting}\n\nyour appointment with us did not take place. Which day would suit you instead?'],
  ),
  ...worded,
]
