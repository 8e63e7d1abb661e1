/**
 * Up to when what a sink has stored is whole, place by place: a time is told once everything that the log held then is stored. The
 * ends are those of the log and not those that readers see: what is committed behind a transaction that is still open is not
 * seen yet, and is missing all the same.
 */

/** A place as it was looked at. */
export interface LookedAt<P> {
  readonly place: P
  /** Identity of the place. */
  readonly key: string
  /** Next offset to store. */
  readonly storedTo: bigint
  /** Where its log ended, open transactions included, asked for after the time of the look (exclusive). */
  readonly end: bigint
}

export class WholeUpTo<P> {
  /** Ends that were not reached yet. One a place: it is reached within the time that storing takes, however much comes after it. */
  #marks = new Map<string, { readonly at: number; readonly end: bigint }>()

  /** By time, ms, the places that are whole as of it; `at` is when this look began. */
  look(at: number, looked: readonly LookedAt<P>[]): ReadonlyMap<number, readonly P[]> {
    const told = new Map<number, P[]>()
    const tell = (time: number, place: P) => {
      const known = told.get(time)
      if (known === undefined) told.set(time, [place])
      else known.push(place)
    }
    // Anew with each look: a place that is somebody else's by now is looked at no more.
    const marks = new Map<string, { readonly at: number; readonly end: bigint }>()
    for (const { place, key, storedTo, end } of looked) {
      const mark = this.#marks.get(key)
      if (storedTo >= end) tell(at, place)
      else if (mark === undefined || storedTo < mark.end) marks.set(key, mark ?? { at, end })
      else {
        tell(mark.at, place)
        marks.set(key, { at, end })
      }
    }
    this.#marks = marks
    return told
  }
}
