/** Where the microseconds of a record go, in the stage and in the bare loop, from CPU profiles of both under full load. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { aligned } from '../percentiles.ts'
import { topFunctions } from '../profile.ts'
import type { CpuProfile } from '../profile.ts'
import { mainInput } from './loop.ts'
import { timeByPart } from './profileShares.ts'
import type { StackProfile } from './profileShares.ts'
import type { Competitor, World } from './world.ts'

const SAMPLE_EVERY_MICROS = 400
const root = join(import.meta.dirname, '..', '..')

export async function profile(world: World): Promise<void> {
  world.begin('Where the CPU of a record goes (main thread, µs)')
  const input = await mainInput(world)
  const options = (name: string) => {
    const folder = join(world.folder, `profile-${name}`)
    return { folder, nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_EVERY_MICROS}`] }
  }
  const taken = async (competitor: Competitor, folder: string) => {
    // The clocks of profiles and of hrtime are the same, the one of performance.now began with this process.
    const offset = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000
    const { from, to, records } = await world.race(competitor, input)
    const found = profileFile(folder)
    const parts = timeByPart(found, from * 1000 + offset, to * 1000 + offset)
    return { found, parts: new Map(parts.map(({ part, micros }) => [part, micros / records])) }
  }
  const ours = options('stage')
  const theirs = options('bare')
  const stage = await taken(world.stage(1, ours), ours.folder)
  const bare = await taken(world.bare('bare loop', { slice: 500, headers: true, nodeOptions: theirs.nodeOptions }), theirs.folder)
  const names = [...new Set([...stage.parts.keys(), ...bare.parts.keys()])]
  const sum = (parts: ReadonlyMap<string, number>) => [...parts.values()].reduce((total, micros) => total + micros, 0)
  const cell = (micros: number | undefined) => (micros === undefined ? '' : micros.toFixed(2)).padStart(8)
  for (const line of aligned([
    ['part', '   stage', '    bare'],
    ...names.map((name) => [name, cell(stage.parts.get(name)), cell(bare.parts.get(name))]),
    ['together', cell(sum(stage.parts)), cell(sum(bare.parts))],
  ]))
    world.say(line)
  world.say('\nThe functions of the stage with the most self time')
  for (const { what, share } of topFunctions(stage.found, root, 30)) world.say(`${(100 * share).toFixed(1).padStart(5)} %  ${what}`)
}

/** The profile that a process left in its folder. */
export function profileFile(folder: string): StackProfile & CpuProfile {
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) throw new Error(`no profile was left in ${folder}`)
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as StackProfile & CpuProfile
}
