/**
 * The member processes of a chaos run, as a supervisor keeps them: what ends without having been told to is started again,
 * and what it said of its end is remembered. Faults act on them by name.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { nodeArguments } from '../../stack/nodeArguments.ts'
import type { MemberMessage, MemberSettings } from './memberProcess.ts'

/** An end that nobody asked for. */
export interface Crash {
  readonly member: string
  readonly code: string
  /** A step of the infrastructure failed; exit and replay is what the product does too. */
  readonly retriable: boolean
  readonly text: string
}

const RESTART_MS = 500

export class Member {
  readonly name: string
  readonly #settings: MemberSettings
  readonly #logFile: string
  readonly #onCrash: (crash: Crash) => void
  #child: ChildProcess | undefined
  #ended: Promise<number | NodeJS.Signals> = Promise.resolve(0)
  #ready = Promise.resolve()
  #wanted = false

  constructor(settings: MemberSettings, logFolder: string, onCrash: (crash: Crash) => void) {
    this.name = settings.name
    this.#onCrash = onCrash
    this.#settings = settings
    this.#logFile = join(logFolder, `${settings.name}.log`)
  }

  /** Starts it; `ready` tells when it has joined. */
  start(): void {
    if (this.#wanted) return
    this.#wanted = true
    this.#launch()
  }

  /** Resolves when it has joined its groups; waits through restarts. */
  get ready(): Promise<void> {
    return this.#ready
  }

  /** `kill -9`; resolves at its end. It stays down until it is started. */
  async kill(): Promise<void> {
    this.#wanted = false
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** SIGTERM once it has joined: before that it does not know how to leave. Resolves with how it ended. */
  async leave(): Promise<number | NodeJS.Signals> {
    await this.#ready
    this.#wanted = false
    this.#child?.kill('SIGTERM')
    return this.#ended
  }

  /** Stands still for `ms`, then goes on as if nothing had been. */
  async freeze(ms: number): Promise<void> {
    const child = this.#child
    child?.kill('SIGSTOP')
    await delay(ms)
    child?.kill('SIGCONT')
  }

  /** Steps its clock for `ms`, then sets it right. */
  async stepClock(shiftMs: number, ms: number): Promise<void> {
    const child = this.#child
    const set = (clockShiftMs: number) => {
      // With a callback: one that was killed a moment ago still counts as connected, and has no clock that could be shifted.
      if (child?.connected === true) child.send({ clockShiftMs }, () => undefined)
    }
    set(shiftMs)
    await delay(ms)
    set(0)
  }

  #launch(): void {
    const log = openSync(this.#logFile, 'a')
    const child = spawn(
      process.execPath,
      [
        '--import',
        import.meta.resolve('./steppedClock.mjs'),
        ...nodeArguments(),
        join(import.meta.dirname, 'memberProcess.ts'),
        JSON.stringify(this.#settings),
      ],
      { stdio: ['ignore', log, log, 'ipc'] },
    )
    closeSync(log)
    this.#child = child
    let end: Crash | undefined
    let joined = false
    let isReady: () => void = () => undefined
    this.#ready = new Promise((resolve) => (isReady = resolve))
    child.on('message', (message: MemberMessage) => {
      if (message.state === 'ready') {
        joined = true
        isReady()
      } else {
        // Before it has joined, any failure may be that of an engine that is away.
        const retriable = message.retriable || (!joined && message.code === 'none')
        end = { member: this.name, code: message.code, retriable, text: message.text }
      }
    })
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(signal ?? code ?? 0)
        if (!this.#wanted) return isReady()
        const how = `ended with ${String(signal ?? code)} and said nothing`
        this.#onCrash(end ?? { member: this.name, code: 'none', retriable: false, text: how })
        setTimeout(() => {
          if (!this.#wanted) return isReady()
          this.#launch()
          void this.#ready.then(isReady)
        }, RESTART_MS)
      })
    })
  }
}
