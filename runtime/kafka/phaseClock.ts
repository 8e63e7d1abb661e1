/**
 * Where the time of a task goes: it is in exactly one phase at any time, so that the phases of a task add up to its wall
 * time since it was made. Who does several things at once is in the first of them that `precedence` names.
 */
import type { RuntimeMetrics } from '../metrics.ts'

/** Phases by which of them counts while several are under way; what each means stands in docs/operations.md. */
export const precedence = [
  'restore',
  'decode',
  'fold',
  'encode',
  'state',
  'work',
  'write',
  'produce',
  'commit',
  'share',
  'wait',
  'linger',
  'turn',
  'poll',
  'idle',
] as const
export type Phase = (typeof precedence)[number]

/** When what a fetch brought of a partition had been read, ms of the process, and how long that took. */
export interface Reading {
  readonly ms: number
  readonly endedAt: number
}

export class PhaseClock {
  readonly #metrics: RuntimeMetrics
  readonly #group: string
  readonly #now: () => number
  #phase: Phase = 'idle'
  #since: number

  /** `now` is a monotonic clock in ms. */
  constructor(metrics: RuntimeMetrics, group: string, now: () => number = () => performance.now()) {
    this.#metrics = metrics
    this.#group = group
    this.#now = now
    this.#since = now()
  }

  /** Ends the phase it is in and begins this one; returns the one that ended. */
  enter(phase: Phase): Phase {
    const ended = this.#phase
    this.settle()
    this.#phase = phase
    return ended
  }

  /** Counts what has passed of the phase it is in, so that a long one is seen before it ends. */
  settle(): void {
    this.#countUntil(this.#now(), this.#phase)
  }

  /**
   * Records have come for a task: what it has been idle since they were read was spent with waiting for its turn, and the time that
   * reading them took was no idling either. Says nothing while the task does something else.
   */
  fetched(reading: Reading | undefined): void {
    if (this.#phase !== 'idle' || reading === undefined) return
    const at = this.#now()
    const readAt = Math.min(at, Math.max(this.#since, reading.endedAt))
    this.#countUntil(Math.max(this.#since, readAt - reading.ms), 'idle')
    this.#countUntil(readAt, 'poll')
    this.#countUntil(at, 'turn')
  }

  #countUntil(at: number, phase: Phase): void {
    this.#metrics.count('lr_task_time_seconds_total', { group: this.#group, phase }, (at - this.#since) / 1000)
    this.#since = at
  }
}

/** A transaction as two phases: its records and offsets are written, then it is ended. */
export async function inSteps<R>(
  time: Pick<OverlappingPhases, 'begin' | 'end'>,
  commit: (onWritten: () => void) => Promise<R>,
): Promise<R> {
  let step: Phase = 'produce'
  time.begin(step)
  try {
    return await commit(() => {
      time.begin('commit')
      time.end('produce')
      step = 'commit'
    })
  } finally {
    time.end(step)
  }
}

/** The clock of a task that does several things at once. */
export class OverlappingPhases {
  readonly #clock: PhaseClock
  readonly #underWay = new Map<Phase, number>()
  #shown: Phase = 'idle'

  constructor(clock: PhaseClock) {
    this.#clock = clock
  }

  /** One more of this is under way, until as many have ended. */
  begin(phase: Phase): void {
    this.#underWay.set(phase, (this.#underWay.get(phase) ?? 0) + 1)
    this.#show()
  }

  /** One of this has ended. */
  end(phase: Phase): void {
    this.#underWay.set(phase, (this.#underWay.get(phase) ?? 0) - 1)
    this.#show()
  }

  async during<R>(phase: Phase, work: () => Promise<R>): Promise<R> {
    this.begin(phase)
    try {
      return await work()
    } finally {
      this.end(phase)
    }
  }

  fetched(reading: Reading | undefined): void {
    this.#clock.fetched(reading)
  }

  settle(): void {
    this.#clock.settle()
  }

  #show(): void {
    const first = precedence.find((phase) => (this.#underWay.get(phase) ?? 0) > 0) ?? 'idle'
    if (first === this.#shown) return
    this.#shown = first
    this.#clock.enter(first)
  }
}
