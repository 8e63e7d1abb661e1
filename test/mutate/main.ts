/**
 * `npm run mutate`: takes one guard at a time out of a copy of the checkout and wants a test to notice. The checkout
 * itself is never touched. Exits with 1 when a mutation survives or no longer finds its place.
 *
 * `--only ID` (repeatable), `--list`, `--write` (the table of docs/mutations.md, after a run of all).
 */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { aligned } from '../../bench/percentiles.ts'
import { removeStack, startStack } from '../../stack/stack.ts'
import type { Stack } from '../../stack/stack.ts'
import { toolOptions } from '../../stack/toolOptions.ts'
import { usesEngines } from '../support/usesEngines.ts'
import { failed, judged, mutated, summary, tableOf, titlePattern } from './mutation.ts'
import type { Mutation, Outcome, TestName } from './mutation.ts'
import { mutations } from './mutations.ts'

const root = resolve(import.meta.dirname, '..', '..')
const LAST_RUN = '## The last run\n'

const usage = [
  'npm run mutate -- [options]: takes one guard at a time out of a copy of the checkout; a test must fail (docs/mutations.md)',
  '',
  '  --only ID  only this mutation; may be given several times',
  '  --list     names them all and does nothing more',
  '  --write    writes the table of docs/mutations.md, after a run of all',
]
const values = toolOptions(
  usage,
  {
    only: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
  ({ only = [] }) => {
    const unknown = only.filter((id) => !mutations.some((mutation) => mutation.id === id))
    return unknown.length === 0 ? undefined : `There is no mutation ${unknown.join(', ')}; --list shows them all.`
  },
)
const chosen = mutations.filter(({ id }) => values.only?.includes(id) ?? true)
if (values.list) {
  for (const line of aligned([['Mutation', 'Guard', 'File'], ...chosen.map(({ id, guard, file }) => [id, guard, file])])) console.log(line)
  process.exit(0)
}

const folder = mkdtempSync(join(tmpdir(), 'rekindle-mutate-'))
const copy = join(folder, 'checkout')
const engines = join(folder, 'stack')
let stack: Stack | undefined
let running: ChildProcess | undefined
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true
    running?.kill('SIGTERM')
  })
}

let status = 1
try {
  copyCheckout()
  for (const mutation of chosen) mutated(readFileSync(join(copy, mutation.file), 'utf8'), mutation)
  if (chosen.some(({ tests }) => tests.some(({ file }) => usesEngines(root, file)))) stack = await startStack({ dataDir: engines })
  status = await all()
} finally {
  await stack?.stop()
  await removeStack(engines)
  rmSync(folder, { recursive: true, force: true })
}
process.exit(status)

async function all(): Promise<number> {
  const tests = chosen.flatMap((mutation) => mutation.tests)
  console.log(`${chosen.length} mutations, first their tests on the code as it is …`)
  const before = await run(tests)
  if (before.status !== 0) {
    const broken = failed(before.log, tests)
    console.log(before.log)
    console.log(`Tests fail without any mutation: ${broken.join('; ') || 'see above'}`)
    return 1
  }
  const outcomes: Outcome[] = []
  for (const mutation of chosen) {
    if (interrupted) return 1
    const outcome = await tried(mutation)
    outcomes.push(outcome)
    console.log(`${outcome.verdict.padEnd(8)} ${mutation.id} (${Math.round(outcome.seconds)} s)`)
  }
  if (interrupted) return 1
  console.log()
  for (const line of aligned(tableOf(outcomes))) console.log(line)
  for (const { mutation, verdict } of outcomes) {
    if (verdict === 'survived') console.log(`${mutation.id} SURVIVED: no test that it names notices. ${mutation.why}`)
    if (verdict === 'unclear') console.log(`${mutation.id} UNCLEAR: the run failed, but none of the named tests did.`)
  }
  if (values.write && values.only === undefined) writeReport(outcomes)
  console.log(summary(outcomes))
  return outcomes.every(({ verdict }) => verdict === 'killed') ? 0 : 1
}

/** Puts the table in the place of the last one. */
function writeReport(outcomes: readonly Outcome[]): void {
  const page = join(root, 'docs', 'mutations.md')
  const [before] = readFileSync(page, 'utf8').split(LAST_RUN)
  const rows = tableOf(outcomes).map((row) => `| ${row.join(' | ')} |`)
  rows.splice(1, 0, `|${' --- |'.repeat(tableOf(outcomes)[0]?.length ?? 0)}`)
  const when = new Date().toISOString().slice(0, 10)
  writeFileSync(page, `${before ?? ''}${LAST_RUN}\n${when}: ${summary(outcomes)}.\n\n${rows.join('\n')}\n`)
}

async function tried(mutation: Mutation): Promise<Outcome> {
  const file = join(copy, mutation.file)
  const text = readFileSync(file, 'utf8')
  const started = performance.now()
  try {
    writeFileSync(file, mutated(text, mutation))
    const { status: exit, log } = await run(mutation.tests)
    const { verdict, by } = judged(exit, log, mutation.tests)
    if (verdict !== 'killed') console.log(log)
    return { mutation, verdict, by, seconds: (performance.now() - started) / 1000 }
  } finally {
    writeFileSync(file, text)
  }
}

/** Runs the named tests, and no others of their files, by the project's own runner on the engines of this run. */
function run(tests: readonly TestName[]): Promise<{ status: number; log: string }> {
  const files = [...new Set(tests.map(({ file }) => file))]
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/run.ts', ...files], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TAP_GREP: titlePattern(tests),
      // Else the runner notes in the options of a test that it is skipped, and the next one with the same object is skipped as well.
      TAP_FILTER_QUIETLY: '1',
      ...(stack === undefined ? {} : { REKINDLE_TEST_STACK: join(engines, 'stack.json') }),
    },
  })
  running = child
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (log += text))
  return new Promise((done, refused) => {
    child.once('error', refused)
    child.once('close', (code) => {
      done({ status: code ?? 1, log })
    })
  })
}

/** What git knows or would add, as it is on the disk now, with the installed packages. */
function copyCheckout(): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  for (const file of listed.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    copyFileSync(join(root, file), join(copy, file))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
}
