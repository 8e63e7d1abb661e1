/**
 * A question to a person in words: the two best options with the three strongest votes for each, what is open, the draft
 * of the message, until when an answer helps and what is done without one. Every figure is one of the decision.
 * @source reference/consensus.md 4.2
 */
import { DateTime, IANAZone } from 'luxon'
import type { AskedDecision, Decision, FollowUp, Tenant } from '../../schemas/generated/records.ts'
import { actionOf, explain } from '../consensus/explain.ts'
import type { ExplainedVote } from '../consensus/explain.ts'
import { lackOfVoices } from '../consensus/lackOfVoices.ts'
import { wholePercent } from '../consensus/wholePercent.ts'
import { officeHoursText } from './officeHours.ts'
import { oneLine, spokenName } from './renderText.ts'

/** Strongest votes told for each of the two options. */
const votesTold = 3

/** Title of the task. */
export function questionTitle(firstName: string | null): string {
  return `Decide what to do about ${spokenName(firstName) ?? 'this lead'}`
}

export interface NearTie {
  readonly options: readonly [string, string]
  /** By how much the better is better, 1e-6 of utility. */
  readonly gapMicro: number
  /** What a minute of a person is worth at the location, 1e-6. */
  readonly worthMicro: number
}

/**
 * The two best options of votes that are clear, where choosing between them is worth less than a minute of a person and one of
 * them is a message; `undefined` otherwise, and where the location has not said what a minute is worth.
 * @source reference/consensus.md 4.2: U(best) - U(second) < the cost of a human minute
 */
export function nearTie(decision: Decision, tenant: Pick<Tenant, 'minuteWorthMicro'> | undefined): NearTie | undefined {
  // Rows that were stored before the field was known lack it.
  const worthMicro = tenant?.minuteWorthMicro ?? null
  const { type, escalation, degraded, stopReason, options } = decision
  if (worthMicro === null || type !== 'follow_up' || typeof escalation === 'string' || degraded) return undefined
  if (stopReason === 'gated' || stopReason === 'superseded') return undefined
  const [best, second] = options.filter(({ eligible }) => eligible).sort((a, b) => b.utility - a.utility)
  if (best === undefined || second === undefined) return undefined
  const isMessage = [best, second].some(({ option }) => option === 'sms' || option === 'email')
  const gapMicro = Math.round(1e6 * (best.utility - second.utility))
  return isMessage && gapMicro < worthMicro ? { options: [best.option, second.option], gapMicro, worthMicro } : undefined
}

/** What is known and what is open, without the draft. */
export function questionWords(decision: Decision, firstName: string | null, tenant?: Tenant): string {
  const name = spokenName(firstName) ?? 'this lead'
  const tie = nearTie(decision, tenant)
  const two = tie === undefined ? twoBest(decision) : [...tie.options]
  const { contributions } = explain(decision)
  return [
    `What is right for ${name} is not clear enough for Rekindle to act alone.`,
    ...two.flatMap((option, place) => optionLines(decision, contributions, option, place + 1)),
    `Open: ${tie === undefined ? openQuestion(decision, two) : tieWords(tie)}`,
  ].join('\n')
}

/** The draft, how to answer, and what happens otherwise. `tenant`: the location. */
export function answerLines(
  { decisionId, options, otherwise, until }: AskedDecision,
  draft: Pick<FollowUp, 'channel' | 'text' | 'subject'> | undefined,
  tenant: Pick<Tenant, 'timeZone' | 'officeHours'> | undefined,
): string[] {
  const zone = tenant !== undefined && IANAZone.isValidZone(tenant.timeZone) ? tenant.timeZone : 'utc'
  const hours = tenant?.officeHours ?? []
  const by = DateTime.fromMillis(until, { zone }).toFormat('yyyy-LL-dd HH:mm ZZZZ', { locale: 'en-US' })
  const subject = draft?.subject ? ` (subject: ${oneLine(draft.subject)})` : ''
  return [
    draft?.text
      ? `Draft of the ${draft.channel === 'sms' ? 'text message' : 'e-mail'}${subject}: ${draft.text}`
      : 'No message can be written.',
    `Answer by ${by} on the page "Asked" of Rekindle with one of: ${options.join(', ')}. Or: rekindle asked answer ${decisionId} ${options[0] ?? 'wait'} --by <your name>`,
    ...(hours.length === 0 ? [] : [`The time for it counts while the office is open: ${officeHoursText(hours)}.`]),
    'Completing this task is no answer. It is completed by itself when the question has ended.',
    otherwise === 'call' ? 'Without an answer nothing is sent, and a realtor is asked to call.' : 'Without an answer nothing is sent.',
  ]
}

/** Of such a question what the page says, which has a button for each answer: nothing of the task, of the terminal and of codes. */
export function askedOnPage(body: string): string {
  return body
    .replace(/^(Answer by .*) on the page "Asked" of Rekindle with one of: .*$/m, '$1.')
    .replace(/^Completing this task is no answer\..*\n/m, '')
}

/** What was chosen, and the best of the others that are open; where too few were heard, the two best that are allowed. */
function twoBest({ options, chosen, conformalSet }: Decision): string[] {
  // Rows that were stored before the set was known lack it.
  const open = options.filter(({ option, eligible }) => eligible && (!conformalSet || option === chosen || conformalSet.includes(option)))
  const [first, second] = open.sort((a, b) => Number(b.option === chosen) - Number(a.option === chosen) || b.utility - a.utility)
  return [first, second].filter((one) => one !== undefined).map(({ option }) => option)
}

function optionLines(decision: Decision, contributions: readonly ExplainedVote[], option: string, place: number): string[] {
  const probability = decision.options.find((known) => known.option === option)?.probability ?? 0
  const argued = contributions.filter((vote) => vote.option === option && !vote.blocked)
  const votes = argued.filter(({ exact }) => exact !== '0')
  const none = argued.length === 0 ? 'No agent argued for it.' : 'What argued for it has no weight.'
  const told = votes.slice(0, votesTold).map(({ says, agent, confidence }) => `${says} (${agent}, ${confidence})`)
  const more = votes.length > votesTold ? ` ${votes.length - votesTold} more.` : ''
  return [
    `${place}. ${sentence(actionOf(option, decision.type))}: ${wholePercent(probability)} likely to be right.`,
    `   ${told.length === 0 ? none : `For it: ${told.join(' ')}${more}`}`,
  ]
}

function openQuestion(decision: Decision, [first, second]: readonly string[]): string {
  const { escalation, conformalSet, type } = decision
  if (escalation === 'quorum_failed_twice') return `${lackOfVoices(decision).words}, and it was no better the time before.`
  const named = (option: string | undefined, otherwise: string) => (option === undefined ? otherwise : `"${actionOf(option, type)}"`)
  const error = 'at the error that the policy allows, and what has reached a lead cannot be taken back.'
  // The best by what each would gain and cost may be one that is hardly right.
  return first !== undefined && conformalSet?.includes(first) === false
    ? `${named(first, '')} is best by what each would gain and cost, but the votes rule out that it is right ${error}`
    : `the votes rule out neither ${named(first, 'this')} nor ${named(second, 'anything else')} ${error}`
}

function tieWords({ gapMicro, worthMicro }: NearTie): string {
  const units = (micro: number) => String(micro / 1e6)
  return `choosing between the two is worth ${units(gapMicro)}, less than the ${units(worthMicro)} that a minute of a person is worth here.`
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
