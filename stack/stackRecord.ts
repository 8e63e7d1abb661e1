/**
 * `<dataDir>/stack.json`: whose the data folder is and where its engines are, as long as they run. It is there whole or not at all,
 * and of several starts at the same time one gets it. Readable by its owner only: the addresses carry passwords.
 */
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { EngineName, EngineState } from './engine.ts'
import { stackError } from './errors.ts'
import { processBirth } from './osProcess.ts'

export interface StackAddresses {
  readonly kafkaBrokers: readonly string[]
  readonly registryUrl: string
  readonly databaseUrl: string
  readonly clickhouseUrl: string
  readonly redisUrl?: string
}

export interface StackRecord {
  readonly ownerPid: number
  readonly ownerBirth: string
  readonly startedAtMs: number
  /** Empty texts while the engines start. */
  readonly addresses: StackAddresses
  /** None while they start. */
  readonly engines: readonly {
    name: EngineName
    state: EngineState
    address: string | undefined
    pid: number | undefined
    logFile: string | undefined
  }[]
  /** Added by who runs the stack: processes, the address of the API. */
  readonly [extra: string]: unknown
}

const NO_ADDRESSES: StackAddresses = { kafkaBrokers: [], registryUrl: '', databaseUrl: '', clickhouseUrl: '' }

export function recordFile(dataDir: string): string {
  return join(dataDir, 'stack.json')
}

/** The record of this process, whose engines do not run yet. */
export function recordOf(startedAtMs: number): StackRecord {
  return { ownerPid: process.pid, ownerBirth: processBirth(process.pid) ?? '', startedAtMs, addresses: NO_ADDRESSES, engines: [] }
}

/** The record of a stack that runs now on this data folder; undefined when there is none, or its process is gone. */
export function runningStack(dataDir: string): StackRecord | undefined {
  return owned(recordFile(resolve(dataDir)))
}

/** A `stack.json`; undefined when there is none. */
export function readStack(file: string): StackRecord | undefined {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StackRecord
  } catch {
    // Removed or replaced while it was read: as good as none.
    return undefined
  }
}

/** The record in a file whose process is alive. */
function owned(file: string): StackRecord | undefined {
  const record = readStack(file)
  return record?.ownerPid !== undefined && record.ownerBirth !== '' && processBirth(record.ownerPid) === record.ownerBirth
    ? record
    : undefined
}

/** Marks the folder as ours before anything is started. Throws E_STACK_IN_USE when it is somebody else's. */
export function claim(dataDir: string): void {
  const file = recordFile(dataDir)
  const own = `${file}.${randomUUID()}`
  writeFileSync(own, JSON.stringify(recordOf(Date.now())), { mode: 0o600 })
  try {
    while (!linked(own, file)) {
      const owner = owned(file)
      if (owner !== undefined) throw stackError('E_STACK_IN_USE', `${dataDir} is used by process ${owner.ownerPid}.`)
      takeAway(dataDir, file, `${own}.old`)
    }
  } finally {
    rmSync(own, { force: true })
  }
}

/** Puts a file under another name unless there is one; a record is never seen half written. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

/** Takes the record of a run that was killed out of the way. */
function takeAway(dataDir: string, file: string, aside: string): void {
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return
  }
  // Looked at once more where nobody else can take it: another start may have put its own there since.
  const owner = owned(aside)
  if (owner !== undefined) linked(aside, file)
  rmSync(aside, { force: true })
  if (owner !== undefined) throw stackError('E_STACK_IN_USE', `${dataDir} is being started by process ${owner.ownerPid}.`)
}

export function writeRecord(dataDir: string, record: StackRecord): void {
  const file = recordFile(dataDir)
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
