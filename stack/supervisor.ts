/**
 * Keeps Rekindle's own processes running: starts each when those it needs are ready, restarts what dies after a pause
 * that doubles and says so, and ends all in reverse order within one budget. Output goes to a log file per process.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { stackError } from './errors.ts'
import { logSince, logTail, openLog } from './log.ts'
import type { ReadyMessage } from './supervised.ts'

export interface ProcessSpec {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Names of processes that must be ready before this one starts. */
  readonly after?: readonly string[]
  /** Environment beside the supervisor's own; sees the addresses of the ready processes by name. */
  readonly env?: (addresses: ReadonlyMap<string, string>) => Readonly<Record<string, string>>
}

/** waiting: for those it needs. starting: runs, not ready. restarting: died, its pause runs. */
export type ProcessState = 'waiting' | 'starting' | 'ready' | 'restarting' | 'stopped'

export interface ProcessStatus {
  readonly name: string
  readonly state: ProcessState
  readonly pid: number | undefined
  readonly address: string | undefined
  readonly restarts: number
  /** How it ended last: `exit code 1`, `signal SIGKILL`. */
  readonly lastEnd: string | undefined
  readonly logFile: string
}

export interface SupervisorOptions {
  /** In the order in which they start; they end in reverse. */
  readonly processes: readonly ProcessSpec[]
  readonly logFolder: string
  /** One line for people. */
  readonly onEvent: (line: string) => void
  /** Told after every change of a status. */
  readonly onChange?: (status: readonly ProcessStatus[]) => void
  readonly firstPauseMs?: number
  readonly longestPauseMs?: number
  /** A process that lived this long starts over with the first pause. */
  readonly steadyMs?: number
}

