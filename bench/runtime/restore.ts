/**
 * A start on 200,000 keys, cold and with state in files: changelog records read a second, and the time from the start of
 * the process to the first processed record.
 */
import { join } from 'node:path'
import { aligned, rounded } from '../percentiles.ts'
import { PARTITIONS, KEYS } from './loop.ts'
import { median } from './progress.ts'
import { profileFile } from './profile.ts'
import { timeByPart } from './profileShares.ts'
import { restoredBy } from './restoreLog.ts'
import type { LaidInput, World } from './world.ts'

/** Records that wait for a member that is started. */
const EXTRA = 1_000

export async function restore(world: World): Promise<void> {
  world.begin(`Restore of ${KEYS} keys on ${PARTITIONS} partitions from the changelog`)
  const records = world.quick ? KEYS : 2 * KEYS
  const input = await world.input(PARTITIONS, { keys: KEYS, records }, 0)
  const run = world.newRun('restore')
  const [first] = await world.stage().start(run, input)
  if (first === undefined) throw new Error('no member was started')
  await world.caughtUp(run, input)
  await first.end()
  const rates: number[] = []
  const cold: number[] = []
  const warm: number[] = []
  let sent = records
  /** Starts a member on work that is there before it; returns the seconds to the first output. */
  const started = async (how: string, options: { readonly stateDir?: string }): Promise<number> => {
    await world.sendMore(input, sent, EXTRA)
    sent += EXTRA
    const output = world.nextOutput(run)
    const began = performance.now()
    const member = world.startMember(run, input.orders, options)
    try {
      await output.arrived
      const firstSeconds = (performance.now() - began) / 1000
      await world.caughtUp(run, input)
      const { records: restored, from, to } = restoreOf(member.lines)
      const seconds = (to - from) / 1000
      if (options.stateDir === undefined) rates.push(restored / seconds)
      world.say(
        `${how}: ${restored} changelog records in ${rounded(seconds)} s${restored > 0 ? `, ${rounded(restored / seconds)} records/s` : ''}; first record processed ${rounded(firstSeconds)} s after the start`,
      )
      await member.end()
      return firstSeconds
    } finally {
      await output.stop()
      await member.end()
    }
  }
  const rounds = world.quick ? 1 : 3
  for (let round = 0; round < rounds; round++) cold.push(await started('cold, state in memory', {}))
  const stateDir = join(world.folder, 'state-restore')
  await started('cold, state in files', { stateDir })
  for (let round = 0; round < rounds; round++) warm.push(await started('warm, state in files', { stateDir }))
  await world.sendMore(input, sent, EXTRA)
  sent += EXTRA
  await profileRestore(world, run, input)
  await world.checkOutput(run, { keys: KEYS, records: sent }, true)
  await world.deleteRun(run)
  world.targets.push(
    { what: `changelog records/s of a cold restore, ${KEYS} keys`, measured: median(rates), target: 100_000, unit: '/s', better: 'more' },
    {
      what: 'start to first processed record, restored from the changelog',
      measured: median(cold),
      target: 30,
      unit: 's',
      better: 'less',
    },
    { what: 'start to first processed record, state in files', measured: median(warm), target: 5, unit: 's', better: 'less' },
  )
}

/** All partitions of a member as one: records, and when the first began and the last ended (ms since the epoch). */
function restoreOf(lines: readonly string[]): { records: number; from: number; to: number } {
  const parts = lines.flatMap((line) => restoredBy(line) ?? [])
  if (parts.length !== PARTITIONS) throw new Error(`${parts.length} of ${PARTITIONS} partitions said that they were restored`)
  return {
    records: parts.reduce((sum, part) => sum + part.records, 0),
    from: Math.min(...parts.map(({ endedAt, seconds }) => endedAt - seconds * 1000)),
    to: Math.max(...parts.map(({ endedAt }) => endedAt)),
  }
}

async function profileRestore(world: World, run: string, input: LaidInput): Promise<void> {
  const folder = join(world.folder, 'profile-restore')
  // Profiles count on the monotonic clock, logs on that of the wall.
  const offset = Number(process.hrtime.bigint() / 1000n) - Date.now() * 1000
  const member = world.startMember(run, input.orders, { nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`] })
  await world.caughtUp(run, input)
  await member.end()
  const { records, from, to } = restoreOf(member.lines)
  const parts = timeByPart(profileFile(folder), from * 1000 + offset, to * 1000 + offset)
  const micros = parts.reduce((sum, part) => sum + part.micros, 0) / records
  world.say(`CPU of a changelog record (main thread): ${micros.toFixed(1)} µs, so at most ${rounded(1e6 / micros)} a second on one core`)
  for (const line of aligned(parts.map((part) => [part.part, `${(part.micros / records).toFixed(2)} µs`]))) world.say(line)
}
