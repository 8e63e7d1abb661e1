/**
 * One process with one partition of a stage that has a timer on each of many keys: adds them, touches their keys, moves them, cancels
 * some, and fires the rest in order. Argument: JSON of TimersInput. Prints one line of JSON, TimersResult; a timer that is lost, doubled
 * or out of order ends it with an error.
 */
import { join } from 'node:path'
import { next, timer } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { CacheBudget } from '../../runtime/state/generationCache.ts'
import { VolatileStore } from '../../runtime/state/restorableStore.ts'
import { openUnitState } from '../../runtime/state/unitState.ts'
import { Task } from '../../runtime/task.ts'
import type { InputRecord } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'
import { median } from './progress.ts'

export interface TimersInput {
  /** Where the files are; without one the state is in memory. */
  readonly folder?: string
  readonly timers: number
  readonly cacheBytes: number
}

const stepNames = ['add', 'touch', 'move', 'cancel', 'fire'] as const
/** Medians of the rounds; of a million timers one is enough. */
export interface TimersResult {
  /** CPU time per timer, µs; `touch` folds a record and leaves the timer as it is. */
  readonly micros: Readonly<Record<(typeof stepNames)[number], number>>
  /** Memory for each timer when all are set, keys and states included and what is collected left out, bytes. */
  readonly bytesPerTimer: number
}

interface Count {
  count: number
}
const Count = schema<Count>({ type: 'record', name: 'Count', namespace: 'rekindle.bench', fields: [{ name: 'count', type: 'long' }] })
/** Does to the timer of its key what it says. */
interface Wish {
  to: string
  dueAt: number
}
const Wish = schema<Wish>({
  type: 'record',
  name: 'Wish',
  namespace: 'rekindle.bench',
  fields: [
    { name: 'to', type: 'string' },
    { name: 'dueAt', type: 'long' },
  ],
})
const wishes = topic({
  ...{ name: 'wishes', key: 'lead', value: Wish, retention: { days: 1 }, contract: 'internal', writtenBy: [], about: 'Wishes.' },
})

const SLICE = 500
/** One of so many timers is cancelled. */
const CANCELLED = 4
const START = Date.UTC(2026, 0, 1)
/** Due times are spread over so much, ms: a day. */
const SPAN = 86_400_000

/** Rounds before the measured one, for compilers and caches. */
const WARM_UP = 20_000
/** A collection in the middle of a small one would be taken for its cost. */
const ROUNDS = 5
const KEY = 'lead:'

const { folder, timers, cacheBytes } = JSON.parse(process.argv[2] as string) as TimersInput
let fired: { readonly number: number; readonly dueAt: number }[] = []
const alarm = stage({
  name: 'alarm',
  state: Count,
  on: [
    from(wishes, (state: Count | undefined, { value: { to, dueAt } }) => {
      const counted = { count: (state?.count ?? 0) + 1 }
      if (to === 'touch') return next(counted)
      return next(counted, { timers: [to === 'cancel' ? timer('ring').cancel() : timer('ring').at(dueAt)] })
    }),
  ],
  timer: (state, { dueAt }, { key }) => {
    fired.push({ number: Number(key.slice(KEY.length)), dueAt })
    return next(state)
  },
  outputs: [],
})

function record(number: number, to: string, dueAt: number): InputRecord {
  const key = `${KEY}${number}`
  const raw = { key: null, value: null, headers: {} }
  return { topic: wishes.name, partition: 0, offset: BigInt(number), key, value: { to, dueAt }, timestamp: START, headers: {}, raw }
}

function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** What is kept after a collection: of the heap and of buffers. What the files of local state map is not in it. */
async function keptBytes(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('node is to be started with --expose-gc')
  // Twice, with a turn between: what the last turn still held goes with the second.
  globalThis.gc()
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** All steps with so many timers on a partition of its own. */
async function round(count: number, name: string): Promise<TimersResult> {
  fired = []
  const state =
    folder === undefined
      ? undefined
      : openUnitState({ folder: join(folder, name), stages: [alarm], budget: new CacheBudget(cacheBytes), now: Date.now })
  const store = state?.stores.get('alarm') ?? new VolatileStore(stateCodec(alarm))
  const task = new Task({ group: 'bench', stages: [alarm], partition: 0, stores: new Map([['alarm', store]]), tables: new Map() })
  /** Without order, the same on each run; another one once it was moved. */
  const dueAtOf = (number: number, moved: boolean) => START + ((number * 7_919 + (moved ? 104_729 : 0)) % count) * Math.floor(SPAN / count)

  /** CPU time for each timer, µs; what makes the records is not measured. */
  const measured = async (many: number, recordOf: (at: number) => InputRecord): Promise<number> => {
    let micros = 0
    for (let at = 0; at < many; at += SLICE) {
      const records = Array.from({ length: Math.min(SLICE, many - at) }, (_, index) => recordOf(at + index))
      const before = process.cpuUsage()
      task.apply(task.process(records))
      store.advance(store.position + BigInt(records.length))
      micros += since(before)
      // A member yields between two slices.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return micros / many
  }

  const beforeBytes = await keptBytes()
  const add = await measured(count, (at) => record(at, 'set', dueAtOf(at, false)))
  const bytesPerTimer = ((await keptBytes()) - beforeBytes) / count
  const touch = await measured(count, (at) => record(at, 'touch', 0))
  const move = await measured(count, (at) => record(at, 'set', dueAtOf(at, true)))
  const gone = Math.floor(count / CANCELLED)
  const cancel = await measured(gone, (at) => record(at * CANCELLED, 'cancel', 0))
  const left = count - gone
  const before = process.cpuUsage()
  while (fired.length < left) {
    const already = fired.length
    const batch = task.fireTimers(START + 2 * SPAN, SLICE)
    task.apply(batch)
    store.advance(store.position + BigInt(batch.changes.length))
    if (fired.length === already) throw new Error(`${left - already} of ${left} timers do not fire`)
  }
  const fire = since(before) / left
  if (task.nextTimerAt() !== undefined) throw new Error('a timer is left')
  mustBeRight(left, (number) => (number % CANCELLED === 0 && number / CANCELLED < gone ? undefined : dueAtOf(number, true)))
  await state?.close('clean')
  return { micros: { add, touch, move, cancel, fire }, bytesPerTimer }
}

/** Throws unless each timer that has a due time fired once, at that time, none before an earlier one. */
function mustBeRight(left: number, dueAtOf: (number: number) => number | undefined): void {
  const seen = new Set(fired.map(({ number }) => number))
  if (seen.size !== left || fired.length !== left) throw new Error(`${fired.length} firings of ${seen.size} timers, not ${left}`)
  for (const [at, { number, dueAt }] of fired.entries()) {
    if (dueAt !== dueAtOf(number)) throw new Error(`the timer of key ${number} fired for ${dueAt}, not ${String(dueAtOf(number))}`)
    if (dueAt < (fired[at - 1]?.dueAt ?? 0)) throw new Error(`the timer of key ${number} fired after a later one`)
  }
}

await round(WARM_UP, 'warm-up')
const results: TimersResult[] = []
while (results.length < (timers > WARM_UP * 10 ? 1 : ROUNDS)) results.push(await round(timers, `round ${results.length}`))
const medianOf = (of: (result: TimersResult) => number) => median(results.map(of))
const micros = Object.fromEntries(stepNames.map((step) => [step, medianOf((result) => result.micros[step])])) as TimersResult['micros']
console.log(JSON.stringify({ micros, bytesPerTimer: medianOf(({ bytesPerTimer }) => bytesPerTimer) } satisfies TimersResult))