export interface Supervisor {
  /** Starts all; resolves when all are ready. Rejects when `withinMs` is over, with the end of the log of what is not. */
  start(withinMs: number): Promise<void>
  status(): readonly ProcessStatus[]
  /** SIGTERM in reverse order, each waited for; what is left at the end of the budget, or when `hurried` aborts, is killed. */
  stop(budgetMs: number, hurried?: AbortSignal): Promise<void>
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
const STEADY_MS = 60_000

interface Member {
  readonly spec: ProcessSpec
  readonly logFile: string
  state: ProcessState
  child: ChildProcess | undefined
  address: string | undefined
  restarts: number
  lastEnd: string | undefined
  pauseMs: number
  timer: NodeJS.Timeout | undefined
  ended: Promise<void>
}

export function supervisor(options: SupervisorOptions): Supervisor {
  const { onEvent, firstPauseMs = FIRST_PAUSE_MS, longestPauseMs = LONGEST_PAUSE_MS, steadyMs = STEADY_MS } = options
  const members: Member[] = options.processes.map((spec) => ({
    spec,
    logFile: join(options.logFolder, `${spec.name}.log`),
    state: 'waiting',
    child: undefined,
    address: undefined,
    restarts: 0,
    lastEnd: undefined,
    pauseMs: firstPauseMs,
    timer: undefined,
    ended: Promise.resolve(),
  }))
  for (const { spec } of members)
    for (const name of spec.after ?? [])
      if (!members.some((other) => other.spec.name === name))
        throw new Error(`Process ${spec.name} starts after ${name}, which is no process.`)
  let stopping = false
  let allReady: (() => void) | undefined

  const status = () =>
    members.map(({ spec, state, child, address, restarts, lastEnd, logFile }) => ({
      name: spec.name,
      state,
      pid: child?.pid,
      address,
      restarts,
      lastEnd,
      logFile,
    }))

  function changed(): void {
    options.onChange?.(status())
    if (!stopping) for (const member of members) if (member.state === 'waiting' && mayStart(member)) launch(member)
    if (members.every(({ state }) => state === 'ready')) allReady?.()
  }

  function mayStart({ spec }: Member): boolean {
    return (spec.after ?? []).every((name) => members.find((other) => other.spec.name === name)?.state === 'ready')
  }

  function launch(member: Member): void {
    const { spec } = member
    const addresses = new Map(members.flatMap(({ spec: { name }, address }) => (address === undefined ? [] : [[name, address] as const])))
    member.state = 'starting'
    const startedAt = performance.now()
    const log = logOf(member)
    if (log === undefined) return
    const child = spawn(spec.command, [...spec.args], {
      // A group of its own: Ctrl-C must reach the members in our order, not all at once.
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
      env: { ...process.env, ...spec.env?.(addresses) },
    })
    closeSync(log.fd)
    member.child = child
    child.on('message', (message: Partial<ReadyMessage>) => {
      if (message.state !== 'ready' || member.child !== child) return
      member.state = 'ready'
      member.address = message.address
      if (member.restarts > 0) onEvent(`${spec.name} is back${message.address === undefined ? '' : ` on ${message.address}`}`)
      changed()
    })
    member.ended = new Promise((resolve) => {
      const end = (how: string) => {
        if (member.child !== child) return
        member.child = undefined
        member.lastEnd = [how, ...reasonIn(member.logFile, log.sizeBefore)].join(', ')
        if (performance.now() - startedAt >= steadyMs) member.pauseMs = firstPauseMs
        if (stopping) member.state = 'stopped'
        else again(member)
        resolve()
        changed()
      }
      child.once('error', (error) => {
        end(error.message)
      })
      child.once('exit', (code, signal) => {
        end(signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`)
      })
    })
    options.onChange?.(status())
  }

  /** Its log; undefined when there is none to be had (a full disk), after which it is tried again. */
  function logOf(member: Member): ReturnType<typeof openLog> | undefined {
    try {
      return openLog(member.logFile)
    } catch (error) {
      member.lastEnd = (error as Error).message
      again(member)
      return undefined
    }
  }

  function again(member: Member): void {
    const pauseMs = member.pauseMs
    member.pauseMs = Math.min(longestPauseMs, pauseMs * 2)
    member.state = 'restarting'
    member.restarts++
    onEvent(
      `${member.spec.name} ended with ${member.lastEnd ?? 'no reason'}; starting it again in ${pauseMs / 1000} s. Its log: ${member.logFile}`,
    )
    member.timer = setTimeout(() => {
      if (stopping) return
      // Those it needs may be down as well by now: then it waits for them.
      member.state = 'waiting'
      changed()
    }, pauseMs)
  }

  return {
    status,
    async start(withinMs) {
      const ready = new Promise<void>((resolve) => {
        allReady = resolve
      })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          const unready = members.filter(({ state }) => state !== 'ready')
          reject(
            stackError(
              'E_PROCESS_NOT_READY',
              `Not ready within ${withinMs / 1000} s: ${unready.map(({ spec, state, logFile }) => `${spec.name} (${state}). The end of ${logFile}:\n${logTail(logFile)}`).join('\n')}`,
            ),
          )
        }, withinMs)
      })
      changed()
      try {
        await Promise.race([ready, late])
      } finally {
        clearTimeout(timer)
        allReady = undefined
      }
    },
    async stop(budgetMs, hurried) {
      stopping = true
      const deadline = performance.now() + budgetMs
      for (const member of members.toReversed()) {
        clearTimeout(member.timer)
        const child = member.child
        if (child === undefined) {
          member.state = 'stopped'
          continue
        }
        child.kill('SIGTERM')
        const kill = (why: string) => {
          onEvent(`${member.spec.name} ${why} and is killed; it replays at its next start`)
          child.kill('SIGKILL')
        }
        const hurry = () => kill('is not waited for any longer')
        const timer = setTimeout(() => kill('did not end within the budget'), Math.max(0, deadline - performance.now()))
        hurried?.addEventListener('abort', hurry, { once: true })
        if (hurried?.aborted === true) hurry()
        await member.ended
        clearTimeout(timer)
        hurried?.removeEventListener('abort', hurry)
      }
      options.onChange?.(status())
    },
  }
}

/** What a process said last of why it cannot run, code and sentence; nothing where it said nothing or its log cannot be read. */
function reasonIn(logFile: string, from: number): string[] {
  try {
    const line = logSince(logFile, from)
      .split('\n')
      .findLast((each) => /^E_[A-Z_]+: /.test(each))
    return line === undefined ? [] : [line.replace(/\.$/, '')]
  } catch {
    // The log is beside the point: what ended is started again.
    return []
  }
}
