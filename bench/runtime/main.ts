/**
 * `npm run bench:runtime`: the stage runtime against a bare loop of the client, a naive one and Kafka Streams, on engines of
 * its own in a temporary folder. Ends with 0 unless something is broken: a wrong result is, a missed target is a finding.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { removeStack, startStack } from '../../stack/stack.ts'
import { toolOptions } from '../../stack/toolOptions.ts'
import { rounded, targetTable } from '../percentiles.ts'
import { latency } from './latency.ts'
import { linger } from './linger.ts'
import { loop } from './loop.ts'
import { memory } from './memory.ts'
import { profile } from './profile.ts'
import { rebalance } from './rebalance.ts'
import { restore } from './restore.ts'
import { rolling } from './rolling.ts'
import { scale } from './scale.ts'
import { streams } from './streams.ts'
import { World } from './world.ts'

const parts: Readonly<Record<string, (world: World) => Promise<void>>> = {
  loop,
  profile,
  streams,
  linger,
  latency,
  restore,
  memory,
  rolling,
  rebalance,
  scale,
}

const usage = [
  'npm run bench:runtime -- [options]: the stage runtime beside a bare loop, a naive one and Kafka Streams (docs/performance.md)',
  '',
  `  --only PARTS  these parts, with commas between: ${Object.keys(parts).join(', ')}; all unless given`,
  '  --quick       less of everything, for a first look',
]
const values = toolOptions(
  usage,
  { only: { type: 'string', default: Object.keys(parts).join() }, quick: { type: 'boolean', default: false } },
  ({ only }) => {
    const unknown = only.split(',').filter((name) => parts[name] === undefined)
    return unknown.length === 0 ? undefined : `--only ${only}: there is no part ${unknown.map((name) => `'${name}'`).join(', ')}.`
  },
)
const wanted = values.only.split(',')

const say = (text: string) => {
  console.log(text)
}
const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
const endings: (() => unknown)[] = []
try {
  say(
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, load before ${loadavg().map(rounded).join(' ')}`,
  )
  say('Broker, members and sender share these cores.')
  // Whoever reads the figures later must be able to tell them from those of an idle machine.
  if ((loadavg()[0] ?? 0) > availableParallelism() / 2) say('Others are at work on this machine: trust the ratios more than the rates.')
  // Named as somebody else's, the databases are not started: nothing here uses them.
  const external = { databaseUrl: 'none', clickhouseUrl: 'none', redisUrl: 'none' }
  const stack = await startStack({ dataDir: join(dataDir, 'stack'), external, onEvent: say })
  endings.push(
    () => removeStack(join(dataDir, 'stack')),
    () => stack.stop(),
  )
  const world = await World.open({ stack, folder: dataDir, quick: values.quick, say })
  endings.push(() => world.close())
  for (const name of wanted) await parts[name]?.(world)
  say('')
  for (const line of targetTable(world.targets)) say(line)
} finally {
  for (const end of endings.reverse()) await end()
  rmSync(dataDir, { recursive: true, force: true })
}
