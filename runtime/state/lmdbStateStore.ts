/**
 * Keyed state of one stage on one partition in LMDB, with an index of its timers. What changed since the last checkpoint
 * is held in memory and written with the changelog position it belongs to, so that a crash leaves an older state that
 * agrees with an older position, never one that is ahead of the committed log.
 */
import type { Database } from 'lmdb'
import { runtimeError } from '../errors.ts'
import { schemaKeyPrefix } from '../stateEntry.ts'
import type { StateCodec, StateOutline } from '../stateEntry.ts'
import { expiry } from '../stateStore.ts'
import type { StateEntry } from '../stateStore.ts'
import { earlier, TimerHeap } from '../timerHeap.ts'
import type { DueTimer } from '../timerHeap.ts'
import { GenerationCache } from './generationCache.ts'
import type { CacheBudget } from './generationCache.ts'
import type { RestorableStore } from './restorableStore.ts'
import { indexedTimer, indexKey, isHashed, readTime, storageKey, writeTime } from './storageKeys.ts'

/** The databases of one stage in the environment of its unit. */
export interface StageDatabases {
  readonly states: Database<Buffer, Buffer>
  readonly timers: Database<Buffer, Buffer>
  /** What the last checkpoint said about itself; undefined when there is none that can be trusted. */
  readonly found: Checkpoint | undefined
  /** Runs the work, and writes the checkpoint, in one transaction. */
  write(checkpoint: Checkpoint, work: () => void): void
}

export interface Checkpoint {
  /** Changelog position, a decimal number. */
  readonly position: string
  /** Id of the topic that it is a place in; absent in what was written before it was kept. */
  readonly changelogId?: string | undefined
  /** Changelog key of each schema definition that was met, and the definition. */
  readonly definitions: Readonly<Record<string, string>>
  /** Keys whose records wait; absent in what was written before there were such. */
  readonly parked?: number
}

export interface LmdbStoreLimits {
  /** Changed keys that are held in memory before they are written. */
  readonly dirtyKeys: number
  /** Timers that are held in memory; the later ones are read when their time is near. */
  readonly timersInMemory: number
}

/** 1,000 keys take some 10 ms to write: less than a transaction at low load, and seldom. */
export const defaultLmdbLimits: LmdbStoreLimits = { dirtyKeys: 1_000, timersInMemory: 10_000 }

/** A key that changed since the last checkpoint. */
interface Dirty {
  readonly stored: Buffer
  /** What the database says; undefined when the key is not there. */
  readonly before: Persisted | undefined
  /** What it shall say; undefined deletes the key. */
  outline: StateOutline | undefined
  entry: StateEntry | undefined
  /** Encoded entry as it stands on the changelog, until somebody asks for it decoded. */
  raw: Buffer | undefined
  /** The same of an entry that was set here, when its writer told. */
  bytes: Buffer | undefined
  /** Due time of the index entry that watches over the time to live: it is put off only when it comes up. */
  watchAt: number | undefined
}

interface Persisted {
  readonly timers: Readonly<Record<string, number>>
  readonly watchAt: number | undefined
}

interface Cached {
  readonly entry: StateEntry
  readonly watchAt: number | undefined
}

const FLAG_WATCHED = 1
const FLAG_FULL_KEY = 2
const NO_VALUE = Buffer.of(0)
const NO_TIMERS: Readonly<Record<string, number>> = {}
/** A decoded entry takes about four times its bytes on the heap, and its keys and map slots some 300 more. */
const CACHE_FACTOR = 4
const CACHE_OVERHEAD_BYTES = 300
/** Above this multiple the timers in memory are let go and the earliest read again. */
const CROWDED = 4

export class LmdbStateStore implements RestorableStore {
  readonly #db: StageDatabases
  readonly #codec: StateCodec
  readonly #limits: LmdbStoreLimits
  readonly #cache: GenerationCache<Cached>
  readonly #dirty = new Map<string, Dirty>()
  readonly #definitions = new Map<string, string>()
  #heap = new TimerHeap()
  /** Timers up to this place of the index are in the heap. */
  #horizon: Buffer | 'none' | 'all' = 'none'
  #position = 0n
  #changelogId: string | undefined
  /** What the last checkpoint says. */
  #written: { readonly position: bigint; readonly changelogId: string | undefined } = { position: 0n, changelogId: undefined }
  #size: number
  #parked = 0

