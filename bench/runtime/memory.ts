/** Anonymous memory of a process that keeps a million keys of 1 KB in files, against the same kind of keys in memory. */
import { join } from 'node:path'
import { rounded } from '../percentiles.ts'
import type { MemoryInput, MemoryResult } from './memoryProcess.ts'
import { startNode } from './processes.ts'
import type { World } from './world.ts'

const MB = 2 ** 20
const VALUE_BYTES = 1_000
const UNITS = 4
/** The default of the product, bytes: 128 MB. */
const CACHE_BYTES = 128 * MB
/** Of what is kept in memory for comparison: a million would not fit everywhere. */
const KEYS_IN_MEMORY = 100_000

export async function memory(world: World): Promise<void> {
  const keys = world.quick ? 200_000 : 1_000_000
  world.begin(`Memory for ${keys} keys of ${VALUE_BYTES} bytes in ${UNITS} units`)
  const shape = { valueBytes: VALUE_BYTES, units: UNITS, cacheBytes: CACHE_BYTES }
  const inFiles = await measured(world, 'in files', { ...shape, keys, folder: join(world.folder, 'memory') })
  const inMemory = await measured(world, 'in memory', { ...shape, keys: KEYS_IN_MEMORY })
  const aKey = (result: MemoryResult, count: number) => (result.mostBytes - result.beforeBytes) / count
  const ratio = aKey(inFiles, keys) / aKey(inMemory, KEYS_IN_MEMORY)
  world.say(`Memory for a key, in files / in memory: ${ratio.toFixed(2)}`)
  world.targets.push({
    what: `anonymous memory with ${keys} keys of ${VALUE_BYTES} bytes in files`,
    measured: inFiles.mostBytes / MB,
    target: 512,
    unit: 'MB',
    better: 'less',
  })
}

async function measured(world: World, where: string, input: MemoryInput): Promise<MemoryResult> {
  const child = startNode('memoryProcess.ts', input)
  const result = JSON.parse(await child.line((line) => line.startsWith('{'))) as MemoryResult
  await child.ended
  const { beforeBytes, mostBytes, diskBytes, writesPerSecond, changesPerSecond } = result
  world.say(
    `${input.keys} keys ${where}: ${rounded(mostBytes / MB)} MB at most (${rounded(beforeBytes / MB)} before the first), ${rounded(diskBytes / MB)} MB on disk; ${rounded(writesPerSecond)} keys/s written, ${rounded(changesPerSecond)} read and changed at random`,
  )
  return result
}
