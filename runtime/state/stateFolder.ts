/**
 * A folder for the local state of one process: claimed by a lock that names the process, taken over when that process is
 * gone, so that a restart finds its state again and two processes never share one. Every container needs a parent of its own.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { runtimeError } from '../errors.ts'

export interface StateFolder {
  readonly path: string
  release(): void
}

const LOCK = 'owner'
/** Processes of one group on one machine; more than partitions make no sense. */
const MOST = 1_000

/** Claims the first free folder `0`, `1`, … under `parent`. Throws `E_STATE_STORE` when the disk refuses. */
export function claimStateFolder(parent: string): StateFolder {
  try {
    for (let index = 0; index < MOST; index += 1) {
      const path = join(parent, String(index))
      mkdirSync(path, { recursive: true })
      const lock = join(path, LOCK)
      if (claimed(lock)) return { path, release: () => rmSync(lock, { force: true }) }
    }
  } catch (error) {
    throw runtimeError('E_STATE_STORE', `${parent}: ${(error as Error).message}`, { cause: error })
  }
  throw runtimeError('E_STATE_STORE', `${parent}: all ${MOST} folders belong to living processes.`)
}

/** Removes folders of partitions that nobody has opened for so long that they would be restored from the beginning anyway. */
export function removeStale(folder: string, olderThan: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && statSync(path).mtimeMs < olderThan && newest(path) < olderThan)
      rmSync(path, { recursive: true, force: true })
  }
}

function newest(folder: string): number {
  return Math.max(0, ...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs))
}

function claimed(lock: string): boolean {
  const own = `${process.pid} ${startOf(process.pid) ?? ''} ${hostname()}`
  for (;;) {
    try {
      create(lock, own)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = readOr(lock)
    if (owner === undefined) continue
    const [pid = '', start = '', host = ''] = owner.split(' ')
    // An owner that has not written its name yet is alive; whether one of another machine or container is, nobody can tell.
    if (owner === '' || host !== hostname() || isAlive(Number(pid), start)) return false
    // Renamed first: of two that find the same dead owner only one may remove the lock, not the lock of the other one.
    const dead = `${lock}.${process.pid}`
    try {
      renameSync(lock, dead)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      throw error
    }
    if (readOr(dead) === owner) rmSync(dead, { force: true })
    else renameSync(dead, lock)
  }
}

/** Throws EEXIST when it is there. On a full disk nothing of it stays: without a name it would be taken for one that is about to get it, for good. */
function create(lock: string, own: string): void {
  const file = openSync(lock, 'wx')
  try {
    writeSync(file, own)
  } catch (error) {
    rmSync(lock, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid: number, start: string): boolean {
  // Within one process a second member of a group may ask: its own lock is held.
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return (startOf(pid) ?? '') === start
}

/** When a process was started, in ticks since boot; undefined where the system does not tell. Ids are used again. */
function startOf(pid: number): string | undefined {
  const stat = readOr(`/proc/${pid}/stat`)
  // The name, in parentheses, may contain spaces: fields are counted from behind it. Start time is the 22nd.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}