  constructor(db: StageDatabases, codec: StateCodec, budget: CacheBudget, limits: LmdbStoreLimits = defaultLmdbLimits) {
    this.#db = db
    this.#codec = codec
    this.#limits = limits
    this.#cache = new GenerationCache(budget)
    if (db.found !== undefined) {
      this.#position = BigInt(db.found.position)
      this.#changelogId = db.found.changelogId
      this.#written = { position: this.#position, changelogId: this.#changelogId }
      this.#parked = db.found.parked ?? 0
      for (const [key, definition] of Object.entries(db.found.definitions)) this.#learn(key, Buffer.from(definition))
    } else {
      db.states.clearSync()
      db.timers.clearSync()
    }
    this.#size = (db.states.getStats() as { entryCount: number }).entryCount
  }

  get size(): number {
    return this.#size
  }

  get parked(): number {
    return this.#parked
  }

  get position(): bigint {
    return this.#position
  }

  get changelogId(): string | undefined {
    return this.#changelogId
  }

  get defined(): boolean {
    return this.#definitions.has(this.#codec.definition.key)
  }

  identify(changelogId: string): void {
    this.#changelogId = changelogId
  }

  get(key: string): StateEntry | undefined {
    const dirty = this.#dirty.get(key)
    if (dirty !== undefined) {
      if (dirty.raw !== undefined) {
        dirty.entry = this.#codec.decode(dirty.raw)
        dirty.raw = undefined
      }
      return dirty.entry
    }
    return this.#clean(key)?.entry
  }

  set(key: string, entry: StateEntry | undefined): void {
    const dirty = this.#touch(key)
    this.#change(key, dirty, entry)
    dirty.entry = entry
    dirty.raw = undefined
    dirty.bytes = undefined
  }

  encoded(key: string, entry: StateEntry, value: Buffer): void {
    const dirty = this.#dirty.get(key)
    if (dirty?.entry === entry) dirty.bytes = value
  }

  load(key: string, value: Buffer | null, next: bigint): void {
    if (key.startsWith(schemaKeyPrefix)) {
      if (value !== null) this.#learn(key, value)
    } else {
      const dirty = this.#touch(key)
      this.#change(key, dirty, value === null ? undefined : this.#codec.outline(value))
      dirty.entry = undefined
      dirty.raw = value ?? undefined
      dirty.bytes = undefined
    }
    this.advance(next)
  }

