/**
 * What every engine of the stack can do, and the base of those that are a process of their own: found again after a
 * killed run by a marker in its command line, adopted when it is healthy on the same settings, ended otherwise; on the
 * loopback interface, on the port it had before, with its data kept and its output in a log file.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { stackError } from './errors.ts'
import { logSince, logTail, openLog } from './log.ts'
import { carries, endProcess, findByMarker, processBirth, waitUntil } from './osProcess.ts'
import { freePort, isFree } from './port.ts'

export type EngineName = 'kafka' | 'registry' | 'postgres' | 'clickhouse' | 'redis'

/**
 * stopped: not started, or stopped by us. starting, ready, failed: as the words say. external: given by URL, never touched.
 * off: this machine has none and the rest can do without.
 */
export type EngineState = 'stopped' | 'starting' | 'ready' | 'failed' | 'external' | 'off'

export interface Engine {
  readonly name: EngineName
  readonly state: EngineState
  /** One line for people: how it came to this state. */
  readonly note: string
  /** What clients connect to; undefined when there is nothing to connect to. */
  readonly address: string | undefined
  readonly pid: number | undefined
  readonly logFile: string | undefined
  /** Resolves when clients can use it. Throws a coded error with the end of its log when it cannot. */
  start(): Promise<void>
  /** Whether it answers now. */
  ready(): Promise<boolean>
  /** Ends it within the budget, by force at its end. Data is kept. */
  stop(budgetMs: number): Promise<void>
}

export interface EngineOptions {
  readonly dataDir: string
  /** 0 = the port of the last run if it is free, else any free one. */
  readonly port: number
  /** The same for the ports beyond the first; absent = 0. */
  readonly morePorts?: readonly number[]
  /** One line about what takes long (fetching, creating). */
  readonly onProgress: (line: string) => void
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly uid?: number
  readonly gid?: number
}

interface EngineNote {
  readonly ports: readonly number[]
  readonly pid: number | undefined
  readonly birth: string | undefined
  readonly fingerprint: string
}

const PROBE_EVERY_MS = 50
const ORPHAN_STOP_MS = 10_000
const TRIES_ON_TAKEN_PORT = 3

/** An engine that belongs to somebody else: given by URL, neither started nor stopped. */
export function externalEngine(name: EngineName, address: string): Engine {
  return {
    name,
    address,
    state: 'external',
    note: 'given by URL, not started',
    pid: undefined,
    logFile: undefined,
    start: () => Promise.resolve(),
    ready: () => Promise.resolve(true),
    stop: () => Promise.resolve(),
  }
}

export abstract class ProcessEngine implements Engine {
  readonly name: EngineName
  readonly logFile: string
  state: EngineState = 'stopped'
  note = 'not started'
  pid: number | undefined
  protected readonly options: EngineOptions
  protected readonly dataDir: string
  protected ports: readonly number[] = []
  /** Nothing is spawned any more by a start that is under way. */
  private givenUp = false
  /** Where clients look for it: no other port will do. */
  private pinned: readonly number[] | undefined
  /** In its command line as long as it lives. The folder is part of it: several stacks share a machine. */
  protected readonly marker: string

  constructor(name: EngineName, options: EngineOptions) {
    this.name = name
    this.options = options
    this.dataDir = resolve(options.dataDir)
    this.logFile = join(this.dataDir, 'logs', `${name}.log`)
    this.marker = `rekindle-engine-${name}-${createHash('sha256').update(this.dataDir).digest('hex').slice(0, 16)}`
  }

  /** Fetches and creates what it needs, once. */
  protected abstract prepare(): Promise<void>
  /** The command for these ports. Must carry `this.marker` as an argument of its own. */
  protected abstract launch(ports: readonly number[]): Promise<Launch>
  /** Whether clients can use it on its ports. Never throws. */
  protected abstract probe(): Promise<boolean>
  protected abstract addressAt(ports: readonly number[]): string
  /** Settings that a running process must have been started with to be adopted. */
  protected abstract settings(): unknown
  /** Folders beside `dataDir/<name>` that hold data of this engine. */
  dataFolders(): string[] {
    return [join(this.dataDir, this.name)]
  }
  protected readonly portCount: number = 1
  protected readonly startBudgetMs: number = 180_000
  protected readonly stopSignal: NodeJS.Signals = 'SIGTERM'

