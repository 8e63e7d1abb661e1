/** The stage against Kafka Streams with exactly_once_v2, two threads and RocksDB, doing the same keyed work on the same input. */
import { aligned } from '../percentiles.ts'
import { measureLive, liveHeadings, liveRow } from './live.ts'
import type { LiveFigures } from './live.ts'
import { mainInput } from './loop.ts'
import { median } from './progress.ts'
import type { Pace } from './progress.ts'
import type { Competitor, World } from './world.ts'

const PER_SECOND = 1_000

export async function streams(world: World): Promise<void> {
  world.begin('Stage against Kafka Streams 4.3.1: exactly_once_v2, 2 threads, RocksDB, commit interval 100 ms')
  const input = await mainInput(world)
  const rounds = world.quick ? 1 : 3
  const competitors = {
    streams: world.streams({ cached: true }),
    stage: world.stage(),
    // With less to write to RocksDB and the changelog, or with no cache to keep: whichever suits the peer better counts.
    uncached: world.streams({ cached: false }),
    two: world.stage(2),
  }
  type Name = keyof typeof competitors
  const paces: Record<Name, Pace>[] = []
  for (let round = 0; round < rounds; round++) {
    const found = {} as Record<Name, Pace>
    for (const [name, competitor] of Object.entries(competitors) as [Name, Competitor][]) found[name] = await world.race(competitor, input)
    paces.push(found)
  }
  const best = (pace: Record<Name, Pace>) => (pace.uncached.perSecond > pace.streams.perSecond ? pace.uncached : pace.streams)
  const ratio = (of: (pace: Record<Name, Pace>) => number) => {
    const ratios = paces.map(of)
    return { ratios: ratios.map((value) => value.toFixed(2)).join(', '), middle: median(ratios) }
  }
  const one = ratio((pace) => pace.stage.perSecond / best(pace).perSecond)
  const two = ratio((pace) => pace.two.perSecond / best(pace).perSecond)
  const cpu = ratio((pace) => pace.stage.memberMicros / best(pace).memberMicros)
  world.say(`Records/s, ours / theirs, by round: one process ${one.ratios}; two ${two.ratios}; CPU a record, ours / theirs: ${cpu.ratios}`)

  const steps = [{ perSecond: PER_SECOND, warmUpSeconds: world.quick ? 10 : 20, seconds: world.quick ? 10 : 20 }]
  const live: Record<'ours' | 'theirs', LiveFigures>[] = []
  const rows = [liveHeadings]
  for (let round = 0; round < (world.quick ? 1 : 2); round++) {
    const measured = async (competitor: Competitor) => (await measureLive(world, competitor, steps, { lingerMs: 0 }))[0] as LiveFigures
    const theirs = await measured(world.streams({ cached: true }))
    const ours = await measured(world.stage())
    rows.push(liveRow('kafka streams', theirs), liveRow('stage', ours))
    live.push({ ours, theirs })
  }
  for (const line of aligned(rows)) world.say(line)
  const liveRatio = (of: (figures: LiveFigures) => number) => median(live.map(({ ours, theirs }) => of(ours) / of(theirs)))
  world.targets.push(
    { what: 'records/s, one process / Kafka Streams', measured: one.middle, target: 1, unit: 'x', better: 'more' },
    { what: 'records/s, two processes / Kafka Streams', measured: two.middle, target: 1.3, unit: 'x', better: 'more' },
    {
      what: 'p50 at 1,000/s, ours / Kafka Streams',
      measured: liveRatio(({ latency }) => latency.p50),
      target: 0.4,
      unit: 'x',
      better: 'less',
    },
    { what: 'CPU a record at full speed, ours / Kafka Streams', measured: cpu.middle, target: 1, unit: 'x', better: 'less' },
    {
      what: 'CPU a record at 1,000/s, ours / Kafka Streams',
      measured: liveRatio(({ memberCores, perSecond }) => memberCores / perSecond),
      target: 1,
      unit: 'x',
      better: 'less',
    },
  )
  world.say(`p99 at 1,000/s, ours / theirs: ${liveRatio(({ latency }) => latency.p99).toFixed(2)}`)
}
