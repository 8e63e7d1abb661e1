/**
 * Table 9.9: what the pool in use saves, when it hands over, and how it follows a family that turns bad. Early stop and
 * conformal sets are those of production.
 */
import { conformalSet } from '../../../pipelines/consensus/fit/conformal.ts'
import { votesOf } from '../../../pipelines/consensus/fit/poolTable.ts'
import { boxes, settled } from '../../../pipelines/consensus/earlyStop.ts'
import { pool } from '../../../pipelines/consensus/pool.ts'
import type { Pooled } from '../../../pipelines/consensus/pool.ts'
import type { Policy, Vote } from '../../../schemas/generated/records.ts'
import { matrixOfLeads, optionNames } from '../asTable.ts'
import { labFit, labPool, labPoolLearning, labRules } from '../lab.ts'
import type { LabModel } from '../lab.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { baseWorld, drawLeads, drawWorld } from '../world.ts'
import type { SyntheticLead, World } from '../world.ts'
import { tolerance } from '../tolerance.ts'
import { Gathered, trialOf } from './common.ts'

const everything = new Set(optionNames)

export function operation(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds) {
    earlyStop(all, seed, extent)
    conformal(all, seed, extent)
    drift(all, seed, extent)
  }
  return all.table('9.9', 'early stop, escalation by conformal sets, drift')
}

/** 25 agents answer at once, then the twelve personas are asked one at a time. */
function earlyStop(all: Gathered, seed: number, extent: Extent): void {
  const spec = { ...baseWorld, rates: [0.5, 0.25, 0.15, 0.1], vacuous: 2, bias: 0.05 }
  const { world, labelled, test } = trialOf(spec, seed, 400, 800, extent)
  const { policy } = shippedFit(world, labelled, { shares: { temperature: 0, conformal: 0 } })
  const matrix = matrixOfLeads(world, test)
  const personas = world.agents.filter(({ family }) => family === 0).map(({ name }) => name)
  const rules = ['exact', 'box', '.95', '.90'] as const
  const calls = { exact: 0, box: 0, '.95': 0, '.90': 0 }
  const same = { exact: 0, box: 0, '.95': 0, '.90': 0 }
  let [neverSame, neverRight, fullRight] = [0, 0, 0]
  matrix.items.forEach((item, index) => {
    const votes = new Map(votesOf(matrix, item).map((vote) => [vote.agentId, vote]))
    // A time-out is an answer too: there is nothing more to wait for.
    const answered = (agent: string) => votes.get(agent) ?? silence(agent)
    const before = matrix.agents.filter((agent) => !personas.includes(agent)).map(answered)
    const steps = Array.from({ length: personas.length + 1 }, (_, asked) =>
      pool([...before, ...personas.slice(0, asked).map(answered)], policy, '*', everything),
    )
    const winners = steps.map(winnerOf)
    const full = winners.at(-1)
    const truth = optionNames[test[index]?.truth ?? 0]
    for (const rule of rules) {
      const stop = steps.findIndex((step) => stops(rule, step, policy))
      const asked = stop < 0 ? personas.length : stop
      calls[rule] += asked
      same[rule] += Number(winners[asked] === full)
    }
    neverSame += Number(winners[0] === full)
    neverRight += Number(winners[0] === truth)
    fullRight += Number(full === truth)
  })
  const n = matrix.items.length
  all.figure('early stop, exact winner: model calls of 12', calls.exact / n, 3.66)
  all.figure('early stop, exact winner: same decision', same.exact / n, 1, 0)
  all.figure('early stop, winner and action (as shipped): calls of 12', calls.box / n)
  all.figure('early stop, winner and action (as shipped): same decision', same.box / n, 1, 0)
  all.figure('stop at P >= .95: calls of 12', calls['.95'] / n, 4.25)
  all.figure('stop at P >= .95: same decision', same['.95'] / n)
  all.figure('stop at P >= .90: calls of 12', calls['.90'] / n, 3.48)
  all.figure('never calling models: same decision', neverSame / n, 0.926, tolerance.accuracy)
  all.figure('never calling models: accuracy', neverRight / n, 0.813, tolerance.accuracy)
  all.figure('calling all models: accuracy', fullRight / n, 0.823, tolerance.accuracy)
}

function silence(agentId: string): Vote {
  return {
    agentId,
    agentVersion: 1,
    family: '',
    kind: 'error',
    decisionType: '',
    option: null,
    bin: null,
    reasonCode: 'time_out',
    reasonText: null,
    evidence: [],
    params: {},
  }
}

