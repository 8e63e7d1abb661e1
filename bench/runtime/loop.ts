/** Records a second of the stage against the bare loop of the client, and against one transaction a record. */
import { median } from './progress.ts'
import type { Pace } from './progress.ts'
import type { LaidInput, World } from './world.ts'

export const KEYS = 200_000
export const PARTITIONS = 4

/** The input of every comparison: each key once to warm up, then as many again and more. */
export function mainInput(world: World): Promise<LaidInput> {
  const records = world.quick ? 400_000 : 700_000
  return world.input(PARTITIONS, { keys: KEYS, records }, world.quick ? KEYS : 300_000)
}

export async function loop(world: World): Promise<void> {
  world.begin(`Stage against the bare loop: ${KEYS} keys, ${PARTITIONS} partitions, Avro in and out`)
  const input = await mainInput(world)
  const stage = world.stage()
  const bare = world.bare('bare loop', { slice: 500, headers: true })
  const barest = world.bare('bare loop, no headers', { slice: 500, headers: false })
  const rounds = world.quick ? 1 : 3
  const paces: Record<'stage' | 'bare' | 'barest', Pace>[] = []
  for (let round = 0; round < rounds; round++)
    paces.push({
      bare: await world.race(bare, input),
      stage: await world.race(stage, input),
      barest: await world.race(barest, input),
    })
  const naive = await world.race(world.bare('naive, a transaction a record', { slice: 1, concurrency: 1, headers: true }), input, {
    until: world.quick ? 2_000 : 5_000,
  })
  const ratio = (to: 'bare' | 'barest') => median(paces.map((pace) => pace.stage.perSecond / pace[to].perSecond))
  world.say(`Ratios by round: ${paces.map((pace) => (pace.stage.perSecond / pace.bare.perSecond).toFixed(2)).join(', ')}`)
  const cpu = (of: (pace: Pace) => number) => median(paces.map((pace) => of(pace.bare) / of(pace.stage))).toFixed(2)
  world.say(
    `CPU a record, bare / stage: member alone ${cpu(({ memberMicros }) => memberMicros)}, with the broker ${cpu(({ memberMicros, brokerMicros }) => memberMicros + brokerMicros)}`,
  )
  world.say(`Ratio to the loop that does not copy headers: ${ratio('barest').toFixed(2)}`)
  world.say(
    `Times faster than a transaction a record: ${(median(paces.map(({ stage: { perSecond } }) => perSecond)) / naive.perSecond).toFixed(0)}`,
  )
  world.targets.push({ what: 'records/s, stage / bare loop', measured: ratio('bare'), target: 0.8, unit: 'x', better: 'more' })
}
