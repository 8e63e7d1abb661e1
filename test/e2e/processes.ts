/**
 * Starts the product's processes for end-to-end tests exactly as the supervisor does (`rekindle run <role>`), with
 * addresses in the environment, and ends them by pid. Readiness is the process's own message, never a sleep.
 */
import '../support/uncountedChildren.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { roleCommand } from '../../stack/roleCommand.ts'

/** The clock of the test, in the processes too (`test/support/lawfulHour.ts`). */
const clock = ['--import', import.meta.resolve('../support/shiftedClock.mjs')]
const root = join(import.meta.dirname, '..', '..')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RoleProcess {
  readonly role: string
  readonly pid: number
  /** What others connect to; empty when there is nothing. */
  readonly address: string
  readonly ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
}

/** Starts `rekindle run <role>`; resolves when it says that it is ready, rejects with the end of its log when it ends before. */
export async function startRole(
  role: string,
  env: Readonly<Record<string, string>>,
  logFolder: string,
  nodeOptions: readonly string[] = [],
): Promise<RoleProcess> {
  mkdirSync(logFolder, { recursive: true })
  const logFile = join(logFolder, `${role}.log`)
  const log = openSync(logFile, 'a')
  const { command, args } = roleCommand(join(root, 'cli/main.ts'), role, [...clock, ...nodeOptions])
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const ended = once(child, 'exit').then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }))
  const address = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { state?: string; address?: string }) => {
      if (message.state === 'ready') resolve(message.address ?? '')
    })
    void ended.then(({ code, signal }) => {
      reject(
        new Error(
          `${role} ended before it was ready (${signal ?? `code ${String(code)}`}):\n${readFileSync(logFile, 'utf8').split('\n').slice(-30).join('\n')}`,
        ),
      )
    })
  })
  return { role, pid: child.pid ?? 0, address, ended, kill: (signal) => void child.kill(signal) }
}

/** Ends a process and waits for its end. */
export async function endRole(role: RoleProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
  role.kill(signal)
  return role.ended
}
