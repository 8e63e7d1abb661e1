/** How fast a competitor gets through its input, from readings of its committed offsets and of CPU clocks. Pure. */

export interface Reading {
  /** ms, monotonic. */
  readonly at: number
  /** Input records whose transaction has committed. */
  readonly done: number
  /** CPU so far, s: of the competitor's processes, and of the broker. */
  readonly memberCpu: number
  readonly brokerCpu: number
  /** CPU that everything else on the machine had so far, other guests of its host included, s. */
  readonly otherCpu: number
}

export interface Pace {
  readonly records: number
  /** Clock of the readings at the first and last measured one, ms. */
  readonly from: number
  readonly to: number
  readonly seconds: number
  readonly perSecond: number
  /** CPU a record, µs. */
  readonly memberMicros: number
  readonly brokerMicros: number
  /** Cores that others had meanwhile. */
  readonly otherCores: number
}

/**
 * The pace from the first reading at which `warmUp` records were done to the first at which all `records` were. Readings
 * are in order of time. Throws when they do not span that.
 */
export function paceOf(readings: readonly Reading[], warmUp: number, records: number): Pace {
  const from = readings.find(({ done }) => done >= warmUp)
  const to = readings.find(({ done }) => done >= records)
  if (from === undefined || to === undefined || to.at <= from.at)
    throw new Error(`the readings do not show a run from ${warmUp} to ${records} records: the last is ${readings.at(-1)?.done ?? 0}`)
  const measured = to.done - from.done
  const seconds = (to.at - from.at) / 1000
  return {
    records: measured,
    from: from.at,
    to: to.at,
    seconds,
    perSecond: measured / seconds,
    memberMicros: ((to.memberCpu - from.memberCpu) * 1e6) / measured,
    brokerMicros: ((to.brokerCpu - from.brokerCpu) * 1e6) / measured,
    otherCores: (to.otherCpu - from.otherCpu) / seconds,
  }
}

/** The middle value, of an even number the mean of the two. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}
