/**
 * Work that is cheaper done together: whatever is asked for in the same turn, or while the last round is under way, is
 * carried out as one. When a round of several fails, each is tried alone, so that one that cannot be done does not hold
 * back the others.
 */
interface Asked<T> {
  readonly item: T
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class Together<T> {
  readonly #work: (items: readonly T[]) => Promise<void>
  readonly #apart: boolean
  #asked: Asked<T>[] = []
  #running: Promise<void> | undefined

  /** `apart: false` for work that must not be tried again after a failure. */
  constructor(work: (items: readonly T[]) => Promise<void>, { apart }: { readonly apart: boolean }) {
    this.#work = work
    this.#apart = apart
  }

  /** Resolves when the round with this item is done; rejects with its error. */
  ask(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ item, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    // The rest of this turn may ask too.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#asked.length > 0) {
      const round = this.#asked
      this.#asked = []
      try {
        await this.#work(round.map(({ item }) => item))
        for (const { resolve } of round) resolve()
      } catch (error) {
        if (!this.#apart || round.length === 1) for (const { reject } of round) reject(error)
        else await this.#eachAlone(round)
      }
    }
    this.#running = undefined
  }

  async #eachAlone(round: readonly Asked<T>[]): Promise<void> {
    for (const { item, resolve, reject } of round) {
      try {
        await this.#work([item])
        resolve()
      } catch (error) {
        reject(error)
      }
    }
  }
}
