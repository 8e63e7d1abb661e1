/** Latency of one hop at 1,000 records/s: from the call that sends a record to the arrival of its output at a live reader. */
import { aligned } from '../percentiles.ts'
import { besideBare, liveHeadings, liveRow, measureLive, measurePeers, SHARE_OF_BARE } from './live.ts'
import type { LiveFigures } from './live.ts'
import { median } from './progress.ts'
import type { World } from './world.ts'

const PER_SECOND = 1_000

export async function latency(world: World): Promise<void> {
  world.begin(`Latency of one hop at ${PER_SECOND} records/s, the runtime as it is delivered`)
  const step = { perSecond: PER_SECOND, warmUpSeconds: world.quick ? 10 : 20, seconds: world.quick ? 10 : 30 }
  const measured: LiveFigures[] = []
  for (let round = 0; round < (world.quick ? 1 : 3); round++)
    measured.push((await measureLive(world, world.stage(), [step], { lingerMs: 0 }))[0] as LiveFigures)
  const peers = await measurePeers(world, step, { lingerMs: 0 })
  const rows = [
    ...measured.map((figures) => liveRow('stage', figures)),
    liveRow('sender and reader', peers.alone),
    liveRow('bare loop', peers.bare),
  ]
  for (const line of aligned([liveHeadings, ...rows])) world.say(line)
  const held = measured.map((figures) => besideBare(figures, peers))
  world.say(
    `Cores of broker and member, of those of the bare loop: ${held.map(({ ratio }) => ratio.toFixed(2)).join(', ')}; without what sender and reader cost the broker: ${held.map(({ ownRatio }) => ownRatio.toFixed(2)).join(', ')}`,
  )
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
    {
      what: 'cores of broker and member at 1,000/s / those of the bare loop',
      measured: median(held.map(({ ratio }) => ratio)),
      target: SHARE_OF_BARE,
      unit: 'x',
      better: 'less',
    },
  )
}
