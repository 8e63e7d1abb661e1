/**
 * One process that keeps many keys, in files or in memory, the way a member does: written slice by slice, then read and
 * changed at random. Argument: JSON of MemoryInput. Prints one line of JSON, MemoryResult; a wrong value ends it with an error.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { next } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { CacheBudget } from '../../runtime/state/generationCache.ts'
import { VolatileStore } from '../../runtime/state/restorableStore.ts'
import type { RestorableStore } from '../../runtime/state/restorableStore.ts'
import { openUnitState } from '../../runtime/state/unitState.ts'
import { keyOf, keyText, ordersTopic } from './workload.ts'

export interface MemoryInput {
  /** Where the files are; without one the state is in memory. */
  readonly folder?: string
  readonly keys: number
  readonly valueBytes: number
  readonly units: number
  readonly cacheBytes: number
}
export interface MemoryResult {
  /** Anonymous memory, bytes: before the first key, and the most that was seen. */
  readonly beforeBytes: number
  readonly mostBytes: number
  /** What the files take; 0 in memory. */
  readonly diskBytes: number
  readonly writesPerSecond: number
  readonly changesPerSecond: number
}

interface Note {
  version: number
  text: string
}
const Note = schema<Note>({
  type: 'record',
  name: 'Note',
  namespace: 'rekindle.bench',
  fields: [
    { name: 'version', type: 'long' },
    { name: 'text', type: 'string' },
  ],
})
/** As many changes as the product takes into one transaction. */
const SLICE = 500
/** How often memory is read, in changes: reading it takes some 30 µs. */
const LOOK_EVERY = 5_000

const input = JSON.parse(process.argv[2] as string) as MemoryInput
const { folder, keys, valueBytes, units, cacheBytes } = input
const keeper = stage({
  name: 'keeper',
  state: Note,
  on: [from(ordersTopic('none'), (state: Note | undefined) => next(state))],
  outputs: [],
})
const beforeBytes = anonymousBytes()
let mostBytes = beforeBytes
const budget = new CacheBudget(cacheBytes)
const states = Array.from({ length: units }, (_, unit) =>
  folder === undefined ? undefined : openUnitState({ folder: join(folder, String(unit)), stages: [keeper], budget, now: Date.now }),
)
const stores = states.map((state): RestorableStore => state?.stores.get('keeper') ?? new VolatileStore(stateCodec(keeper)))

const writesPerSecond = await each(keys, (key) => {
  put(key, 0)
})
const changesPerSecond = await each(keys, (number) => {
  // Past the first `keys` numbers they are spread over all keys.
  const key = keyOf(keys + number, { keys })
  const { version, text } = storeOf(key).get(keyText(key))?.state as Note
  if (text !== textOf(key, version)) throw new Error(`${keyText(key)} is not what was written`)
  put(key, version + 1)
})
let versions = 0
for (let key = 0; key < keys; key++) versions += (storeOf(key).get(keyText(key))?.state as Note).version
if (versions !== keys) throw new Error(`${versions} of ${keys} changes are there`)
for (const state of states) await state?.close('clean')
const diskBytes = folder === undefined ? 0 : bytesUnder(folder)
console.log(JSON.stringify({ beforeBytes, mostBytes, diskBytes, writesPerSecond, changesPerSecond } satisfies MemoryResult))

function storeOf(key: number): RestorableStore {
  return stores[key % units] as RestorableStore
}

function put(key: number, version: number): void {
  storeOf(key).set(keyText(key), { state: { version, text: textOf(key, version) }, timers: {}, expiresAt: undefined })
}

/** Text of the wanted size that no other key and version has. */
function textOf(key: number, version: number): string {
  const word = `${key.toString(36)}.${version.toString(36)} `
  return word.repeat(Math.ceil(valueBytes / word.length)).slice(0, valueBytes)
}

/** Does it for each number, in slices after which the stores are told of a new position, as after a commit. */
async function each(count: number, work: (number: number) => void): Promise<number> {
  const began = performance.now()
  for (let number = 0; number < count; number++) {
    work(number)
    if (number % SLICE === SLICE - 1) {
      for (const store of stores) store.advance(store.position + BigInt(SLICE))
      // A member yields between two slices.
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (number % LOOK_EVERY === 0) mostBytes = Math.max(mostBytes, anonymousBytes())
  }
  return count / ((performance.now() - began) / 1000)
}

/** Memory that no file stands behind. */
function anonymousBytes(): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error('/proc/self/status does not tell RssAnon')
  return Number(kilobytes) * 1024
}

function bytesUnder(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
