/**
 * Keyed state of one stage on one partition, with its timers in order of due time. What it holds is always what the
 * committed changelog says: it is written after the commit only.
 */
import type { Parked } from './parked.ts'
import { TimerHeap, earlier } from './timerHeap.ts'
import type { DueTimer } from './timerHeap.ts'

export type { DueTimer } from './timerHeap.ts'

/** Reserved timer name under which a store reports the end of a key's time to live. */
export const expiry = '$expiry'

export interface StateEntry {
  /** `undefined` while records wait for a key that has no state. */
  readonly state: unknown
  /** Timer name to due time, ms. */
  readonly timers: Readonly<Record<string, number>>
  /** End of the time to live, ms; `undefined` = none. */
  readonly expiresAt: number | undefined
  /** Records of the key that wait; absent when none do. */
  readonly parked?: Parked
}

export interface StateStore {
  get(key: string): StateEntry | undefined
  /** `undefined` deletes the key, its timers included. */
  set(key: string, entry: StateEntry | undefined): void
  entries(): Iterable<readonly [string, StateEntry]>
  readonly size: number
  /** Keys whose records wait. */
  readonly parked: number
  /** Up to `limit` timers due at `now`, each once, earliest first; expiries appear under the reserved name. Removes nothing. */
  due(now: number, limit: number): DueTimer[]
  nextDueAt(): number | undefined
}

/** Dead timers may outnumber live ones by this much before the heap is built anew, so that its cost is spread thin. */
const maxDeadRatio = 4
const minRebuildSize = 1024

/**
 * State in memory. Moved and cancelled timers stay in the heap until they come up (an entry of the heap is live only if
 * the key still says so), so that adding, moving and cancelling cost O(log n).
 */
export class MemoryStateStore implements StateStore {
  private readonly map = new Map<string, StateEntry>()
  private heap = new TimerHeap()
  private live = 0
  private waiting = 0

  get size(): number {
    return this.map.size
  }

  get parked(): number {
    return this.waiting
  }

  get(key: string): StateEntry | undefined {
    return this.map.get(key)
  }

  set(key: string, entry: StateEntry | undefined): void {
    const before = this.map.get(key)
    if (before !== undefined) this.live -= timersOf(before)
    this.waiting += (entry?.parked === undefined ? 0 : 1) - (before?.parked === undefined ? 0 : 1)
    if (entry === undefined) {
      this.map.delete(key)
      return
    }
    this.map.set(key, entry)
    this.live += timersOf(entry)
    for (const name in entry.timers) {
      const dueAt = entry.timers[name] as number
      if (before?.timers[name] !== dueAt) this.heap.push({ key, name, dueAt })
    }
    // Every touch moves the expiry; only the first is put into the heap, the later time is found when it comes up.
    if (entry.expiresAt !== undefined && (before?.expiresAt === undefined || entry.expiresAt < before.expiresAt)) {
      this.heap.push({ key, name: expiry, dueAt: entry.expiresAt })
    }
    if (this.heap.size > minRebuildSize && this.heap.size > (1 + maxDeadRatio) * this.live) this.rebuild()
  }

  entries(): Iterable<readonly [string, StateEntry]> {
    return this.map.entries()
  }

  due(now: number, limit: number): DueTimer[] {
    const found: DueTimer[] = []
    while (found.length < limit) {
      const first = this.first()
      if (first === undefined || first.dueAt > now) break
      this.heap.pop()
      const last = found.at(-1)
      // Set, cancelled and set again to the same time: the heap has it twice.
      if (last === undefined || earlier(last, first) !== 0) found.push(first)
    }
    // They stay until the commit says otherwise: a batch that is thrown away must find them again.
    for (const timer of found) this.heap.push(timer)
    return found
  }

  nextDueAt(): number | undefined {
    return this.first()?.dueAt
  }

  clear(): void {
    this.map.clear()
    this.heap = new TimerHeap()
    this.live = 0
    this.waiting = 0
  }

  private isLive(timer: DueTimer): boolean {
    const entry = this.map.get(timer.key)
    return timer.name === expiry ? entry?.expiresAt === timer.dueAt : entry?.timers[timer.name] === timer.dueAt
  }

  /** The earliest live timer; throws away dead ones above it and moves an expiry that was put off. */
  private first(): DueTimer | undefined {
    for (;;) {
      const first = this.heap.first
      if (first === undefined || this.isLive(first)) return first
      this.heap.pop()
      const putOff = first.name === expiry ? this.map.get(first.key)?.expiresAt : undefined
      if (putOff !== undefined && putOff > first.dueAt) this.heap.push({ ...first, dueAt: putOff })
    }
  }

  private rebuild(): void {
    const timers: DueTimer[] = []
    for (const [key, entry] of this.map) {
      for (const [name, dueAt] of Object.entries(entry.timers)) timers.push({ key, name, dueAt })
      if (entry.expiresAt !== undefined) timers.push({ key, name: expiry, dueAt: entry.expiresAt })
    }
    this.heap = new TimerHeap(timers)
  }
}

function timersOf(entry: StateEntry): number {
  let count = entry.expiresAt === undefined ? 0 : 1
  for (const _ in entry.timers) count++
  return count
}
