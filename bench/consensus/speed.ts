/**
 * What one decision on 37 votes costs in this process on one core: gates and `decideNow` on votes that are already there.
 * Printed against the limits; reading, encoding and the broker are not in it.
 */
import { decideNow } from '../../pipelines/consensus/decide.ts'
import type { Case } from '../../pipelines/consensus/decide.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import { pool } from '../../pipelines/consensus/pool.ts'
import { fit } from '../../pipelines/consensus/fit/fit.ts'
import { withParts } from '../../pipelines/consensus/fit/policyParts.ts'
import { votesOf } from '../../pipelines/consensus/fit/poolTable.ts'
import { followUp } from '../../test/pipelines/cases.ts'
import { asked, question } from '../../test/pipelines/leads.ts'
import { spreadOf, targetTable } from '../percentiles.ts'
import type { Spread } from '../percentiles.ts'
import { matrixOfLeads, optionNames, priorOf, tableOf } from './asTable.ts'
import { baseWorld, drawLeads, drawWorld } from './world.ts'

export interface SpeedResult {
  /** Of the whole decision, microseconds by the clock: others on the machine count. */
  readonly decision: Spread
  /** Of the whole decision and of the pool in it, microseconds of CPU time, all threads of the process. */
  readonly decisionCpu: Spread
  readonly poolCpu: Spread
  readonly decisionsPerSecond: number
}

/** Cases with votes of synthetic agents under a fitted policy: what a panel of 37 gives, timed one by one. */
export function measureSpeed(decisions: number, warmUp = 5_000): SpeedResult {
  const cases = syntheticCases(200)
  const decide = (open: Case) => decideNow({ ...open, gated: gatesOf(open) }, 'deadline')
  // Compiled code is measured, as in a process that has run for a while.
  for (let index = 0; index < warmUp; index++) decide(cases[index % cases.length] as Case)
  const timed = (run: (open: Case) => unknown, clock: () => number) =>
    spreadOf(
      Array.from({ length: decisions }, (_, index) => {
        const open = cases[index % cases.length] as Case
        const before = clock()
        run(open)
        return clock() - before
      }),
    )
  const decision = timed(decide, () => performance.now() * 1_000)
  const decisionCpu = timed(decide, cpuMicros)
  const poolCpu = timed(({ votes, policy, question: { stage }, gated }) => pool(votes, policy, stage, gated.eligible), cpuMicros)
  const before = cpuMicros()
  for (let index = 0; index < decisions; index++) decide(cases[index % cases.length] as Case)
  return { decision, decisionCpu, poolCpu, decisionsPerSecond: (decisions * 1e6) / (cpuMicros() - before) }
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function gatesOf({ question: { view }, policy }: Case): Case['gated'] {
  return evaluateGates(
    { view, at: asked, tenant: undefined },
    policy.options.map(({ option }) => option),
  )
}

function syntheticCases(count: number): Case[] {
  // Nobody abstains or times out here, so that each decision has its 37 votes.
  const world = drawWorld({ ...baseWorld }, 1)
  const names = followUp.options.map(({ option }) => option)
  const renamed = new Map(optionNames.map((option, index) => [option, names[index] ?? option]))
  const train = drawLeads(world, 1, 'train', 300)
  const prior = priorOf(world, baseWorld.rates)
  const { parts } = fit(tableOf(world, train), { now: 0, prior })
  const learned = withParts(prior, parts, { label: 'speed', createdAt: 0 })
  const policy = withParts(
    { ...followUp, requiredFamilies: [] },
    {
      ...parts,
      baseRatesMicro: followUp.baseRatesMicro,
      strengths: learned.strengths.map((cell) => ({ ...cell, option: renamed.get(cell.option) ?? cell.option })),
    },
    { label: 'speed', createdAt: 0 },
  )
  const leads = drawLeads(world, 1, 'speed', count * 3).map((lead) => ({ ...lead, vote: lead.vote.map((voted) => Math.max(0, voted)) }))
  const matrix = matrixOfLeads(world, leads)
  const asking = question()
  return matrix.items.slice(0, count).map((item, index) => {
    const open: Case = {
      decisionId: `decision-${index}`,
      question: asking,
      decisionType: policy.decisionType,
      votes: votesOf(matrix, item).map((vote) => ({
        ...vote,
        decisionType: policy.decisionType,
        option: vote.option === null ? null : (renamed.get(vote.option) ?? vote.option),
        reasonCode: 'synthetic',
        reasonText: 'A sentence of a usual length about this lead.',
      })),
      policy,
      at: asked,
      gated: { results: [], eligible: new Set(names), liftsAt: null },
      staleBallots: 0,
      policyRefused: false,
      degradedBefore: false,
    }
    return { ...open, gated: gatesOf(open) }
  })
}

export function speedLines({ decision, decisionCpu, poolCpu, decisionsPerSecond }: SpeedResult): string[] {
  const limit = { target: 100, unit: 'us', better: 'less' } as const
  return targetTable([
    { what: 'one decision on 37 votes, CPU, p50', measured: decisionCpu.p50, ...limit },
    { what: 'one decision on 37 votes, CPU, p99', measured: decisionCpu.p99, ...limit },
    { what: 'the pool in it, CPU, p50', measured: poolCpu.p50, ...limit },
    { what: 'the pool in it, CPU, p99', measured: poolCpu.p99, ...limit },
    { what: 'one decision by the clock, p50', measured: decision.p50, ...limit },
    { what: 'one decision by the clock, p99', measured: decision.p99, ...limit },
    { what: 'decisions per second of CPU time', measured: decisionsPerSecond, target: 10_000, unit: '/s', better: 'more' },
  ])
}
