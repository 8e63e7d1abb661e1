/**
 * What the custom fields of a lead answer, as far as scores weigh it: a function of the fields and of their names. It is read once
 * for each set of fields, since nearly every event leaves them as they are.
 */
import { amountOf, answerOf, meanOf } from '../../agents/factValues.ts'
import { entryOf } from '../../ingest/fields.ts'
import { needs } from './parts.ts'
import { unitDays } from './priorityTables.ts'
import { financingPoints, questions } from './serviceTables.ts'
import type { Financing } from './serviceTables.ts'

type Texts = Readonly<Record<string, string>>

export interface Answers {
  /** A bit for each of `needs` that is answered, the first one lowest. */
  readonly needs: number
  /** A bit for each of `questions` that is answered, the first one lowest; those of `needs` are the lowest of them. */
  readonly questions: number
  /** The stated budget, the middle of a range. */
  readonly budget: number | undefined
  /** Days in which the lead wants to move. */
  readonly days: number | undefined
  /** How far the money for it is. */
  readonly financing: Financing | undefined
}

/** By the very fields: an event that writes one makes a new set. What is known of a set goes with it. */
const known = new WeakMap<Texts, { readonly names: Texts; readonly answers: Answers }>()

/** `names`: custom field id to the name of the fact that it holds. */
export function answersOf(customFields: Texts, names: Texts): Answers {
  const before = known.get(customFields)
  // A tenant may name its fields anew: then the same fields answer something else.
  if (before?.names === names) return before.answers
  const answers = readAnswers(customFields, names)
  known.set(customFields, { names, answers })
  return answers
}

const bitsOfFact = new Map<string, number>()
const NEEDS_MASK = (1 << needs.length) - 1
for (const [place, { facts }] of questions.entries())
  for (const fact of facts) bitsOfFact.set(fact, (bitsOfFact.get(fact) ?? 0) | (1 << place))

function readAnswers(customFields: Texts, names: Texts): Answers {
  const facts = new Map<string, string>()
  let answered = 0
  // Of two fields for one fact, the one whose id comes first.
  for (const id of Object.keys(customFields).sort()) {
    const name = entryOf(names, id)
    const value = customFields[id]
    if (name === undefined || value === undefined || value.trim() === '') continue
    answered |= bitsOfFact.get(name) ?? 0
    if (!facts.has(name)) facts.set(name, value)
  }
  return {
    needs: answered & NEEDS_MASK,
    questions: answered,
    budget: budgetOf(facts),
    days: daysToMove(facts.get('timeline')),
    financing: financingOf(facts),
  }
}

function budgetOf(facts: ReadonlyMap<string, string>): number | undefined {
  const ends = ['budget_min', 'budget_max'].map((name) => amountOf(facts.get(name))).filter((end) => end !== undefined)
  return amountOf(facts.get('budget')) ?? (ends.length === 0 ? undefined : meanOf(ends))
}

/** Who pays cash needs no loan; a "cash-out refinance" is one. */
const CASH = /^(?:all_|paying_|pay_)?cash(?!_?(?:out|back|flow))/

/** A plain yes or no about the approval before what is written of the financing: "ready", "in progress", "pre-approved". */
function financingOf(facts: ReadonlyMap<string, string>): Financing | undefined {
  const stated = facts
    .get('financing')
    ?.trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_')
  const approved = answerOf(facts.get('pre_approved')) ?? answerOf(facts.get('financing'))
  if (approved === true || (stated !== undefined && CASH.test(stated))) return 'ready'
  if (stated !== undefined && Object.hasOwn(financingPoints, stated)) return stated as Financing
  return approved === false ? 'none' : undefined
}

/** "Over 6 months", "not before 6 months", "not within the next 6 months": no earlier; "no more than 6 months" is no such thing. */
const BEYOND =
  '(?:(?<!\\bnot?\\s)(?:over|more than)|at least|after)\\s+(?:about\\s+|around\\s+)?' +
  '|not? (?:before|sooner than|earlier than|less than)\\s+|not (?:in|within|for|until|till)\\s+(?:the\\s+)?(?:next\\s+|another\\s+|about\\s+|around\\s+)?'
const COUNTED = new RegExp(
  `(\\b(?:${BEYOND}))?(?<![\\d.,])(\\d{1,3}(?:[.,]\\d{1,2})?)\\s*(\\+)?\\s*(?:or more\\s+)?(day|week|month|year)s?\\b(?!\\s+ago\\b)\\s*(\\+|or more)?`,
  'i',
)

const AT_ONCE = /\b(?:asap|as soon as possible|immediate(?:ly)?|right away)\b/i
/** "Now" and "ready to move now"; "just looking for now", "happy where I am now" and "now to 3 months" are no such thing. */
const NOW = /(?:^\s*|\b(?:ready|buy|buying|sell|selling|move|moving)\s+)(?:right\s+)?now\b(?!\s*(?:-|–|to)\s*\d)/i
/** "Not asap", "don't need to right away", "no need to move immediately". */
const DENIED =
  /\bnot\b|n['’]t\b|\b(?:no|never|nothing|without|dont|cant|wont)\s+(?:\S+\s+){0,4}(?:asap|as soon|immediate|right away|(?:right\s+)?now\b)/i

/** Does an answer name the moment itself as the time of the move? */
export function wantsNow(answer: string): boolean {
  return NOW.test(answer) && !DENIED.test(answer)
}

/**
 * Days in which a lead wants to move by what it answered ("asap", "within 30 days", "3-6 months", "12+ months"): the later end of a range,
 * Infinity when it has none; `undefined` for what names no time ("flexible"), or one that is over ("3 months ago").
 */
export function daysToMove(answer: string | undefined): number | undefined {
  if (answer === undefined) return undefined
  const said = answer.replaceAll('_', ' ')
  if (AT_ONCE.test(said) || NOW.test(said)) return DENIED.test(said) ? undefined : 0
  const counted = COUNTED.exec(said)
  const [, beyond, digits, plus, unit, plusAfter] = counted ?? []
  const days = unitDays[unit?.toLowerCase() ?? '']
  if (digits === undefined || days === undefined) return undefined
  const isOpenEnded = beyond !== undefined || plus !== undefined || plusAfter !== undefined
  return isOpenEnded ? Infinity : Math.round(Number(digits.replace(',', '.')) * days)
}
