/**
 * Timers in order of due time, then key, then name: a binary heap, so that adding and taking the earliest cost O(log n)
 * with millions of them.
 */
export interface DueTimer {
  readonly key: string
  readonly name: string
  /** ms since the epoch. */
  readonly dueAt: number
}

/** The order in which timers fire. */
export function earlier(a: DueTimer, b: DueTimer): number {
  return a.dueAt - b.dueAt || compare(a.key, b.key) || compare(a.name, b.name)
}

export class TimerHeap<T extends DueTimer = DueTimer> {
  private timers: T[]
  private readonly order: (a: T, b: T) => number

  constructor(timers: T[] = [], order: (a: T, b: T) => number = earlier) {
    // A sorted array is a heap.
    this.timers = timers.sort(order)
    this.order = order
  }

  get size(): number {
    return this.timers.length
  }

  get first(): T | undefined {
    return this.timers[0]
  }

  push(timer: T): void {
    const heap = this.timers
    let child = heap.push(timer) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (this.order(heap[parent] as T, timer) <= 0) break
      heap[child] = heap[parent] as T
      child = parent
    }
    heap[child] = timer
  }

  pop(): T | undefined {
    const heap = this.timers
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let parent = 0
    for (;;) {
      let child = 2 * parent + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.order(heap[child + 1] as T, heap[child] as T) < 0) child++
      if (this.order(last, heap[child] as T) <= 0) break
      heap[parent] = heap[child] as T
      parent = child
    }
    heap[parent] = last
    return first
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
