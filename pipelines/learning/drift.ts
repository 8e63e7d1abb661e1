/**
 * Whether the newest verdicts still fit: what decisions stated of themselves when they were made, against verdicts of the random
 * audit. Decisions are judged by their own probabilities, which no verdict on them has touched. Exact tests, with the rate of false
 * alarms of one look stated; below a least number of verdicts nothing is said.
 * @source reference/consensus.md 9.9 (drift), 7.2 (predict, then learn)
 */
import type { Decision } from '../../schemas/generated/records.ts'
import { ln } from '../consensus/pinnedMath.ts'
import { compare } from '../consensus/pool.ts'
import { chanceOfSoFew, fisher, fisherBoth } from '../consensus/scores/exactTests.ts'
import type { Counted } from '../consensus/scores/exactTests.ts'
import { firstVerdicts } from './voteTable.ts'
import type { JudgedDecision } from './judgedDecision.ts'

/** Thirty on each side: with fewer, only a fall from always to half the time would be seen. */
export const LEAST_FOR_DRIFT = 60
/** False alarms of each of the four questions at one look, at most: one in a hundred. */
export const FALSE_ALARM = 0.01
/** Slices of the story of the log loss, at most, and the least of one. */
const SLICES = 4
const LEAST_OF_A_SLICE = 30
/** P is floored here in a log loss. */
const LEAST_PROBABILITY = 1e-4

export interface SliceLoss {
  readonly verdicts: number
  /** Mean -ln P(right option), nats; P floored at 1e-4. */
  readonly logLoss: number
  /** The log loss that the decisions expected of themselves: their mean entropy. */
  readonly expected: number
}
export interface Shift {
  /** An option or an agent. */
  readonly name: string
  readonly before: Counted
  readonly after: Counted
  /** Of as large a change by chance, times the number of names that were looked at (Bonferroni). */
  readonly chance: number
}
export type Drift =
  | { readonly kind: 'too_few'; readonly verdicts: number }
  | {
      readonly kind: 'told'
      readonly verdicts: number
      readonly slices: readonly SliceLoss[]
      /** The most probable option was the right one: the newest half against the older one, and against what it stated. */
      readonly right: {
        readonly before: Counted
        readonly after: Counted
        readonly fallen: number
        readonly foretold: number
        readonly soFew: number
      }
      /** Right options that became more or less frequent from the older half to the newer one. */
      readonly options: readonly Shift[]
      /** Agents whose votes became less often right. */
      readonly agents: readonly Shift[]
      /** What has drifted, at `FALSE_ALARM` each. */
      readonly alarms: readonly ('right_less' | 'less_than_foretold' | 'options' | 'agents')[]
    }

interface Seen {
  readonly decision: Decision
  readonly option: string
  /** Of the most probable option, and whether it was the right one. */
  readonly top: number
  readonly hit: boolean
  readonly loss: number
  readonly entropy: number
}

/** What the verdicts of one decision type say, oldest decision first or in any order. */
export function driftOf(judged: readonly JudgedDecision[]): Drift {
  const seen = firstVerdicts(judged)
    .filter(({ decision }) => decision.auditSelected)
    .sort((a, b) => a.decision.decidedAt - b.decision.decidedAt || compare(a.decision.decisionId, b.decision.decisionId))
    .flatMap(seenOf)
  if (seen.length < LEAST_FOR_DRIFT) return { kind: 'too_few', verdicts: seen.length }
  const half = Math.floor(seen.length / 2)
  const [older, newer] = [seen.slice(0, half), seen.slice(half)]
  const hits = (part: readonly Seen[]): Counted => ({ hits: part.filter(({ hit }) => hit).length, trials: part.length })
  const [before, after] = [hits(older), hits(newer)]
  const stated = newer.map(({ top }) => top)
  const right = {
    ...{ before, after, fallen: fisher(before, after).fewer, foretold: stated.reduce((sum, p) => sum + p, 0) },
    soFew: chanceOfSoFew(stated, after.hits),
  }
  const options = shiftedOptions(older, newer)
  const agents = worseAgents(older, newer)
  return {
    kind: 'told',
    verdicts: seen.length,
    slices: slicesOf(seen),
    right,
    options,
    agents,
    alarms: [
      ...(right.fallen < FALSE_ALARM ? (['right_less'] as const) : []),
      ...(right.soFew < FALSE_ALARM ? (['less_than_foretold'] as const) : []),
      ...(options.some(({ chance }) => chance < FALSE_ALARM) ? (['options'] as const) : []),
      ...(agents.some(({ chance }) => chance < FALSE_ALARM) ? (['agents'] as const) : []),
    ],
  }
}

/** Left out: a right option that the gates had closed, of which no decision states a probability. */
function seenOf({ decision, option }: JudgedDecision): Seen[] {
  const running = decision.options.filter(({ eligible }) => eligible)
  const stated = running.find((one) => one.option === option)?.probability
  if (stated === undefined) return []
  const best = running.reduce((top, one) => (one.probability > top.probability ? one : top))
  return [
    {
      ...{ decision, option, top: best.probability, hit: best.option === option },
      loss: -ln(Math.max(LEAST_PROBABILITY, stated)),
      entropy: running.reduce((sum, { probability: p }) => (p > 0 ? sum - p * ln(p) : sum), 0),
    },
  ]
}

function slicesOf(seen: readonly Seen[]): SliceLoss[] {
  const count = Math.max(1, Math.min(SLICES, Math.floor(seen.length / LEAST_OF_A_SLICE)))
  const edge = (slice: number) => Math.floor((slice * seen.length) / count)
  return Array.from({ length: count }, (_, slice) => {
    const part = seen.slice(edge(slice), edge(slice + 1))
    const mean = (of: (one: Seen) => number) => part.reduce((sum, one) => sum + of(one), 0) / part.length
    return { verdicts: part.length, logLoss: mean(({ loss }) => loss), expected: mean(({ entropy }) => entropy) }
  })
}

function shiftedOptions(older: readonly Seen[], newer: readonly Seen[]): Shift[] {
  const names = [...new Set([...older, ...newer].map(({ option }) => option))].sort(compare)
  const counted = (part: readonly Seen[], name: string): Counted => ({
    hits: part.filter(({ option }) => option === name).length,
    trials: part.length,
  })
  return names.map((name) => {
    const [before, after] = [counted(older, name), counted(newer, name)]
    return { name, before, after, chance: Math.min(1, names.length * fisherBoth(before, after)) }
  })
}

/** Agents that voted in both halves. */
function worseAgents(older: readonly Seen[], newer: readonly Seen[]): Shift[] {
  const [was, is] = [rightVotes(older), rightVotes(newer)]
  const names = [...was.keys()].filter((name) => is.has(name)).sort(compare)
  return names.map((name) => {
    const [before, after] = [was.get(name) as Counted, is.get(name) as Counted]
    return { name, before, after, chance: Math.min(1, names.length * fisher(before, after).fewer) }
  })
}

function rightVotes(part: readonly Seen[]): Map<string, Counted> {
  const votes = new Map<string, Counted>()
  for (const { decision, option } of part)
    for (const { agentId, option: voted } of decision.contributions) {
      const { hits, trials } = votes.get(agentId) ?? { hits: 0, trials: 0 }
      votes.set(agentId, { hits: hits + Number(voted === option), trials: trials + 1 })
    }
  return votes
}
