/**
 * A decision in the words of a realtor: one headline, at most five lines, then the numbers they rest on. The numbers are
 * the stored integers, so base rate plus contributions is exactly the log-odds and nothing is told that did not count.
 * @source reference/consensus.md 5
 */
import { instantText } from '../instantText.ts'
import type { Contribution, Decision, GateResult, Policy, Silence } from '../../schemas/generated/records.ts'
import { counted } from '../counted.ts'
import { alternatesIn } from '../routing/alternates.ts'
import { placeOfOption } from '../routing/realtorOption.ts'
import { clockHourOf } from '../trials/hours/hourTrial.ts'
import { deniedFavourites } from './conflicts.ts'
import { dueToAPerson } from './dueToAPerson.ts'
import { flipSet } from './flipSet.ts'
import type { FlipSet } from './flipSet.ts'
import { isLatestEnd } from './gates.ts'
import { lackOfVoices } from './lackOfVoices.ts'
import { natsOf } from './pinnedMath.ts'
import { compare, scoreOfBase } from './pool.ts'
import { wholePercent } from './wholePercent.ts'

export interface ExplainedVote {
  readonly agentId: string
  /** The agent's name in words. */
  readonly agent: string
  readonly family: string
  readonly option: string
  /** very low .. very high */
  readonly confidence: string
  /** What it said. */
  readonly says: string
  /** What it added to its option, in nats. */
  readonly nats: number
  /** The same, exact, in 1e-18 nats. */
  readonly exact: string
  readonly blocked: boolean
}

/** ln( P(chosen) / P(rival) ), taken apart. All exact values are integers in 1e-18 nats as text. */
export interface LogOdds {
  readonly chosen: string
  readonly rival: string
  readonly base: string
  readonly votesFor: string
  readonly votesAgainst: string
  /** base + votesFor - votesAgainst */
  readonly total: string
  readonly nats: number
}

export interface Explanation {
  readonly headline: string
  readonly sentences: readonly string[]
  /** Strongest first. */
  readonly contributions: readonly ExplainedVote[]
  readonly logOdds: LogOdds | undefined
  /** Gates that denied something. */
  readonly gates: readonly GateResult[]
  readonly silent: readonly Silence[]
  readonly flipSet: FlipSet | undefined
}

const actions: Readonly<Record<string, string>> = {
  wait: 'wait',
  sms: 'send a text message',
  email: 'send an e-mail',
  call: 'have a realtor call',
  hand_over: 'hand the lead over to a person',
  soft_ask: 'ask softly',
  inform: 'offer information',
  reassure: 'reassure and ask for nothing',
  direct_ask: 'ask directly',
  realtor_1: 'give the lead to the first realtor of the list',
  realtor_2: 'give the lead to the second realtor of the list',
  realtor_3: 'give the lead to the third realtor of the list',
}
/** What `wait` means where it is not about contact. */
const waits: Readonly<Record<string, string>> = {
  content: 'keep the plain text',
  escalation: 'leave the lead with Rekindle',
  routing: 'leave the lead without a realtor',
}
const confidences = ['very low', 'low', 'medium', 'high', 'very high'] as const

/** The name of a realtor, where it is known. */
export type RealtorNames = (realtorId: string) => string | undefined

/** A realtor reads so many sentences. */
const mostSentences = 5

/**
 * Explains a decision. What would have been chosen without some votes is told with the policy it was made with and with no
 * other, since the utilities of the options are in it; with names, realtors are called by them and not by their id.
 */
