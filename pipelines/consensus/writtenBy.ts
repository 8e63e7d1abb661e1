/**
 * What an earlier version of this arithmetic did otherwise, where that is little: how it wrote a decision down, and when the
 * votes sufficed to it, how it read words. So what that one decided is still decided again byte for byte.
 */
import type { Decision, Policy } from '../../schemas/generated/records.ts'
import { withoutAlternates } from '../routing/alternates.ts'
import { hearingOfEight, presentHearing } from '../agents/hearing.ts'
import type { Hearing } from '../agents/hearing.ts'
import { asksForPerson, legalWords, negativeWords, saidPlainly, saidTogether } from '../agents/phrases.ts'
import type { Arithmetic } from './arithmetic.ts'
import { settled, settledButEscalation } from './earlyStop.ts'
import { engineVersion } from './policy.ts'

type Writing = (decision: Decision, policy: Policy) => Decision

/** A quantile of one rules nothing out. */
const ruledOutNothing = 1_000_000

/** Until version 5 a quantile of one left what gates had closed among the options that could be right. */
const asOfFive: Writing = (decision, { conformalMicro, options }) =>
  conformalMicro === ruledOutNothing && decision.conformalSet !== null
    ? { ...decision, conformalSet: options.map(({ option }) => option) }
    : decision

/** Until version 4 the gate of the contact budget told one message as several. */
const asOfFour: Writing = (decision, policy) => ({
  ...asOfFive(decision, policy),
  gates: decision.gates.map((gate) =>
    gate.gateId === 'contact_budget' ? { ...gate, reason: gate.reason.replace(/^1 message in /, '1 messages in ') } : gate,
  ),
})

const writings: ReadonlyMap<number, Writing> = new Map<number, Writing>([
  // Of the parameters of any other type votes may bring one of that name, and version 2 kept it.
  [
    2,
    (decision, policy) =>
      asOfFour({ ...decision, params: decision.type === 'routing' ? withoutAlternates(decision.params) : decision.params }, policy),
  ],
  [3, asOfFour],
  [4, asOfFour],
  [5, asOfFive],
  [6, (decision) => decision],
  [7, (decision) => decision],
  [8, (decision) => decision],
  [engineVersion, (decision) => decision],
])

/** The last version that closed questions early although it could still change whether a human is asked. */
const lastWithoutEscalation = 3
/** The last version whose gate of words for a person read all messages as one text: a "no" denied what the next one began with. */
const lastTogether = 6
/** The last version whose gate took displeasure with anything for displeasure with us, heard English alone, and took a question why not for a denial. */
const lastByLists = 7
/** The last version that heard no wish for a manager and nobody who waits at a door or is asked once more: `hearingOfEight`. */
const lastOfEight = 8

/** What that gate heard: phrases of the lists, read out of the messages in this way. A phrase more in a list, and it would hear otherwise. */
function hearingBy(reads: typeof saidPlainly): Hearing {
  return {
    legal: (messages) => reads(messages, legalWords),
    person: (messages) => reads(messages, asksForPerson),
    unhappy: (messages) => reads(messages, negativeWords),
  }
}

/** Versions whose decisions can be decided again. */
export function isWritable(version: number): boolean {
  return writings.has(version)
}

/** A decision of this version under `policy` as `version` writes it; `undefined` when the two decide otherwise. */
export function writtenBy(version: number, decision: Decision, policy: Policy): Decision | undefined {
  const writing = writings.get(version)
  return writing === undefined ? undefined : { ...writing(decision, policy), engineVersion: version }
}

/** How that version folded: `presentArithmetic`, but for what it did otherwise. */
export function arithmeticOf(version: number): Arithmetic {
  return {
    settles: version <= lastWithoutEscalation ? settledButEscalation : settled,
    hears: hearingOf(version),
  }
}

function hearingOf(version: number): Hearing {
  if (version <= lastByLists) return hearingBy(version <= lastTogether ? saidTogether : saidPlainly)
  return version <= lastOfEight ? hearingOfEight : presentHearing
}
