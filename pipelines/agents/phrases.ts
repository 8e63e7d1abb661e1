/**
 * Phrase lists of the agents that read text, and how they are matched: whole words on lower-cased text, a phrase behind
 * a negation ("not pre-approved") does not count, each phrase counts once however often it is said.
 * @source reference/lead-domain.md 2.3, 4.5
 */
import type { RecentMessage } from '../../schemas/generated/records.ts'
import { bitOfList, screened } from './phraseScreen.ts'
import { asksWhyNot } from './whyNot.ts'

export interface PhraseList {
  readonly pattern: RegExp
  /** As written: `*` stands for the rest of a word. */
  readonly phrases: readonly string[]
  /** Of `Screened.opens`. */
  readonly bit: number
  /** Who asks why not, or whether not, says them: "why can't I speak to a person". */
  readonly whyNot?: boolean
}

/** Compiles phrases; `*` stands for the rest of a word, a space for any white space. */
export function phrases(...list: readonly string[]): PhraseList {
  const escaped = list.map((phrase) =>
    phrase
      .replaceAll(/[.?+^$()[\]{}|\\]/g, '\\$&')
      .replaceAll('*', '\\w*')
      .replaceAll(' ', '\\s+'),
  )
  const pattern = new RegExp(`(?<!\\w)(?:${escaped.sort((a, b) => b.length - a.length).join('|')})(?!\\w)`, 'g')
  return { pattern, phrases: list, bit: bitOfList(list) }
}

