/**
 * The stores of one unit: one LMDB environment with a state, a timer index and a checkpoint per stage. A checkpoint is
 * trusted only when it was written since this boot, by this layout, and less than a tombstone's life ago.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { open } from 'lmdb'
import type { Database, RootDatabase } from 'lmdb'
import { runtimeError } from '../errors.ts'
import { stateCodec } from '../stateEntry.ts'
import type { AnyStage } from '../stage.ts'
import type { CacheBudget } from './generationCache.ts'
import { defaultLmdbLimits, LmdbStateStore } from './lmdbStateStore.ts'
import type { Checkpoint, LmdbStoreLimits, StageDatabases } from './lmdbStateStore.ts'
import { VolatileStore } from './restorableStore.ts'
import type { RestorableStore } from './restorableStore.ts'

export interface UnitState {
  /** By stage name. */
  readonly stores: ReadonlyMap<string, RestorableStore>
  /** Lets go of the files. A clean close writes everything first, a dirty one leaves the last checkpoint. */
  close(how: 'clean' | 'dirty'): Promise<void>
}

export interface UnitStateOptions {
  readonly folder: string
  readonly stages: readonly AnyStage[]
  readonly budget: CacheBudget
  readonly limits?: LmdbStoreLimits
  /** Wall clock, ms. */
  now(): number
}

/** Changed when what is written is no longer read as before: older files are restored anew. */
const LAYOUT = 1
/**
 * Changelogs keep tombstones for 24 h (`delete.retention.ms`). A store that slept for longer may have missed one and would
 * keep a deleted key for ever; 20 h leave room for clocks and for the restore itself.
 */
export const TRUSTED_FOR_MS = 20 * 3_600_000
/** Three databases per stage. */
const MOST_DATABASES = 512

interface Stored extends Checkpoint {
  readonly layout: number
  readonly bootId: string
  readonly at: number
}

/** State in files under the folder. Throws `E_STATE_STORE` when they cannot be opened. */
export function openUnitState(options: UnitStateOptions): UnitState {
  const { folder, stages, budget, limits = defaultLmdbLimits } = options
  const boot = bootId()
  let root: RootDatabase<Buffer, Buffer>
  try {
    mkdirSync(folder, { recursive: true })
    // Nothing is flushed on purpose: a crash of the process loses nothing that was written, one of the machine is told by the boot id.
    root = open<Buffer, Buffer>({
      path: folder,
      noSync: true,
      overlappingSync: false,
      maxDbs: MOST_DATABASES,
      encoding: 'binary',
      keyEncoding: 'binary',
    })
  } catch (error) {
    throw runtimeError('E_STATE_STORE', `${folder}: ${(error as Error).message}`, { cause: error })
  }
  const sub = (name: string): Database<Buffer, Buffer> => root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' })
  const checkpoints = sub('checkpoints')
  const stores = new Map<string, RestorableStore>()
  for (const stage of stages) {
    if (stage.state === undefined) continue
    const at = Buffer.from(stage.name)
    const databases: StageDatabases = {
      states: sub(`${stage.name} states`),
      timers: sub(`${stage.name} timers`),
      found: trusted(checkpoints.getBinary(at), boot, options.now()),
      write(checkpoint, work) {
        root.transactionSync(() => {
          work()
          const stored: Stored = { ...checkpoint, layout: LAYOUT, bootId: boot, at: options.now() }
          checkpoints.putSync(at, Buffer.from(JSON.stringify(stored)))
        })
      },
    }
    stores.set(stage.name, new LmdbStateStore(databases, stateCodec(stage), budget, limits))
  }
  return {
    stores,
    async close(how) {
      for (const store of stores.values()) {
        if (how === 'clean') store.checkpoint()
        store.close()
      }
      await root.close()
    },
  }
}

/** State in memory, restored whole at each start. */
export function volatileUnitState(stages: readonly AnyStage[]): UnitState {
  const stores = new Map(
    stages.filter(({ state }) => state !== undefined).map((stage) => [stage.name, new VolatileStore(stateCodec(stage))]),
  )
  return { stores, close: async () => stores.forEach((store) => store.close()) }
}

function trusted(bytes: Buffer | undefined, boot: string, now: number): Checkpoint | undefined {
  if (bytes === undefined || boot === '') return undefined
  const stored = JSON.parse(bytes.toString('utf8')) as Stored
  const age = now - stored.at
  // A clock that was set back says nothing about the age.
  return stored.layout === LAYOUT && stored.bootId === boot && age >= 0 && age < TRUSTED_FOR_MS ? stored : undefined
}

/** Differs after each start of the machine; empty where the system does not tell, and then no file is trusted. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
