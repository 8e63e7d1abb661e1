/**
 * How far event time has come in a partition that is fed by several inputs: the earliest of their latest timestamps. An
 * input that has been read to its end for `idleMs` is not waited for. Never goes back, and never runs ahead of the clock
 * it is given: one record from the future closes nobody's windows.
 */
import { wholeMs } from './timeWindows.ts'

/**
 * The watermark while nothing is known: every record is in time, nothing closes. The smallest integer that survives as an
 * Avro `long`: avsc takes smaller ones and reads them back as positive.
 */
export const beginningOfTime = -(2 ** 52)

export interface PartitionWatermarkOptions {
  /** Names of the inputs, one or more. */
  readonly inputs: readonly string[]
  /** How long (ms of wall clock) an input must have been empty to be left out. At least 1. */
  readonly idleMs: number
}

interface Heard {
  /** Latest timestamp, ms. */
  latest: number
  /** Since when everything in it has been read, ms of wall clock. */
  emptySince: number | undefined
}

export class PartitionWatermark {
  private readonly idleMs: number
  private readonly inputs: ReadonlyMap<string, Heard>
  private reached = beginningOfTime

  constructor({ inputs, idleMs }: PartitionWatermarkOptions) {
    wholeMs('idleMs', idleMs, 1)
    if (inputs.length === 0) throw new RangeError('a watermark needs an input')
    this.idleMs = idleMs
    this.inputs = new Map(inputs.map((input) => [input, { latest: beginningOfTime, emptySince: undefined }]))
  }

  /** A record was read at `now`. Its input is not empty until `atEnd` says so. */
  observe(input: string, timestamp: number, now: number): void {
    const heard = this.heard(input)
    if (Number.isNaN(timestamp)) throw new RangeError(`a record of ${input} has no timestamp (NaN)`)
    heard.latest = Math.max(heard.latest, Math.min(timestamp, now))
    heard.emptySince = undefined
  }

  /** At `now` everything in the input has been read. Mere silence is not enough: an input that is fetched slowly is not idle. */
  atEnd(input: string, now: number): void {
    this.heard(input).emptySince ??= now
  }

  /**
   * The event time up to which the partition was read, ms; `beginningOfTime` while an input that is not idle is unheard.
   * With all inputs idle it follows the clock at a distance of `idleMs`.
   */
  at(now: number): number {
    const active = [...this.inputs.values()].filter(({ emptySince }) => emptySince === undefined || now - emptySince < this.idleMs)
    const candidate = active.length === 0 ? now - this.idleMs : Math.min(...active.map(({ latest }) => latest))
    this.reached = Math.max(this.reached, candidate)
    return this.reached
  }

  /** One that goes on from here by itself: for a batch that may be thrown away. */
  copy(): PartitionWatermark {
    const copy = new PartitionWatermark({ inputs: [...this.inputs.keys()], idleMs: this.idleMs })
    for (const [input, heard] of this.inputs) Object.assign(copy.heard(input), heard)
    copy.reached = this.reached
    return copy
  }

  private heard(input: string): Heard {
    const heard = this.inputs.get(input)
    if (heard === undefined) throw new TypeError(`${input} is not an input of this watermark: ${[...this.inputs.keys()].join(', ')}`)
    return heard
  }
}
