/**
 * What `npm test` runs: one engine stack for all files, on ports and in a folder of its own; every test file through
 * tap; the coverage thresholds; and, last, one line with the counts. Paths as arguments run only what lies under them.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { configFields } from '../config/fields.ts'
import { logTail } from '../stack/log.ts'
import { processBirth } from '../stack/osProcess.ts'
import { removeStack, startStack } from '../stack/stack.ts'
import type { Stack } from '../stack/stack.ts'
import { runningStack } from '../stack/stackRecord.ts'
import { coverageShortfalls } from './support/coverage.ts'
import type { CoverageSummary } from './support/coverage.ts'
import { countsOf } from './support/counts.ts'
import { plainTap } from './support/plainTap.ts'
import { usesEngines } from './support/usesEngines.ts'

const root = resolve(import.meta.dirname, '..')
const JOBS_MAX = 4
/** Seconds for one file; files that drive real engines through faults take minutes, and four times as long on a slow machine. */
const FILE_TIMEOUT_S = 1200
const FOLDERS_MAX = 8
/** More failures than these are no accident of timing. */
const REPEATED_MAX = 2
/** What fast-check reports of a property that does not hold. */
const COUNTEREXAMPLE = /Property failed after/

const paths = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const whole = paths.length === 0
const files = (whole ? ['test'] : paths).flatMap((path) => testFiles(resolve(path)))
if (files.length === 0) {
  console.error(`No test file under ${paths.join(', ')}.`)
  process.exit(1)
}

const dataDir = await claimFolder()
const results = join(dataDir, 'results.tap')
let stack: Stack | undefined
let tap: ReturnType<typeof spawn> | undefined
let interrupted: NodeJS.Signals | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = signal
    tap?.kill('SIGTERM')
  })
}

let status = 1
const repeated: string[] = []
let counts = { passed: 0, failed: 0, skipped: 0 }
try {
  if (files.some((file) => usesEngines(root, file)) && !enginesAreGiven()) {
    const startedAt = performance.now()
    stack = await startStack({
      dataDir: join(dataDir, 'stack'),
      onEvent: (line) => {
        console.log(`# ${line}`)
      },
    })
    console.log(`# engines ready after ${Math.round(performance.now() - startedAt)} ms`)
  }
  status = interrupted === undefined ? await runTap(files, results, whole) : 1
  if (existsSync(results)) counts = countsOf(readFileSync(results, 'utf8'))
  if (whole && counts.failed > 0) sayEngines()
  if (counts.passed + counts.failed === 0) status = 1
  const coverage = coverageSummary()
  if (whole && status !== 0 && interrupted === undefined) await onceMore(readFileSync(results, 'utf8'))
  if (whole && interrupted === undefined) {
    const shortfalls = coverageShortfalls(root, coverage)
    for (const shortfall of shortfalls) console.log(`# ${shortfall}`)
    counts.failed += shortfalls.length
    if (shortfalls.length > 0) status = status === 0 ? 1 : status
  }
} finally {
  await stack?.stop()
  await removeStack(join(dataDir, 'stack'))
  rmSync(dataDir, { recursive: true, force: true })
  rmSync(`${dataDir}.owner`, { force: true })
}
if (status !== 0 && counts.failed === 0) counts.failed = 1
for (const file of repeated) console.log(`# FAILED ONCE, passed when run again alone: ${file}`)
console.log(`# ${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
process.exit(status)

/** Whoever runs this many times, as `npm run mutate` does, starts the engines once and names them. */
function enginesAreGiven(): boolean {
  const file = process.env['REKINDLE_TEST_STACK'] ?? ''
  return file !== '' && runningStack(dirname(file)) !== undefined
}

function failedFiles(tap: string): string[] {
  return [...tap.matchAll(/^not ok \d+ - (test\/\S+\.test\.ts)/gm)].map((match) => match[1] ?? '')
}

/**
 * One or two files that drive real engines get a second run, alone: beside others they also measure how busy the machine
 * is. The first failure stays in the log, and a file that passed only then is named in the last lines, because a defect
 * that shows once in many runs looks just like that. A counterexample stands: the second run would look for another one.
 * What passes for the second time is not counted again.
 */
async function onceMore(tap: string): Promise<void> {
  const failed = failedFiles(tap)
  const driveEngines = failed.every((file) => usesEngines(root, file) || file.startsWith('test/stack/'))
  if (failed.length === 0 || failed.length > REPEATED_MAX || !driveEngines || COUNTEREXAMPLE.test(tap)) return
  console.log(`# once more, alone: ${failed.join(', ')}`)
  const second = `${results}.second`
  status = await runTap(failed, second, false)
  const { failed: still, passed } = countsOf(existsSync(second) ? readFileSync(second, 'utf8') : '')
  counts.failed = passed === 0 ? Math.max(1, still) : still
  if (status === 0) repeated.push(...failed)
}

