/** What waiting for company costs and saves: CPU of broker and member, and latency, by load and by lingerMs. */
import { aligned, rounded } from '../percentiles.ts'
import { defaultSliceLimits } from '../../runtime/kafka/stageMember.ts'
import { besideBare, liveHeadings, liveRow, measureLive, measurePeers, SHARE_OF_BARE } from './live.ts'
import type { LiveFigures } from './live.ts'
import type { LoadStep } from './loadProcess.ts'
import { mainInput } from './loop.ts'
import type { World } from './world.ts'

const LINGERS_MS = [0, 5, 15, 30]
const LOADS = [10, 100, 300, 1_000, 3_000]
const JUDGED_LOAD = 1_000
const TARGET_CORES = 0.5
/** What a hop may take at the judged load, ms: a linger that saves CPU beyond it is no choice. */
const P50_MS = 15
const P99_MS = 45
/** How the product's own senders gather records, ms. */
const SENDER_LINGER_MS = 5

export async function linger(world: World): Promise<void> {
  world.begin('Linger: cores of broker and member, and latency, by load')
  const steps = LOADS.map((perSecond) => ({ perSecond, warmUpSeconds: perSecond === LOADS[0] ? 10 : 3, seconds: world.quick ? 5 : 15 }))
  const options = { lingerMs: SENDER_LINGER_MS }
  const alone = await measureLive(world, undefined, steps, options)
  const at = LOADS.indexOf(JUDGED_LOAD)
  const peers = await measurePeers(world, steps[at] as LoadStep, options)
  const rows = [liveHeadings, ...alone.map((figures) => liveRow('sender and reader', figures)), liveRow('bare loop', peers.bare)]
  const curve: { lingerMs: number; figures: readonly LiveFigures[] }[] = []
  for (const lingerMs of LINGERS_MS) {
    const figures = await measureLive(world, world.stage(1, { lingerMs }), steps, options)
    curve.push({ lingerMs, figures })
    for (const each of figures) rows.push(liveRow(`linger ${lingerMs} ms`, each))
  }
  for (const line of aligned(rows)) world.say(line)
  world.say('The broker also serves sender and reader: the first rows say what that costs.\nFull speed:')
  const input = await mainInput(world)
  for (const lingerMs of LINGERS_MS) await world.race({ ...world.stage(1, { lingerMs }), name: `linger ${lingerMs} ms` }, input)

  const judged = curve.map(({ lingerMs, figures }) => {
    const { memberCores = NaN, brokerCores = NaN, latency } = figures[at] ?? {}
    return { lingerMs, cores: memberCores + brokerCores, p50: latency?.p50 ?? NaN, p99: latency?.p99 ?? NaN }
  })
  const fit = judged.filter(({ cores, p50, p99 }) => cores <= TARGET_CORES && p50 < P50_MS && p99 < P99_MS)
  const best = fit.toSorted((a, b) => a.cores - b.cores)[0]
  world.say(
    best === undefined
      ? `No linger keeps ${JUDGED_LOAD} records/s within ${TARGET_CORES} cores, ${P50_MS} ms (p50) and ${P99_MS} ms (p99): ${judged.map(({ lingerMs, cores, p50, p99 }) => `${lingerMs} ms has ${cores.toFixed(2)} cores, ${rounded(p50)} and ${rounded(p99)} ms`).join('; ')}.`
      : `At ${JUDGED_LOAD} records/s the curve supports ${best.lingerMs} ms: the fewest cores (${best.cores.toFixed(2)}) of those within the targets.`,
  )
  const standing = judged.find(({ lingerMs }) => lingerMs === defaultSliceLimits.lingerMs)
  const held = besideBare(curve.find(({ lingerMs }) => lingerMs === defaultSliceLimits.lingerMs)?.figures[at] as LiveFigures, peers)
  world.say(
    `With the default, of the cores that the bare loop has: ${held.ratio.toFixed(2)}; without what sender and reader cost the broker ${held.own.toFixed(2)} cores, ${held.ownRatio.toFixed(2)} of the bare loop's.`,
  )
  world.targets.push({
    what: `cores at 1,000/s, linger ${defaultSliceLimits.lingerMs} ms / the bare loop without linger`,
    measured: held.ratio,
    target: SHARE_OF_BARE,
    unit: 'x',
    better: 'less',
  })
  world.targets.push({
    what: `cores of broker and member at 1,000/s, linger ${defaultSliceLimits.lingerMs} ms (the default)`,
    measured: standing?.cores ?? NaN,
    target: TARGET_CORES,
    unit: 'cores',
    better: 'less',
  })
}
