/**
 * `npm run bench:replay`: simulated leads go through the whole line until 50,000 decisions are stored; then `rekindle replay`, a process
 * of its own, decides all of them again out of the topics and compares byte by byte. Prints what came of it, how fast and with how
 * much memory. Ends with 1 when a decision differs or cannot be decided again.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pastDeliveries } from '../simulate/deliveries.ts'
import { httpPost, sendAll } from '../simulate/sender.ts'
import { nodeArguments } from '../stack/nodeArguments.ts'
import { removeStack } from '../stack/stack.ts'
import { toolOptions } from '../stack/toolOptions.ts'
import { roleNames } from '../test/e2e/line.ts'
import type { Line } from '../test/e2e/line.ts'
import { pipelineBehind, until } from '../test/e2e/quiet.ts'
import { decisions } from '../topics/index.ts'
import { benchLine } from './benchLine.ts'
import { cpuSeconds } from './cpu.ts'
import { rounded } from './percentiles.ts'

const usage = [
  'npm run bench:replay -- [options]: stored decisions are decided again and compared byte by byte, on engines of its own (docs/learning.md)',
  '',
  '  --decisions <n>  how many are stored at least (default: 50000)',
]
const isCount = (text: string) => /^[1-9]\d{0,8}$/.test(text)
const { decisions: wantedText } = toolOptions(usage, { decisions: { type: 'string', default: '50000' } }, ({ decisions: text }) =>
  isCount(text) ? undefined : `--decisions ${text}: must be a whole number from 1 on.`,
)
const wanted = Number(wantedText)
/** Stories of one go: the line is looked at between two. */
const LEADS_PER_GO = 500
/** Looks at the memory of the process, ms. */
const LOOK_EVERY_MS = 100

const root = resolve(import.meta.dirname, '..')
const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
const endings: (() => unknown)[] = []
const say = (text: string) => {
  console.log(text)
}

try {
  say(
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}, load before ${loadavg().map(rounded).join(' ')}`,
  )
  const { line } = await benchLine('bench', dataDir, endings)
  for (const role of roleNames) await line.start(role)
  const { stored, webhooks, seconds } = await fill(line)
  say(`${stored} decisions were stored in ${rounded(seconds)} s, of ${webhooks} webhooks with repeats and changed order`)
  for (const role of [...roleNames].reverse()) if (role !== 'pipeline') await line.end(role)

  const replayed = await replayAll(line)
  say(replayed.said)
  say(
    `${rounded(replayed.seconds)} s with start and all reading: ${rounded(stored / replayed.seconds)} decisions/s; ` +
      `CPU ${replayed.cpu === undefined ? '?' : rounded(replayed.cpu)} s; memory at most ${replayed.peakMb === undefined ? '?' : rounded(replayed.peakMb)} MB`,
  )
  if (!replayed.said.startsWith(`${stored} decisions: ${stored} byte for byte the same, 0 different, 0 cannot`)) process.exitCode = 1
} finally {
  for (const end of endings.reverse()) await end()
  await removeStack(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}

/** Tells stories through HTTP until enough was decided. */
async function fill(line: Line): Promise<{ stored: number; webhooks: number; seconds: number }> {
  let stored = 0
  let webhooks = 0
  const watching = new AbortController()
  const watched = line.kafka.tail(decisions, { from: 'beginning', signal: watching.signal }, () => {
    stored++
  })
  const { post, close } = httpPost(line.apiUrl)
  const began = performance.now()
  for (let firstIndex = 0; stored < wanted; firstIndex += LEADS_PER_GO) {
    const stories = { seed: 1, leads: LEADS_PER_GO, firstIndex, now: Date.now, duplicates: 0.05, reordered: 0.02 }
    const accounts = await sendAll(pastDeliveries(stories), {
      post,
      sign: (body) => line.key.sign(body),
      rate: Infinity,
      concurrency: 128,
    })
    webhooks += accounts.attempts
    await until('the pipeline catches up', () => pipelineBehind(line))
  }
  const seconds = (performance.now() - began) / 1000
  close()
  watching.abort()
  await watched
  // What timers decided after that counts too.
  await line.end('pipeline')
  let all = 0
  await line.kafka.tail(decisions, { from: 'beginning', untilEnd: true }, () => {
    all++
  })
  return { stored: all, webhooks, seconds }
}

interface ReplayedAll {
  readonly said: string
  readonly seconds: number
  /** Undefined where there is no /proc. */
  readonly cpu: number | undefined
  readonly peakMb: number | undefined
}

/** `rekindle replay` over everything. */
async function replayAll(line: Line): Promise<ReplayedAll> {
  const began = performance.now()
  const child = spawn(process.execPath, [...nodeArguments(), 'cli/main.ts', 'replay', '--from', '2000-01-01T00:00:00Z'], {
    cwd: root,
    env: { ...process.env, ...line.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (text) => {
    said += String(text)
  })
  const pid = child.pid ?? 0
  let running = true
  const ended = once(child, 'close').then(() => {
    running = false
  })
  let cpu: number | undefined
  let peakMb: number | undefined
  while (running) {
    cpu = cpuSeconds(pid) ?? cpu
    peakMb = peakMbOf(pid) ?? peakMb
    await Promise.race([ended, pause(LOOK_EVERY_MS)])
  }
  return { said: said.trimEnd().split('\n').slice(-10).join('\n'), seconds: (performance.now() - began) / 1000, cpu, peakMb }
}

/** The largest resident set so far, MB. */
function peakMbOf(pid: number): number | undefined {
  try {
    const [, kb] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kb === undefined ? undefined : Number(kb) / 1024
  } catch {
    // Not Linux, or the process is gone.
    return undefined
  }
}