/** What the shared engines said last: a failure may be theirs, and their logs end with the run. */
function sayEngines(): void {
  for (const { name, note, logFile } of stack?.engines ?? []) {
    console.log(`# ${name}: ${note}`)
    if (logFile !== undefined) for (const line of logTail(logFile).split('\n')) console.log(`#   ${line}`)
  }
}

function testFiles(path: string): string[] {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [relative(root, path)]
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules'))
    .sort()
}

/** A folder that no other run of this checkout uses now, marked as ours; what a killed run left in it is ended and removed. */
async function claimFolder(): Promise<string> {
  const birth = processBirth(process.pid) ?? ''
  for (let i = 1; i <= FOLDERS_MAX; i++) {
    const folder = join(root, '.rekindle', i === 1 ? 'test' : `test-${i}`)
    const owner = `${folder}.owner`
    const [pid, born] = existsSync(owner) ? readFileSync(owner, 'utf8').split(' ') : []
    if (pid !== undefined && processBirth(Number(pid)) === born) continue
    rmSync(owner, { force: true })
    mkdirSync(join(root, '.rekindle'), { recursive: true })
    try {
      writeFileSync(owner, `${process.pid} ${birth}`, { flag: 'wx' })
    } catch (error) {
      // Another run was a moment faster: the next folder.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    await removeStack(join(folder, 'stack'))
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    return folder
  }
  throw new Error(`${FOLDERS_MAX} test runs of this checkout are under way.`)
}

function runTap(files: readonly string[], results: string, measured: boolean): Promise<number> {
  const cli = fileURLToPath(new URL('index.js', import.meta.resolve('@tapjs/run')))
  const blankedFolder = join(dataDir, 'blanked')
  mkdirSync(blankedFolder, { recursive: true })
  const loader = pathToFileURL(join(root, 'test/support/blankTypes.mjs')).href
  // Settings of whoever runs the tests, from the environment or .env, must not reach them: empty means "default",
  // but for a secret, which is refused when it is there and empty.
  const plain = Object.fromEntries(Object.values(configFields).map((field) => [field.env, 'neverEmpty' in field ? undefined : '']))
  tap = spawn(
    process.execPath,
    [
      cli,
      'run',
      ...files,
      `--jobs=${Math.min(JOBS_MAX, availableParallelism())}`,
      `--timeout=${FILE_TIMEOUT_S}`,
      '--test-env=TAP_TYPE_STRIP_ONLY=1',
      `--test-env=NODE_OPTIONS=${process.env['NODE_OPTIONS'] ?? ''} --import=${loader}`,
      ...(process.stdout.isTTY ? ['--reporter=base', `--output-file=${results}`] : ['--reporter=tap', '--no-color']),
      ...(measured
        ? ['--allow-incomplete-coverage', '--allow-empty-coverage', '--coverage-report=json-summary', '--coverage-report=text-summary']
        : ['--disable-coverage']),
    ],
    {
      cwd: root,
      stdio: ['ignore', process.stdout.isTTY ? 'inherit' : 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...plain,
        PORT: '0',
        REKINDLE_DATA_DIR: join(dataDir, 'files'),
        REKINDLE_TEST_BLANKED: blankedFolder,
        ...(stack === undefined ? {} : { REKINDLE_TEST_STACK: join(dataDir, 'stack', 'stack.json') }),
      },
    },
  )
  const child = tap
  if (child.stdout !== null) {
    const worth = plainTap()
    createInterface({ input: child.stdout }).on('line', (line) => {
      appendFileSync(results, `${line}\n`)
      if (worth(line)) console.log(line)
    })
  }
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code) => {
      done(code ?? 1)
    })
  })
}

function coverageSummary(): CoverageSummary {
  const file = join(root, '.tap', 'report', 'coverage-summary.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as CoverageSummary) : {}
}
