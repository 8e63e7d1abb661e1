/** What more members and more partitions do to the rate. */
import { aligned, rounded } from '../percentiles.ts'
import type { Pace } from './progress.ts'
import type { World } from './world.ts'

const MEMBERS = [1, 2, 4]
const PARTITION_COUNTS = [4, 12, 48]
const MEMBERS_ON = 12

export async function scale(world: World): Promise<void> {
  world.begin(
    `Scaling: ${MEMBERS.join(', ')} members on ${MEMBERS_ON} partitions; ${PARTITION_COUNTS.join(', ')} partitions with one member`,
  )
  const workload = { keys: 100_000, records: world.quick ? 200_000 : 500_000 }
  const inputOf = (partitions: number) => world.input(partitions, workload, world.quick ? 80_000 : 200_000)
  const rows = [['members', 'partitions', 'records/s', 'against the first', 'member µs', 'broker µs', 'others, cores']]
  let first: Pace | undefined
  const note = (members: number, partitions: number, pace: Pace) => {
    first ??= pace
    const { perSecond, memberMicros, brokerMicros, otherCores } = pace
    rows.push([
      String(members),
      String(partitions),
      rounded(perSecond),
      `${(perSecond / first.perSecond).toFixed(2)} x`,
      rounded(memberMicros),
      rounded(brokerMicros),
      otherCores.toFixed(2),
    ])
  }
  for (const members of MEMBERS) note(members, MEMBERS_ON, await world.race(world.stage(members), await inputOf(MEMBERS_ON)))
  for (const partitions of PARTITION_COUNTS.filter((count) => count !== MEMBERS_ON))
    note(1, partitions, await world.race(world.stage(), await inputOf(partitions)))
  for (const line of aligned(rows)) world.say(line)
}
