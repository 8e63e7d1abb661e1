/** Latency of one hop at 1,000 records/s: from the call that sends a record to the arrival of its output at a live reader. */
import { aligned } from '../percentiles.ts'
import { liveHeadings, liveRow, measureLive } from './live.ts'
import type { LiveFigures } from './live.ts'
import { median } from './progress.ts'
import type { World } from './world.ts'

const PER_SECOND = 1_000

export async function latency(world: World): Promise<void> {
  world.begin(`Latency of one hop at ${PER_SECOND} records/s, the runtime as it is delivered`)
  const steps = [{ perSecond: PER_SECOND, warmUpSeconds: world.quick ? 10 : 20, seconds: world.quick ? 10 : 30 }]
  const measured: LiveFigures[] = []
  for (let round = 0; round < (world.quick ? 1 : 3); round++)
    measured.push((await measureLive(world, world.stage(), steps, { lingerMs: 0 }))[0] as LiveFigures)
  for (const line of aligned([liveHeadings, ...measured.map((figures) => liveRow('stage', figures))])) world.say(line)
  const middle = (of: (figures: LiveFigures) => number) => median(measured.map(of))
  world.targets.push(
    {
      what: 'latency of one hop at 1,000/s, p50',
      measured: middle((figures) => figures.latency.p50),
      target: 15,
      unit: 'ms',
      better: 'less',
    },
    {
      what: 'latency of one hop at 1,000/s, p99',
      measured: middle((figures) => figures.latency.p99),
      target: 45,
      unit: 'ms',
      better: 'less',
    },
  )
}