  advance(position: bigint, defined = false): void {
    this.#position = position
    if (defined) this.#learn(this.#codec.definition.key, this.#codec.definition.value)
    if (this.#dirty.size >= this.#limits.dirtyKeys) this.checkpoint()
  }

  *entries(): Iterable<readonly [string, StateEntry]> {
    this.checkpoint()
    for (const { key: stored, value } of this.#db.states.getRange()) {
      const { fullKey, body } = parts(value)
      yield [fullKey?.toString('utf8') ?? stored.toString('utf8'), this.#codec.decode(body)]
    }
  }

  due(now: number, limit: number): DueTimer[] {
    const found: DueTimer[] = []
    while (found.length < limit) {
      const first = this.#first()
      if (first === undefined || first.dueAt > now) break
      this.#heap.pop()
      const last = found.at(-1)
      // Set, cancelled and set again to the same time: the heap has it twice.
      if (last === undefined || earlier(last, first) !== 0) found.push(first)
    }
    // They stay until the commit says otherwise: a batch that is thrown away must find them again.
    for (const timer of found) this.#heap.push(timer)
    return found
  }

  nextDueAt(): number | undefined {
    return this.#first()?.dueAt
  }

  wipe(): void {
    this.#dirty.clear()
    this.#cache.clear()
    this.#definitions.clear()
    this.#heap = new TimerHeap()
    this.#horizon = 'none'
    const changelogId = this.#changelogId
    this.#position = 0n
    this.#written = { position: 0n, changelogId }
    this.#size = 0
    this.#parked = 0
    this.#guarded(() =>
      this.#db.write({ position: '0', changelogId, definitions: {} }, () => {
        this.#db.states.clearSync()
        this.#db.timers.clearSync()
      }),
    )
  }

  /** Writes what changed, and the position, in one transaction. Throws `E_STATE_STORE` when the disk does not take it. */
  checkpoint(): void {
    const reached = { position: this.#position, changelogId: this.#changelogId }
    const { position, changelogId } = this.#written
    if (this.#dirty.size === 0 && reached.position === position && reached.changelogId === changelogId) return
    const definitions = Object.fromEntries(this.#definitions)
    const checkpoint = { ...reached, position: String(reached.position), definitions, parked: this.#parked }
    const bytes = new Map<string, number>()
    this.#guarded(() => this.#db.write(checkpoint, () => this.#dirty.forEach((dirty, key) => bytes.set(key, this.#writeOne(key, dirty)))))
    for (const [key, { entry, watchAt }] of this.#dirty)
      if (entry !== undefined) this.#cache.set(key, { entry, watchAt }, (bytes.get(key) as number) * CACHE_FACTOR + CACHE_OVERHEAD_BYTES)
      else this.#cache.delete(key)
    this.#dirty.clear()
    this.#written = reached
  }

  close(): void {
    this.#cache.close()
    this.#dirty.clear()
  }

  #learn(key: string, definition: Buffer): void {
    this.#codec.learn(key, definition)
    this.#definitions.set(key, definition.toString('utf8'))
  }

  /** What the database says of a key that is not dirty, decoded. */
  #clean(key: string): Cached | undefined {
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const value = this.#db.states.getBinary(storageKey(key))
    if (value === undefined) return undefined
    const { watchAt, body } = parts(value)
    const cached = { entry: this.#codec.decode(body), watchAt }
    this.#cache.set(key, cached, body.length * CACHE_FACTOR + CACHE_OVERHEAD_BYTES)
    return cached
  }

  /** The key's place among those that changed. */
  #touch(key: string): Dirty {
    const known = this.#dirty.get(key)
    if (known !== undefined) return known
    const stored = storageKey(key)
    const before = this.#persisted(key, stored)
    const dirty: Dirty = {
      stored,
      before: before?.persisted,
      outline: before?.outline,
      entry: before?.entry,
      raw: before?.raw,
      bytes: undefined,
      watchAt: before?.persisted.watchAt,
    }
    this.#dirty.set(key, dirty)
    return dirty
  }

  #persisted(
    key: string,
    stored: Buffer,
  ): { persisted: Persisted; outline: StateOutline; entry: StateEntry | undefined; raw: Buffer | undefined } | undefined {
    const cached = this.#cache.get(key)
    if (cached !== undefined) {
      const { entry, watchAt } = cached
      return { persisted: { timers: entry.timers, watchAt }, outline: entry, entry, raw: undefined }
    }
    if (this.#size === 0) return undefined
    const value = this.#db.states.getBinary(stored)
    if (value === undefined) return undefined
    const { watchAt, body } = parts(value)
    const outline = this.#codec.outline(body)
    return { persisted: { timers: outline.timers, watchAt }, outline, entry: undefined, raw: body }
  }

  /** Counts the key and schedules what is new of its timers. */
  #change(key: string, dirty: Dirty, next: StateOutline | undefined): void {
    const before = dirty.outline
    dirty.outline = next
    this.#parked += (next?.parked === undefined ? 0 : 1) - (before?.parked === undefined ? 0 : 1)
    if (next === undefined) {
      if (before !== undefined) this.#size -= 1
      dirty.watchAt = undefined
      return
    }
    if (before === undefined) this.#size += 1
    for (const name in next.timers) {
      const dueAt = next.timers[name] as number
      if (before?.timers[name] !== dueAt) this.#schedule(dirty.stored, { key, name, dueAt })
    }
    // Every touch moves the end; only the first is watched, the later time is found when that comes up.
    if (next.expiresAt === undefined) dirty.watchAt = undefined
    else if (dirty.watchAt === undefined || next.expiresAt < dirty.watchAt) {
      dirty.watchAt = next.expiresAt
      this.#schedule(dirty.stored, { key, name: expiry, dueAt: next.expiresAt })
    }
    if (this.#heap.size > CROWDED * this.#limits.timersInMemory) {
      this.#heap = new TimerHeap()
      this.#horizon = 'none'
    }
  }

  /** Into the heap when it is near; the index has it after the next checkpoint, which comes before the heap is filled again. */
  #schedule(stored: Buffer, timer: DueTimer): void {
    const horizon = this.#horizon
    if (horizon === 'none') return
    if (horizon !== 'all') {
      const edge = readTime(horizon)
      if (timer.dueAt > edge) return
      if (timer.dueAt === edge && indexKey(stored, timer.name, timer.dueAt).compare(horizon) > 0) return
    }
    this.#heap.push(timer)
  }

  /** The earliest live timer; lets dead ones above it go and puts off an end that moved. */
  #first(): DueTimer | undefined {
    for (;;) {
      const first = this.#heap.first
      if (first === undefined) {
        if (this.#horizon === 'all') return undefined
        this.#fill()
        continue
      }
      const entry = this.get(first.key)
      if (first.name !== expiry) {
        if (entry?.timers[first.name] === first.dueAt) return first
        this.#heap.pop()
        continue
      }
      if (entry?.expiresAt === first.dueAt) return first
      this.#heap.pop()
      if (entry?.expiresAt === undefined || entry.expiresAt < first.dueAt) continue
      const dirty = this.#touch(first.key)
      if (dirty.watchAt !== first.dueAt) continue
      dirty.watchAt = entry.expiresAt
      this.#schedule(dirty.stored, { ...first, dueAt: entry.expiresAt })
    }
  }

  #fill(): void {
    this.checkpoint()
    const { timersInMemory } = this.#limits
    const from = this.#horizon
    const after = from === 'none' || from === 'all' ? {} : { start: from, exclusiveStart: true }
    let count = 0
    let last: Buffer | undefined
    for (const { key, value } of this.#db.timers.getRange({ ...after, limit: timersInMemory })) {
      this.#heap.push(indexedTimer(key, value))
      count += 1
      last = key
    }
    this.#horizon = count < timersInMemory || last === undefined ? 'all' : Buffer.from(last)
  }

  /** Writes one key and its part of the index; returns its bytes. */
  #writeOne(key: string, { stored, before, outline, entry, raw, bytes, watchAt }: Dirty): number {
    const { states, timers } = this.#db
    const value = (at: Buffer): Buffer => (isHashed(at) ? Buffer.from(key) : NO_VALUE)
    const old = before?.timers ?? NO_TIMERS
    const now = outline?.timers ?? NO_TIMERS
    for (const name in old) if (now[name] !== old[name]) timers.removeSync(indexKey(stored, name, old[name] as number))
    for (const name in now) if (now[name] !== old[name]) timers.putSync(indexKey(stored, name, now[name] as number), value(stored))
    if (before?.watchAt !== watchAt) {
      if (before?.watchAt !== undefined) timers.removeSync(indexKey(stored, expiry, before.watchAt))
      if (watchAt !== undefined) timers.putSync(indexKey(stored, expiry, watchAt), value(stored))
    }
    if (outline === undefined) {
      if (before !== undefined) states.removeSync(stored)
      return 0
    }
    const body = raw ?? bytes ?? this.#codec.encode(entry as StateEntry)
    states.putSync(stored, joined(body, watchAt, isHashed(stored) ? Buffer.from(key) : undefined))
    return body.length
  }

  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      throw runtimeError('E_STATE_STORE', error instanceof Error ? error.message : String(error), { cause: error })
    }
  }
}

