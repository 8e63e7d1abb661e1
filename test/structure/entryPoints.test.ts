/** What can be started loads: each module of the product by itself, and each command of `rekindle` is one that is offered. */
import '../support/uncountedChildren.ts'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { rooms, textsOf } from '../support/sources.ts'

const root = join(import.meta.dirname, '..', '..')
/** Programs: they do their work as soon as they are loaded. */
const programs = new Set(['cli/main.ts', 'cli/tools/generate.ts', 'config/generate.ts', 'stack/clickhouse/serve.ts', 'stack/tools/up.ts'])

/** Runs Node on the sources with these arguments to its end. */
const ran = (...args: string[]) =>
  new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', ...args], { cwd: root }, (error, out, err) =>
      resolve({ code: error === null ? 0 : error.code, out, err }),
    )
  })

t.test('P-15: every module of the product can be loaded', async (t) => {
  const files = rooms.flatMap((room) => textsOf(room, '.ts').map(({ file }) => file))
  for (const program of programs) t.ok(files.includes(program), program)
  const modules = files.filter((file) => !programs.has(file) && !file.endsWith('.d.ts'))
  const load = `let failed = 0
for (const file of ${JSON.stringify(modules)})
  await import('./' + file).catch((error) => { failed++; console.log(file + ': ' + error) })
console.log(failed + ' failed')
process.exit(0)`
  const { code, out, err } = await ran('--input-type=module', '--eval', load)
  t.strictSame({ code, out, err }, { code: 0, out: '0 failed\n', err: '' })
})

t.test('P-15: every command that is written is offered, and every script of the package has its file', async (t) => {
  const written = textsOf('cli/verbs', '.ts').flatMap(({ text }) =>
    [...text.matchAll(/program\s*\.command\('([a-z-]+)'/g)].map(([, name = '']) => name),
  )
  t.ok(written.length > 30)
  const { code, out } = await ran('cli/main.ts', '--help')
  t.equal(code, 0)
  const offered = [...out.matchAll(/^ {2}([a-z-]+)[ |]/gm)].map(([, name = '']) => name)
  t.strictSame(
    written.filter((name) => !offered.includes(name)),
    [],
  )
  const scripts = `${readFileSync(join(root, 'package.json'), 'utf8')}\n${readFileSync(join(root, 'stack', 'bootstrap.mjs'), 'utf8')}`
  const named = [...scripts.matchAll(/\b((?:bench|cli|config|grafana|schemas|stack|test|topics)\/[\w/.]+\.m?ts)\b/g)].map(
    ([, file = '']) => file,
  )
  t.ok(named.length > 10)
  t.strictSame(
    named.filter((file) => !existsSync(join(root, file))),
    [],
  )
})
