/**
 * Processes under measure: each is one of its own, so that its CPU can be read and nothing disturbs its event loop.
 * Started with the product's Node arguments, known by what it prints, ended by its pid.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { nodeArguments } from '../../stack/nodeArguments.ts'
import { cpuSeconds } from '../cpu.ts'

const END_BUDGET_MS = 30_000
const KEPT_LINES = 40

export interface Running {
  readonly pid: number
  /** CPU so far, s. Throws where it cannot be read. */
  cpu(): number
  /** Resolves with the first line for which `test` holds, past ones included; rejects when the process ends before. */
  line(test: (line: string) => boolean): Promise<string>
  /** The lines printed so far. */
  readonly lines: readonly string[]
  /** Rejects when the process ends with anything but 0 or by our own signal. */
  readonly ended: Promise<void>
  /** SIGTERM, and SIGKILL when its budget is used up, which throws: a competitor that hangs at its end is broken. */
  end(): Promise<void>
}

/** Starts a TypeScript file of this folder; `input` is its argument, as JSON. */
export function startNode(file: string, input: object, nodeOptions: readonly string[] = []): Running {
  return startCommand(file, process.execPath, [...nodeOptions, ...nodeArguments(), join(import.meta.dirname, file), JSON.stringify(input)])
}

export function startCommand(name: string, command: string, args: readonly string[]): Running {
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const pid = child.pid ?? 0
  const lines: string[] = []
  const errors: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look()
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line)
    if (errors.length > KEPT_LINES) errors.shift()
  })
  let asked = false
  const ended = once(child, 'close').then(([code, signal]) => {
    if (code === 0 || (asked && (signal === 'SIGTERM' || code === 143))) return
    throw new Error(`${name} ended with ${String(signal ?? code)}:\n${[...lines.slice(-5), ...errors].join('\n')}`)
  })
  // Whoever waits sees it; a process that nobody waits for just now must not end the whole bench unnamed.
  ended.catch(() => undefined)
  return {
    pid,
    lines,
    ended,
    cpu() {
      const seconds = cpuSeconds(pid)
      if (seconds === undefined) throw new Error(`the CPU time of ${name} (${pid}) cannot be read: /proc is needed, and a live process`)
      return seconds
    },
    line(test) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(test)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
        ended.then(
          () => reject(new Error(`${name} ended without the line that was waited for:\n${[...lines.slice(-5), ...errors].join('\n')}`)),
          reject,
        )
      })
    },
    async end() {
      asked = true
      child.kill('SIGTERM')
      let late = false
      const timer = setTimeout(() => {
        late = true
        child.kill('SIGKILL')
      }, END_BUDGET_MS)
      try {
        await ended
      } catch (error) {
        throw late ? new Error(`${name} did not end within ${END_BUDGET_MS} ms`, { cause: error }) : error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