export function explain(decision: Decision, policy?: Policy, realtorName: RealtorNames = () => undefined): Explanation {
  const acts = (option: string): string => actIn(decision, option, realtorName)
  const contributions = [...decision.contributions]
    .sort((a, b) => Number(BigInt(b.nats) > BigInt(a.nats)) - Number(BigInt(b.nats) < BigInt(a.nats)) || compare(a.agentId, b.agentId))
    .map(explainedVote)
  const gates = decision.gates.filter(({ verdict }) => verdict !== 'allow')
  // What the lot decided no vote would have changed.
  const isWatched = policy?.policyHash === decision.policyHash && !isByLot(decision)
  const flip = isWatched ? flipSet(decision, policy) : undefined
  const odds = logOddsOf(decision)
  return {
    headline: headlineOf(decision, acts, policy),
    sentences: sentencesOf(decision, acts, contributions, gates, flip, listOf(decision, realtorName), isWatched, policy),
    contributions,
    logOdds: odds,
    gates,
    silent: decision.silent,
    flipSet: flip,
  }
}

/** The log-odds of the chosen option against the runner-up, summed from the stored parts; `undefined` when there was no choice. */
export function logOddsOf(decision: Decision): LogOdds | undefined {
  const chosen = decision.options.find(({ option, eligible }) => eligible && option === decision.chosen)
  const rival = decision.options.find(({ option, eligible }) => eligible && option === decision.runnerUp)
  if (chosen === undefined || rival === undefined) return undefined
  const votesFor = votesForOption(decision.contributions, chosen.option)
  const votesAgainst = votesForOption(decision.contributions, rival.option)
  const base = scoreOfBase(chosen.baseMicro) - scoreOfBase(rival.baseMicro)
  const total = base + votesFor - votesAgainst
  return {
    chosen: chosen.option,
    rival: rival.option,
    base: String(base),
    votesFor: String(votesFor),
    votesAgainst: String(votesAgainst),
    total: String(total),
    nats: natsOf(total),
  }
}

function votesForOption(contributions: readonly Contribution[], option: string): bigint {
  return contributions.reduce((sum, c) => (c.option === option && !c.blocked ? sum + BigInt(c.nats) : sum), 0n)
}

function explainedVote(c: Contribution): ExplainedVote {
  return {
    agentId: c.agentId,
    agent: inWords(c.agentId),
    family: c.family,
    option: c.option,
    confidence: confidences[c.bin - 1] ?? 'unknown',
    says: c.reasonText ?? `${capital(c.reasonCode.replaceAll('_', ' '))}.`,
    nats: natsOf(BigInt(c.nats)),
    exact: c.nats,
    blocked: c.blocked,
  }
}

type Acts = (option: string) => string

function headlineOf(decision: Decision, acts: Acts, policy: Policy | undefined): string {
  const subject = capital(acts(decision.chosen))
  if (dueToAPerson(decision) !== undefined) return `${capital(acts('hand_over'))}: its own words are for a person to answer.`
  if (decision.stopReason === 'gated')
    return decision.type === 'content'
      ? 'Keep the plain text: nothing is written to this lead right now.'
      : 'Do nothing: no other action is allowed right now.'
  if (decision.stopReason === 'superseded') return 'No decision: the lead changed while the question was open.'
  if (decision.fallbackUsed)
    return `${subject}: ${lackOfVoices(decision, policy).few ? 'too few agents answered to decide' : 'agents that have to be heard did not answer'}.`
  return decision.dueAt === null
    ? `${subject}.`
    : `${subject}, ${decision.dueAt === decision.decidedAt ? 'now' : `at ${instantText(decision.dueAt)}`}.`
}