  get address(): string | undefined {
    return this.ports.length === 0 ? undefined : this.addressAt(this.ports)
  }

  /** Whether the process of this engine lives. */
  get alive(): boolean {
    return this.pid !== undefined && carries(this.pid, this.marker)
  }

  ready(): Promise<boolean> {
    return this.alive ? this.probe() : Promise.resolve(false)
  }

  async start(): Promise<void> {
    this.state = 'starting'
    this.givenUp = false
    try {
      mkdirSync(join(this.dataDir, 'logs'), { recursive: true })
      mkdirSync(join(this.dataDir, 'engines'), { recursive: true })
      if (await this.adopt()) return
      await this.prepare()
      for (let attempt = 1; ; attempt++) {
        this.ports = await this.choosePorts(attempt > 1)
        if (await this.bringUp(attempt)) break
      }
      this.state = 'ready'
      this.note = `started, pid ${this.pid ?? 0}`
    } catch (error) {
      this.state = 'failed'
      this.note = (error as Error).message.split('\n', 1)[0] ?? 'failed'
      throw error
    }
  }

  /** Brings it back after its process has ended, on the ports that clients know. Throws E_ENGINE_PORT_TAKEN while something else has them. */
  async restart(): Promise<void> {
    const ports = this.ports
    this.pinned = ports
    try {
      await this.start()
    } finally {
      this.pinned = undefined
      this.ports = ports
    }
  }

  /** A start that is under way spawns no process from now on, and fails. */
  giveUp(): void {
    this.givenUp = true
  }

  async stop(budgetMs: number): Promise<void> {
    if (this.pid === undefined) return
    const { gone, killed } = await endProcess(this.pid, this.marker, this.stopSignal, budgetMs)
    if (!gone) throw stackError('E_ENGINE_STUCK', `${this.name} (pid ${this.pid}) survived SIGKILL.`)
    this.note = killed ? `killed after ${Math.round(budgetMs)} ms without an end` : 'stopped'
    this.pid = undefined
    this.state = 'stopped'
    this.writeNote()
  }

  /** The last lines of its log, for people. */
  logTail(): string {
    return logTail(this.logFile)
  }

  /** Ends whatever an earlier run left of this engine. */
  async endOrphans(): Promise<number> {
    const noted = this.readNote()?.pid
    const pids = new Set(findByMarker(this.marker))
    if (noted !== undefined && carries(noted, this.marker)) pids.add(noted)
    for (const pid of pids) {
      const { gone } = await endProcess(pid, this.marker, this.stopSignal, ORPHAN_STOP_MS)
      if (!gone)
        throw stackError('E_ENGINE_STUCK', `${this.name} of an earlier run (pid ${pid}) holds ${this.dataDir} and survived SIGKILL.`)
    }
    return pids.size
  }

  private async adopt(): Promise<boolean> {
    const note = this.readNote()
    const pid = note?.pid
    if (
      note !== undefined &&
      pid !== undefined &&
      carries(pid, this.marker) &&
      note.fingerprint === this.fingerprint() &&
      this.portsFit(note.ports)
    ) {
      this.pid = pid
      this.ports = note.ports
      if (await this.probe()) {
        this.state = 'ready'
        this.note = `adopted from an earlier run, pid ${pid}`
        return true
      }
      this.pid = undefined
      this.ports = []
    }
    // One that was killed a moment ago has no command line any more and still holds its port: the next would get another one.
    const birth = note?.birth
    if (pid !== undefined && birth !== undefined && !carries(pid, this.marker))
      await waitUntil(() => processBirth(pid) !== birth, ORPHAN_STOP_MS)
    const ended = await this.endOrphans()
    if (ended > 0) this.options.onProgress(`${this.name}: ended a process of an earlier run that was no longer of use`)
    return false
  }

  private portsFit(ports: readonly number[]): boolean {
    return ports.length === this.portCount && ports.every((port, i) => [0, port].includes(this.wantedPort(i)))
  }