/** A stored value: flags, the watched end of life, the key when its place does not tell it, then the encoded entry. */
function joined(body: Buffer, watchAt: number | undefined, fullKey: Buffer | undefined): Buffer {
  const head = 1 + (watchAt === undefined ? 0 : 8) + (fullKey === undefined ? 0 : 4 + fullKey.length)
  const value = Buffer.allocUnsafe(head + body.length)
  value[0] = (watchAt === undefined ? 0 : FLAG_WATCHED) | (fullKey === undefined ? 0 : FLAG_FULL_KEY)
  let at = 1
  if (watchAt !== undefined) {
    writeTime(value, watchAt, at)
    at += 8
  }
  if (fullKey !== undefined) {
    at = value.writeUInt32BE(fullKey.length, at)
    at += fullKey.copy(value, at)
  }
  body.copy(value, at)
  return value
}

function parts(value: Buffer): { watchAt: number | undefined; fullKey: Buffer | undefined; body: Buffer } {
  const flags = value[0] as number
  let at = 1
  let watchAt: number | undefined
  let fullKey: Buffer | undefined
  if ((flags & FLAG_WATCHED) !== 0) {
    watchAt = readTime(value, at)
    at += 8
  }
  if ((flags & FLAG_FULL_KEY) !== 0) {
    const length = value.readUInt32BE(at)
    fullKey = value.subarray(at + 4, at + 4 + length)
    at += 4 + length
  }
  return { watchAt, fullKey, body: value.subarray(at) }
}