/** The distinct phrases of the list that the text says without negating them, in the order they appear. */
export function said(text: string, list: PhraseList): string[] {
  const { lower, opens } = screened(text)
  if ((opens & list.bit) === 0) return []
  const found = new Set<string>()
  for (const match of lower.matchAll(list.pattern)) {
    const before = lower.slice(Math.max(0, match.index - 24), match.index)
    const isDenied = /(?:\bnot|\bnever|\bno|\bwithout|n't)\s+(?:\w+\s+){0,2}$/.test(before)
    const isSaid = !isDenied || (list.whyNot === true && asksWhyNot(lower.slice(0, match.index)))
    if (isSaid) found.add(match[0].replaceAll(/\s+/g, ' '))
  }
  return [...found]
}

/** The distinct phrases that messages say, each read by itself: neither a phrase nor a negation reaches from one into the next. */
export function saidIn(messages: readonly { readonly text: string }[], list: PhraseList): string[] {
  const found: string[] = []
  for (const { text } of messages) for (const phrase of said(text, list)) if (!found.includes(phrase)) found.push(phrase)
  return found
}

/** The same where a question why not denies what it asks for. */
export function saidPlainly(messages: readonly { readonly text: string }[], list: PhraseList): string[] {
  return saidIn(messages, { ...list, whyNot: false })
}

/** The same of all messages as one text, in which a "no" denies what the next message begins with. */
export function saidTogether(messages: readonly { readonly text: string }[], list: PhraseList): string[] {
  return said(messages.map(({ text }) => text).join('\n'), { ...list, whyNot: false })
}

/** What the lead has said since anybody last wrote to it: what still waits for an answer. Newest last. */
export function unanswered(view: { recentMessages: readonly RecentMessage[] }): RecentMessage[] {
  const lastOutbound = view.recentMessages.reduce(
    (latest, message) => (message.direction === 'outbound' ? Math.max(latest, message.at) : latest),
    -Infinity,
  )
  return view.recentMessages.filter((message) => message.direction === 'inbound' && message.at > lastOutbound)
}

export const highIntent = phrases(
  'ready to buy',
  'looking to purchase',
  'looking to buy',
  'need to move',
  'must move',
  'move by',
  'urgent',
  'pre-approved',
  'preapproved',
  'pre approved',
  'cash buyer',
  'closing date',
  'when can we close',
  'make an offer',
  'put in an offer',
  'negotiate price',
  'inspection',
  'mortgage approved',
  'ready to sell',
  'want to sell',
  'list my house',
  'list my home',
)
export const mediumIntent = phrases(
  'seriously considering',
  'planning to buy',
  'thinking of buying',
  'thinking about selling',
  'in the market',
  'looking for a realtor',
  'mortgage pre-qualification',
  'down payment ready',
  'timeline',
  'budget range',
  'financing options',
  'schedule a showing',
  'see the house',
  'tour',
  'showing',
  'what is my home worth',
  "what's my home worth",
)
export const timelineImmediate = phrases('asap', 'immediate', 'immediately', 'this week', 'urgent', 'right away')
/** As the answer of a form they are a time frame; in a message mostly the time of a visit or of a call. */
export const timelineAnswered = phrases('today', 'tomorrow')
export const timelineShort = phrases(
  'next month',
  'within 30 days',
  '0-30 days',
  '30 days',
  '1 month',
  'by end of month',
  'by the end of the month',
  'by month end',
  'soon',
)
export const timelineMedium = phrases(
  '1-3 months',
  '1 to 3 months',
  '2-3 months',
  '2 to 3 months',
  '3-6 months',
  '3 to 6 months',
  '3 months',
  'this quarter',
  'this spring',
  'this summer',
  'this fall',
  'this autumn',
  'this winter',
  'in the spring',
  'in the summer',
  'in the fall',
  'in the winter',
)
export const timelineLong = phrases(
  'next year',
  '6 months',
  '6-12 months',
  '6 to 12 months',
  '12 months',
  '12 plus months',
  '12+ months',
  'a year',
  'eventually',
  'someday',
  'flexible',
  'no rush',
)
export const financingReady = phrases(
  'pre-approved',
  'preapproved',
  'pre approved',
  'cash buyer',
  'all cash',
  'paying cash',
  'cash offer',
  'financing secured',
  'mortgage approved',
)
export const financingInProgress = phrases(
  'applying for mortgage',
  'applying for a mortgage',
  'pre-qualification',
  'prequalified',
  'credit check',
  'loan application',
)
export const financingPlanning = phrases('need financing', 'mortgage options', 'lender recommendation*', 'down payment')
/** Some are no refusal beside a wish or of one home only: `declined`. */
export const notNow = phrases(
  'not interested',
  'no longer interested',
  'not intrested',
  'not intersted',
  'not interrested',
  'uninterested',
  'not interested in buying',
  'not interested in selling',
  'not interested in listing',
  'not now',
  'not ready',
  'not looking',
  'not looking to buy',
  'not looking to sell',
  'just looking',
  'just browsing',
  'maybe later',
  'maybe next year',
  'no longer looking',
  'no longer looking to buy',
  'no longer looking to sell',
  'no longer looking for a realtor',
  'no longer looking for an agent',
  'already bought',
  'already sold',
  'found a house',
  'found a home',
  'changed my mind',
  'wrong number',
  'bad timing',
  'not a good time',
  'not the best time',
  'busy right now',
  'busy rn',
  'busy atm',
  'cant talk right now',
  "can't talk right now",
  'not right now',
  'not rn',
  'not atm',
)
export const questionWords = phrases(
  'how much',
  'how many',
  'how do',
  'how does',
  'what is',
  'what are',
  "what's",
  'when can',
  'when is',
  'where is',
  'which',
  'is it',
  'is there',
  'are there',
  'can you',
  'could you',
  'can we',
  'could we',
  'can i',
  'could i',
  'do you',
  'does it',
  'available',
)
export const asksForCall = phrases(
  'call me',
  'give me a call',
  'ring me',
  'can you call',
  'could you call',
  'phone me',
  'please call back',
  'want a call back',
  'need a call back',
  'like a call back',
  'get a call back',
  'have a call back',
  'expect* a call back',
  'request* a call back',
)
export const asksForPerson: PhraseList = {
  ...phrases(
    'talk to a person',
    'talk to a human',
    'talk to someone',
    'talk to a realtor',
    'talk to an agent',
    'talk to a real person',
    'speak to a person',
    'speak to a human',
    'speak to someone',
    'speak to a realtor',
    'speak to an agent',
    'speak with a person',
    'speak with a human',
    'speak with someone',
    'speak with a realtor',
    'speak with an agent',
    'real person',
    'real human',
    'human being',
    'are you a bot',
    'is this a bot',
    'are you a robot',
  ),
  whyNot: true,
}
export const negativeWords = phrases(
  'angry',
  'upset',
  'annoyed',
  'annoying',
  'frustrat*',
  'terrible',
  'horrible',
  'awful',
  'worst',
  'rude',
  'unprofessional',
  'disappoint*',
  'ridiculous',
  'unacceptable',
  'fed up',
  'sick of',
  'waste of time',
  'leave me alone',
  'stop bothering',
  'stop texting',
  'stop calling',
  'stop emailing',
  'harass*',
  'spam',
  'hate',
)
export const legalWords = phrases(
  'lawyer',
  'attorney',
  'sue you',
  'will sue',
  'suing',
  'lawsuit',
  'legal action',
  'report you',
  'complaint',
  'scam',
  'fraud',
  'discriminat*',
  'fair housing',
)
export const confusedWords = phrases(
  'confused',
  'confusing',
  "don't understand",
  'do not understand',
  "don't get it",
  'what do you mean',
  'not sure what you mean',
  'not sure how',
  'what does that mean',
  'how does this work',
  'how does it work',
)