  private wantedPort(i: number): number {
    return i === 0 ? this.options.port : (this.options.morePorts?.[i - 1] ?? 0)
  }

  private async choosePorts(freshOnes: boolean): Promise<readonly number[]> {
    if (this.pinned !== undefined) {
      for (const port of this.pinned)
        if (!(await isFree(port)))
          throw stackError('E_ENGINE_PORT_TAKEN', `Port ${port}, on which ${this.name} ran, is in use by something else now.`)
      return this.pinned
    }
    const before = this.readNote()?.ports ?? []
    const ports: number[] = []
    for (let i = 0; i < this.portCount; i++) {
      const wanted = this.wantedPort(i)
      if (wanted !== 0) {
        if (!(await isFree(wanted))) throw stackError('E_ENGINE_PORT_TAKEN', `Port ${wanted} for ${this.name} is in use.`)
        ports.push(wanted)
        continue
      }
      const kept = before[i]
      ports.push(!freshOnes && kept !== undefined && (await isFree(kept)) ? kept : await freePort())
    }
    return ports
  }

  /** True when it is up; false when a port was snatched away and another try with other ports may help. */
  private async bringUp(attempt: number): Promise<boolean> {
    const { command, args, env, uid, gid } = await this.launch(this.ports)
    if (this.givenUp) throw stackError('E_ENGINE_NOT_READY', `${this.name} was stopped while it started.`)
    const log = openLog(this.logFile)
    // Of this child alone: the end of an earlier one may be told after the start of this.
    let exit: string | undefined
    const ended = () => exit
    try {
      // Detached: Ctrl-C in a terminal reaches the whole group, and engines must outlive the members that still write to them.
      const child = spawn(command, [...args], {
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: { ...process.env, ...env },
        cwd: '/',
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      })
      child.once('error', (error) => {
        exit = error.message
      })
      child.once('exit', (code, signal) => {
        exit = signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`
      })
      child.unref()
      this.pid = child.pid
    } finally {
      closeSync(log.fd)
    }
    this.writeNote()
    const deadline = performance.now() + this.startBudgetMs
    while (performance.now() < deadline) {
      if (ended() !== undefined) break
      if (await this.probe()) return true
      await pause(PROBE_EVERY_MS)
    }
    const end = ended()
    const said = logSince(this.logFile, log.sizeBefore)
    if (
      end !== undefined &&
      attempt < TRIES_ON_TAKEN_PORT &&
      this.options.port === 0 &&
      this.pinned === undefined &&
      /address already in use|EADDRINUSE|BindException|QuarkusBindException/i.test(said)
    ) {
      return false
    }
    if (this.pid !== undefined) await endProcess(this.pid, this.marker, 'SIGKILL', 0)
    this.pid = undefined
    this.writeNote()
    const reason = end === undefined ? `did not answer within ${this.startBudgetMs / 1000} s` : `ended with ${end}`
    throw stackError('E_ENGINE_NOT_READY', `${this.name} ${reason}. The end of ${this.logFile}:\n${this.logTail()}`)
  }

  private fingerprint(): string {
    return createHash('sha256').update(JSON.stringify(this.settings())).digest('hex').slice(0, 16)
  }

  private noteFile(): string {
    return join(this.dataDir, 'engines', `${this.name}.json`)
  }

  private readNote(): EngineNote | undefined {
    if (!existsSync(this.noteFile())) return undefined
    try {
      const note = JSON.parse(readFileSync(this.noteFile(), 'utf8')) as Partial<EngineNote>
      return { ports: note.ports ?? [], pid: note.pid, birth: note.birth, fingerprint: note.fingerprint ?? '' }
    } catch {
      // Cut off by a kill in mid-write: as good as none, the marker still finds the process.
      rmSync(this.noteFile())
      return undefined
    }
  }

  private writeNote(): void {
    const birth = this.pid === undefined ? undefined : processBirth(this.pid)
    const note: EngineNote = { ports: this.ports, pid: this.pid, birth, fingerprint: this.fingerprint() }
    writeFileSync(`${this.noteFile()}.new`, JSON.stringify(note))
    renameSync(`${this.noteFile()}.new`, this.noteFile())
  }
}