function sentencesOf(
  decision: Decision,
  acts: Acts,
  votes: readonly ExplainedVote[],
  gates: readonly GateResult[],
  flip: FlipSet | undefined,
  list: string | undefined,
  isWatched: boolean,
  policy: Policy | undefined,
): string[] {
  const contested = contestedLine(decision, acts, gates)
  const taken = 'It is handed over whatever the votes say, unless that is under way already; Rekindle writes nothing meanwhile.'
  if (decision.stopReason === 'gated')
    return fewLines(gates.map(gateInWords), [
      dueToAPerson(decision) === undefined ? liftInWords(decision.liftsAt, gates) : taken,
      contested,
    ])
  if (decision.stopReason === 'superseded')
    return ['Something newer happened (a reply, a person stepping in, an opt-out); a new question follows if one is due.']
  const heard = votes.filter(({ blocked, exact }) => !blocked && exact !== '0')
  const supporting = heard.filter(({ option }) => option === decision.chosen)
  const opposing = heard.filter(({ option }) => option !== decision.chosen)
  const isLot = isByLot(decision)
  const uncounted = votes.filter((vote) => !heard.includes(vote))
  const lines = [
    lotLine(decision, acts),
    hourLine(decision),
    ...(isLot ? [] : [whyLine(decision, supporting, uncounted, policy)]),
    againstLine(decision, acts, opposing, uncounted),
  ]
  // Who is on the list says where nobody stands.
  const told = gates.filter(({ gateId }) => list === undefined || gateId !== 'shortlist')
  if (told.length > 0) lines.push(`Not allowed: ${told.map(gateInWords).join(' ')}`)
  if (list !== undefined) lines.push(list)
  return fewLines(lines, [
    contested,
    sureLine(decision, acts, heard.length > 0),
    isLot ? undefined : firmLine(decision, acts, flip, isWatched),
  ])
}

/** Each line, and no more than a realtor reads: where there are more, the last ones before `kept` share one. */
function fewLines(lines: readonly (string | undefined)[], kept: readonly (string | undefined)[]): string[] {
  const ends = kept.filter((line) => line !== undefined)
  const first = lines.filter((line) => line !== undefined)
  const own = mostSentences - ends.length - 1
  return first.length <= own + 1 ? [...first, ...ends] : [...first.slice(0, own), first.slice(own).join(' '), ...ends]
}

/** The lot took something else than what is usual. */
function isByLot({ draw, chosen }: Decision): boolean {
  // Rows that were stored before the field was known lack it.
  return draw ? draw.drawn && draw.usual !== chosen : false
}

/** Of a choice that was left to lot: that it was, what is usual, and how probable this was. */
function lotLine({ draw, chosen }: Decision, acts: Acts): string | undefined {
  if (!draw) return undefined
  const chance = `this had a chance of ${percentOf(draw.arms.find(({ option }) => option === chosen)?.propensityMicro ?? 0)} %`
  if (!draw.drawn) return `Some are drawn by lot in trial ${draw.trial}; this one was left to what is usual: ${chance}.`
  const usual = draw.usual === chosen ? 'which is what is usual' : `instead of what is usual, to ${acts(draw.usual)}`
  return `Drawn by lot in trial ${draw.trial}, ${usual}: ${chance}.`
}

/** Of an hour that was left to lot: which it is, which one is usual, and how probable this was. */
function hourLine({ hour }: Decision): string | undefined {
  // Rows that were stored before the field was known lack it.
  if (!hour) return undefined
  const { trial, taken, usual, drawn, arms } = hour
  const chance = `this had a chance of ${percentOf(arms.find(({ option }) => option === taken)?.propensityMicro ?? 0)} %`
  if (!drawn) return `Some hours are drawn by lot in trial ${trial}; this message keeps its usual one, ${hourInWords(taken)}: ${chance}.`
  const instead = taken === usual ? 'which is the usual one' : `instead of ${hourInWords(usual)}`
  return `Its hour was drawn by lot in trial ${trial}, ${hourInWords(taken)} where the lead lives, ${instead}: ${chance}.`
}

/** `h18` is "18:00 to 19:00". */
function hourInWords(option: string): string {
  const hour = clockHourOf(option)
  return `${hour}:00 to ${hour + 1}:00`
}

function percentOf(micro: number): string {
  return (micro / 10_000).toFixed(1)
}

function whyLine(
  decision: Decision,
  supporting: readonly ExplainedVote[],
  uncounted: readonly ExplainedVote[],
  policy: Policy | undefined,
): string {
  if (decision.fallbackUsed) {
    const again = decision.escalation === 'quorum_failed_twice' ? ' It was so the time before as well: a person should look.' : ''
    return `${capital(lackOfVoices(decision, policy).words)}, so the safe choice was taken.${again}`
  }
  if (supporting.length === 0) {
    const isWeightless = uncounted.some(({ option }) => option === decision.chosen)
    return `${isWeightless ? 'What argued for it has no weight' : 'No agent argued for it'}; ${withoutVotes(decision)}`
  }
  return `For it: ${supporting
    .slice(0, 2)
    .map(({ agent, confidence, says }) => `${says} (${agent}, ${confidence})`)
    .join(' ')}`
}