function winnerOf({ options }: Pooled): string {
  return options.reduce((best, option) => (option.score > best.score ? option : best)).option
}

function stops(rule: 'exact' | 'box' | '.95' | '.90', pooled: Pooled, policy: Policy): boolean {
  if (pooled.missing.length === 0) return true
  if (rule === 'box') return settled(pooled, policy)
  if (rule !== 'exact') return Math.max(...pooled.options.map(({ probability }) => probability)) >= Number(rule)
  const box = boxes(pooled, policy)
  const leader = box.reduce((best, option) => (option.score > best.score ? option : best))
  return box.every((rival) => rival === leader || leader.score > rival.maxScore)
}

/** 600 labels for the strengths, 150 for the temperature, 150 for the quantile. */
function conformal(all: Gathered, seed: number, extent: Extent): void {
  const { world, labelled, test } = trialOf(baseWorld, seed, 900, 3000, extent)
  for (const [alpha, coverageGoal, singleGoal, errorGoal] of [
    [0.05, 0.946, 0.707, 0.031],
    [0.1, 0.897, 0.827, 0.083],
  ] as const) {
    const { fitted, policy } = shippedFit(world, labelled, { alpha, shares: { temperature: 1 / 6, conformal: 1 / 6 } })
    const forecasts = shippedForecasts(world, policy, test)
    const sets = forecasts.map(({ probabilities, truth }) => {
      const named = Object.fromEntries(optionNames.map((option, index) => [option, probabilities[index] ?? 0]))
      const set = conformalSet(named, fitted.quantile)
      return { size: set.length, covers: set.includes(optionNames[truth] ?? '') }
    })
    const single = sets.filter(({ size }) => size === 1)
    const name = `conformal, alpha ${alpha}`
    all.figure(`${name}: coverage`, sets.filter(({ covers }) => covers).length / sets.length, coverageGoal, tolerance.accuracy)
    all.figure(`${name}: leads with one option`, single.length / sets.length, singleGoal, tolerance.accuracy)
    all.figure(`${name}: wrong among these`, single.filter(({ covers }) => !covers).length / single.length, errorGoal, tolerance.accuracy)
    if (alpha === 0.05) all.figure('wrong if always acting', 1 - scoresOf(forecasts).accuracy, 0.163, tolerance.accuracy)
  }
}

/** Family `scores` falls to .25 at label 1,500; the next 2,000 leads are predicted, then learned, refitted every 250. */
function drift(all: Gathered, seed: number, { scale }: Extent): void {
  const driftAt = 1500
  const world = drawWorld({ ...baseWorld, driftAt }, seed)
  const stream = drawLeads(world, seed, 'drift', driftAt + Math.round(2000 * scale))
  for (const [name, halfLife, learning, goal] of [
    ['no forgetting', Infinity, false, 0.474],
    ['half-life 2,000 labels', 2000, false, 0.471],
    ['half-life 500 labels', 500, false, 0.471],
    ['half-life 200 labels', 200, false, 0.479],
    ['learned weights', Infinity, true, 0.461],
    ['learned weights and half-life 500', 500, true, 0.46],
  ] as const)
    all.figure(
      `drift, log loss, ${name}`,
      scoresOf(prequential(world, stream, driftAt, halfLife, learning)).logLoss,
      goal,
      tolerance.logLoss,
    )
}

function prequential(
  world: World,
  stream: readonly SyntheticLead[],
  start: number,
  halfLife: number,
  learning: boolean,
): Parameters<typeof scoresOf>[0] {
  const block = 250
  return Array.from({ length: Math.ceil((stream.length - start) / block) }, (_, place) => start + place * block).flatMap((from) => {
    const leads = stream.slice(0, from)
    const weights = leads.map((_, index) => (halfLife === Infinity ? 1 : 2 ** ((index - from) / halfLife)))
    const model: LabModel = labFit(world, { leads, weights }, labRules)
    const next = stream.slice(from, from + block)
    const recent = stream.slice(start, from)
    // Learned weights are carried over the leads since the start, so that a refit does not forget them.
    const forecasts = learning
      ? labPoolLearning(model, [...recent, ...next]).slice(recent.length)
      : next.map((lead) => labPool(model, lead))
    return next.map(({ truth }, index) => ({ probabilities: forecasts[index] ?? [], truth }))
  })
}
