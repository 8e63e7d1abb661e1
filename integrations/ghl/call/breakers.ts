/** One breaker per location: while a location fails, its calls are not made and the others go on. */
import { admit, afterCall, afterTime, closedBreaker, defaultBreakerLimits } from '../../../runtime/circuitBreaker.ts'
import type { BreakerLimits, BreakerState, CallOutcome, CallPermit } from '../../../runtime/circuitBreaker.ts'
import { SteadyTime } from '../clock.ts'
import type { Clock } from '../clock.ts'

export interface BreakersOptions {
  readonly clock: Clock
  /** From 0 up to 1. */
  readonly random: () => number
  readonly limits?: BreakerLimits
}

export class Breakers {
  private readonly time: SteadyTime
  private readonly random: () => number
  private readonly limits: BreakerLimits
  private readonly states = new Map<string, BreakerState>()

  constructor({ clock, random, limits = defaultBreakerLimits }: BreakersOptions) {
    this.time = new SteadyTime(clock)
    this.random = random
    this.limits = limits
  }

  /** The right to make one call, to be handed back by `after`; `undefined` while the breaker of the location is open. */
  admit(location: string): CallPermit | undefined {
    const { state, permit } = admit(this.state(location), this.time.now(), this.limits)
    this.states.set(location, state)
    return permit
  }

  after(location: string, permit: CallPermit, outcome: CallOutcome): void {
    this.states.set(location, afterCall(this.state(location), permit, outcome, this.time.now(), this.random(), this.limits))
  }

  /** How long the breaker stays open, ms; 0 when calls may be made. */
  openForMs(location: string): number {
    const now = this.time.now()
    const state = afterTime(this.state(location), now)
    return state.kind === 'open' ? state.until - now : 0
  }

  /** Locations whose breaker is open. */
  open(): string[] {
    return [...this.states.keys()].filter((location) => this.openForMs(location) > 0)
  }

  private state(location: string): BreakerState {
    return this.states.get(location) ?? closedBreaker
  }
}