/** Why it was chosen though nobody argued for it: by what is usual, as far as that is so, else by what the choices gain and cost. */
function withoutVotes({ options, chosen, stage }: Decision): string {
  const own = options.find(({ option }) => option === chosen)?.baseMicro ?? -Infinity
  const moreUsual = options.filter(({ baseMicro }) => baseMicro > own)
  if (moreUsual.length === 0) return `it is the usual right choice for a lead that is ${stage}.`
  return moreUsual.some(({ eligible }) => eligible)
    ? `it is not the usual right choice for a lead that is ${stage}, but best by what each would gain and cost.`
    : `of what is allowed it is the usual right choice for a lead that is ${stage}.`
}

function againstLine(
  decision: Decision,
  acts: Acts,
  opposing: readonly ExplainedVote[],
  uncounted: readonly ExplainedVote[],
): string | undefined {
  const [first] = opposing
  if (first !== undefined) return `Against it: ${first.says} (${first.agent} would ${acts(first.option)}, ${first.confidence})`
  if (decision.fallbackUsed) return undefined
  const others = uncounted.filter(({ option }) => option !== decision.chosen)
  if (others.length === 0) return 'No agent argued for anything else.'
  const options = [...new Set(others.map(({ option }) => acts(option)))].join(' or ')
  const why = others.every(({ blocked }) => blocked) ? 'is not allowed' : 'is not allowed or has no weight'
  return `${counted(others.length, 'agent')} would ${options}, which ${why}.`
}

function sureLine(decision: Decision, acts: Acts, isHeard: boolean): string {
  const share = (option: string) => decision.options.find((known) => known.option === option)?.probability ?? 0
  const { runnerUp } = decision
  const rival = runnerUp === null ? '' : `, ${wholePercent(share(runnerUp))} that it would be better to ${acts(runnerUp)}`
  const silent = decision.silent.length === 0 ? '' : ` ${counted(decision.silent.length, 'agent')} had no finding or did not answer.`
  const isOpen = (option: string) => decision.options.some((known) => known.option === option && known.eligible)
  // Rows that were stored before the field was known lack it; some of version 5 name options that gates had closed.
  const others = (decision.conformalSet ?? []).filter((option) => option !== decision.chosen && isOpen(option))
  const open =
    decision.escalation && others.length > 0 ? ` A person should look: it could also be right to ${others.map(acts).join(' or ')}.` : ''
  const who = isHeard ? 'The agents put' : 'Without a vote that counts, what is usual puts'
  return `${who} ${wholePercent(share(decision.chosen))} on this being right${rival}.${costLine(decision, acts, share)}${open}${silent}`
}

/** The best action need not be the likeliest: a costly omission outweighs a cheap mistake. The safe choice and a lot weigh nothing. */
function costLine(decision: Decision, acts: Acts, share: (option: string) => number): string {
  const { options, chosen, runnerUp, fallbackUsed } = decision
  const [likeliest] = options.filter(({ eligible }) => eligible).sort((a, b) => b.probability - a.probability)
  const percent = (option: string) => Math.round(100 * share(option))
  if (fallbackUsed || isByLot(decision) || likeliest === undefined || percent(likeliest.option) <= percent(chosen)) return ''
  const named = likeliest.option === runnerUp ? '' : `, at ${percent(likeliest.option)} %`
  return ` To ${acts(likeliest.option)} is likeliest to be right${named}; this is best by what each would gain and cost.`
}

