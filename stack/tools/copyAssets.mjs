/**
 * Second half of `npm run build`: puts the files that the sources read at run time (schemas, SQL, poms, plain
 * JavaScript …) beside the compiled ones, at the same place under dist/.
 */
import { cpSync, existsSync, readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const rooms = [
  'api',
  'cli',
  'config',
  'delivery',
  'grafana',
  'integrations',
  'lookup',
  'pipelines',
  'runtime',
  'schemas',
  'simulate',
  'sinks',
  'stack',
  'topics',
]
const compiled = new Set(['.ts', '.mts', '.cts'])

let copied = 0
for (const room of rooms.filter((name) => existsSync(join(root, name)))) {
  for (const entry of readdirSync(join(root, room), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || compiled.has(extname(entry.name))) continue
    const from = join(entry.parentPath, entry.name)
    cpSync(from, join(root, 'dist', from.slice(root.length)), { recursive: true })
    copied++
  }
}
cpSync(join(root, 'package.json'), join(root, 'dist', 'package.json'))
console.log(`${copied} files copied to dist/`)
