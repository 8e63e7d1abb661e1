/**
 * What a person should answer in messages that wait: words of law, a wish for a person, displeasure with us. Each message is read by
 * itself. Lawyers of a purchase, and displeasure with a home or with somebody else, are none of it.
 */
import { intentIn, intentOfEight } from '../enrich/text/intent.ts'
import { displeasureIn, moodOfEight } from '../enrich/text/sentiment.ts'
import type { Found, Told } from '../enrich/text/tokens.ts'
import { asksForCall, asksForPerson, legalWords, said, saidIn } from './phrases.ts'
import { toldOf } from './readings.ts'
import type { Words } from './readings.ts'

/** Words found in messages, each once, in lower case. */
type Hears = (messages: readonly Exclude<Words, string>[]) => string[]

export interface Hearing {
  readonly legal: Hears
  readonly person: Hears
  readonly unhappy: Hears
}

/** What is said of buying and selling with the words of law. Left out before those are looked for; a threat is none of them. */
const ofPurchases = new RegExp(
  `\\b(?:${[
    '(?:real estate|closing|estate|probate|title|divorce|tax|immigration|settlement) (?:attorney|lawyer)s?',
    'power of attorney',
    "(?:attorney|lawyer)(?:'?s)? (?:review|fees?|approval|letter|state)",
    '(?:recommend|know|need|find|suggest|refer) (?:us |me )?(?:a |an )?(?:good )?(?:attorney|lawyer)',
    '(?:my|our|the) (?:attorney|lawyer) (?:(?:will|to|is|needs to|has to|can|should|wants to|just) )?(?:review|look|check|read|go over|draft)\\w*',
    "(?:i'?m|i am) (?:a|an) (?:attorney|lawyer)",
    "(?:his|her|ex'?s?) (?:attorney|lawyer)",
    "(?:their|(?:the )?seller'?s|(?:the )?buyer'?s) (?:attorney|lawyer)",
    '(?:only|one|biggest|main|no) complaint',
    '(?:wire|identity|title) fraud',
  ].join('|')})\\b`,
  'g',
)

/** Words of law or of complaint in a text. */
export function legalIn(text: string): string[] {
  const found = said(text, legalWords)
  return found.length === 0 ? found : said(text.toLowerCase().replaceAll('’', "'").replaceAll(ofPurchases, ' '), legalWords)
}

/** Which of these the lead asks for, in English or Spanish. */
export function askedFor(what: 'call' | 'person', messages: readonly Exclude<Words, string>[], wishes = wishesOf): string[] {
  const listed = saidIn(messages, what === 'call' ? asksForCall : asksForPerson)
  if (listed.length > 0) return listed
  const found = messages.flatMap((message) => wishes(toldOf(message)).filter(({ value }) => value === what))
  return [...new Set(found.map(({ words }) => words.toLowerCase()))]
}

/** What messages want, read once each: agents and gates ask for calls and for persons. */
const wishes = new WeakMap<Told, readonly Found[]>()

function wishesOf(told: Told): readonly Found[] {
  let found = wishes.get(told)
  if (found === undefined) wishes.set(told, (found = intentIn(told)))
  return found
}

/** Words of displeasure with us under a lexicon. */
const unhappyBy = (lexicon?: typeof moodOfEight): Hears => {
  return (messages) => [
    ...new Set(messages.flatMap((message) => displeasureIn(toldOf(message), lexicon).map((words) => words.toLowerCase()))),
  ]
}

export const presentHearing: Hearing = {
  legal: (messages) => [...new Set(messages.flatMap(({ text }) => legalIn(text)))],
  person: (messages) => askedFor('person', messages),
  unhappy: unhappyBy(),
}

/** What version 8 of the arithmetic heard: neither a wish for the manager, nor whoever stands before a closed door. */
export const hearingOfEight: Hearing = {
  legal: presentHearing.legal,
  person: (messages) => askedFor('person', messages, (told) => intentIn(told, intentOfEight)),
  unhappy: unhappyBy(moodOfEight),
}
