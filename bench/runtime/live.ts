/** A competitor under a steady live load: latency of one hop, CPU of the competitor and of the broker. */
import { rounded } from '../percentiles.ts'
import type { LoadInput, LoadResult, LoadStep } from './loadProcess.ts'
import { startNode } from './processes.ts'
import type { Running } from './processes.ts'
import { othersCpu } from './world.ts'
import type { Competitor, World } from './world.ts'

export interface LiveFigures extends LoadResult {
  /** Cores in use while it was measured. */
  readonly memberCores: number
  readonly brokerCores: number
  /** What others had, sender and reader of the load among them. */
  readonly otherCores: number
}

/** Keys of live loads: few enough that most orders meet a state. */
const LIVE_KEYS = 1_000
const PARTITIONS = 4

/** Runs the steps one after the other against one start of the competitor; without one, sender and reader alone. */
export async function measureLive(
  world: World,
  competitor: Competitor | undefined,
  steps: readonly LoadStep[],
  options: { readonly lingerMs: number },
): Promise<readonly LiveFigures[]> {
  const run = world.newRun('live')
  const orders = await world.liveTopic(`orders-${run}`, PARTITIONS)
  const members = (await competitor?.start(run, { orders, partitions: PARTITIONS })) ?? []
  let load: Running | undefined
  try {
    for (const member of members) await member.line((line) => line === 'joined' || line === 'RUNNING')
    const input: LoadInput = {
      ...world.addresses,
      orders: orders.name,
      ...(competitor === undefined ? {} : { run, copies: !competitor.totals }),
      keys: LIVE_KEYS,
      steps,
      ...options,
    }
    load = startNode('loadProcess.ts', input)
    const cores: Pick<LiveFigures, 'memberCores' | 'brokerCores' | 'otherCores'>[] = []
    for (const step of steps.keys()) {
      await load.line((line) => line === `measuring ${step}`)
      const before = clocks(world, members)
      await load.line((line) => line === `measured ${step}`)
      const after = clocks(world, members)
      const seconds = (after.at - before.at) / 1000
      const coresOf = (clock: 'member' | 'broker' | 'other') => (after[clock] - before[clock]) / seconds
      cores.push({ memberCores: coresOf('member'), brokerCores: coresOf('broker'), otherCores: coresOf('other') })
    }
    const results = JSON.parse(await load.line((line) => line.startsWith('['))) as LoadResult[]
    await load.ended
    for (const member of members) await member.end()
    return results.map((result, step) => ({ ...result, ...(cores[step] as (typeof cores)[number]) }))
  } finally {
    await Promise.allSettled([...(load === undefined ? [] : [load.end()]), ...members.map((member) => member.end())])
    await world.deleteRun(run)
  }
}

/** What the stage is held against at a load: sender and reader by themselves, and the loop of the client, which waits for nothing. */
export async function measurePeers(
  world: World,
  step: LoadStep,
  options: { readonly lingerMs: number },
): Promise<Readonly<Record<'alone' | 'bare', LiveFigures>>> {
  const one = async (competitor?: Competitor) => (await measureLive(world, competitor, [step], options))[0] as LiveFigures
  return { alone: await one(), bare: await one(world.bare('bare loop', { slice: 500, headers: true })) }
}

/** Cores of broker and member beside those of the bare loop in the same run, as they are and without what sender and reader cost. */
export function besideBare(stage: LiveFigures, { alone, bare }: Awaited<ReturnType<typeof measurePeers>>) {
  const cores = ({ memberCores, brokerCores }: LiveFigures) => memberCores + brokerCores
  return {
    cores: cores(stage),
    ratio: cores(stage) / cores(bare),
    own: cores(stage) - cores(alone),
    ownRatio: (cores(stage) - cores(alone)) / (cores(bare) - cores(alone)),
  }
}

/** Cores that broker and member may have of those of the bare loop: 0.5 where it had 1.3. @source docs/performance.md, targets */
export const SHARE_OF_BARE = 0.5 / 1.3

function clocks(world: World, members: readonly Running[]): { at: number; member: number; broker: number; other: number } {
  const member = members.reduce((sum, running) => sum + running.cpu(), 0)
  const broker = world.brokerCpu()
  return { at: performance.now(), member, broker, other: othersCpu(member + broker) }
}

/** One line of a live measurement. */
export function liveRow(name: string, { perSecond, latency, stored, memberCores, brokerCores, otherCores }: LiveFigures): string[] {
  return [
    name,
    `${rounded(perSecond)}/s`,
    ...[latency.p50, latency.p99, latency.max, stored.p50].map((ms) => `${rounded(ms)} ms`),
    memberCores.toFixed(2),
    brokerCores.toFixed(2),
    (memberCores + brokerCores).toFixed(2),
    otherCores.toFixed(2),
  ]
}

export const liveHeadings = ['', 'sent', 'p50', 'p99', 'max', 'stored p50', 'member cores', 'broker cores', 'together', 'others']