function firmLine(decision: Decision, acts: Acts, flip: FlipSet | undefined, isWatched: boolean): string | undefined {
  if (decision.fallbackUsed) return 'It can be undone and is flagged as degraded.'
  if (!isWatched) return undefined
  if (flip === undefined) return 'Without any vote the choice would be the same.'
  const names = flip.votes.map(({ agentId }) => inWords(agentId)).join(' and ')
  return `Without ${names} it would be: ${acts(flip.becomes)}.`
}

/** What is contested about it; `undefined` where nothing is. */
function contestedLine(decision: Decision, acts: Acts, gates: readonly GateResult[]): string | undefined {
  const told = decision.conflicts.map((conflict) => conflictInWords(conflict, decision, acts, gates))
  return told.length === 0 ? undefined : `Contested: ${told.join('; ')}.`
}

function conflictInWords(conflict: string, decision: Decision, acts: Acts, gates: readonly GateResult[]): string {
  if (conflict === 'split') return 'the two likeliest choices are less than 15 points apart in how likely they are to be right'
  if (conflict === 'family-split') return 'agents that look at different things disagree'
  if (conflict === 'stale') return 'some agents answered about the lead as it was before, and did not count'
  if (conflict === 'policy-refused') return 'the policy that was published could not be used, so another one was taken'
  if (conflict !== 'gate-vs-pool') return conflict
  const denied = deniedFavourites(decision.options.map(({ option, eligible, score }) => ({ option, eligible, score: BigInt(score) })))
  return denied
    .map((option) => {
      const gate = gates.find((one) => one.option === option || one.option === '*')
      const by = gate === undefined ? 'a rule does not allow' : `the gate "${gate.gateId.replaceAll('_', ' ')}" does not allow`
      return `the votes alone were clearly for this, which ${by}: ${acts(option)}`
    })
    .join('; ')
}

function gateInWords(gate: GateResult): string {
  const { reason, liftsAt } = gate
  if (liftsAt === null) return reason
  return `${reason.replace(/\.$/, '')} (until ${instantText(liftsAt)}${isLatestEnd(gate) ? ' at the latest' : ''}).`
}

function liftInWords(liftsAt: number | null, gates: readonly GateResult[]): string {
  if (liftsAt === null) return 'This does not lift by itself.'
  const isLatest = gates.some((gate) => gate.liftsAt === liftsAt && isLatestEnd(gate))
  return `The first way opens again ${isLatest ? 'by' : 'at'} ${instantText(liftsAt)}${isLatest ? ' at the latest' : ''}.`
}

/** What an option of a decision type is, in words: `soft_ask` is "ask softly". */
export function actionOf(option: string, type: string): string {
  return (option === 'wait' ? waits[type] : undefined) ?? actions[option] ?? option
}

/** Who was on the list of a routing decision, the first place first. */
export function shortlisted({ type, params }: Pick<Decision, 'type' | 'params'>): readonly string[] {
  return type === 'routing' && params['shortlist'] !== undefined ? params['shortlist'].split(' ').filter((id) => id !== '') : []
}

function actIn(decision: Decision, option: string, realtorName: RealtorNames): string {
  const place = placeOfOption(option)
  const realtorId = place === undefined ? undefined : shortlisted(decision)[place]
  return realtorId === undefined ? actionOf(option, decision.type) : `give the lead to ${realtorName(realtorId) ?? realtorId}`
}

function listOf(decision: Decision, realtorName: RealtorNames): string | undefined {
  const list = shortlisted(decision)
  if (list.length === 0) return undefined
  const named = (ids: readonly string[]) => ids.map((realtorId) => realtorName(realtorId) ?? realtorId).join(', ')
  const { realtorId } = decision.params
  const alternates = alternatesIn(decision.params)
  const next =
    realtorId === undefined || alternates.length === 0
      ? ''
      : ` When ${named([realtorId])} cannot have it by then, the next is: ${named(alternates)}.`
  return `Asked about, the best by the rules of the office first: ${named(list)}.${next}`
}

function inWords(agentId: string): string {
  return capital(agentId.replaceAll('_', ' '))
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
