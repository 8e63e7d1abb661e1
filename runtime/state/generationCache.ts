/**
 * A bounded cache in two generations: what is used moves to the young one, and when that is full the old one is let go.
 * Finding, adding and letting go cost O(1). Caches of one budget that hold anything share it evenly.
 */
export class CacheBudget {
  readonly limitBytes: number
  caches = 0
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }
}

interface Sized<V> {
  readonly value: V
  readonly bytes: number
}

export class GenerationCache<V> {
  #young = new Map<string, Sized<V>>()
  #old = new Map<string, Sized<V>>()
  #youngBytes = 0
  readonly #budget: CacheBudget
  #shares = false

  constructor(budget: CacheBudget) {
    this.#budget = budget
  }

  /** Entries of both generations; some may be in both. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young.value
    const old = this.#old.get(key)
    if (old === undefined) return undefined
    this.set(key, old.value, old.bytes)
    return old.value
  }

  set(key: string, value: V, bytes: number): void {
    if (!this.#shares) {
      this.#shares = true
      this.#budget.caches += 1
    }
    this.#youngBytes += bytes - (this.#young.get(key)?.bytes ?? 0)
    this.#young.set(key, { value, bytes })
    if (this.#youngBytes <= this.#budget.limitBytes / (2 * this.#budget.caches)) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngBytes = 0
  }

  delete(key: string): void {
    this.#youngBytes -= this.#young.get(key)?.bytes ?? 0
    this.#young.delete(key)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#youngBytes = 0
  }

  /** Gives its share back to the others. */
  close(): void {
    this.clear()
    if (this.#shares) this.#budget.caches -= 1
    this.#shares = false
  }
}
