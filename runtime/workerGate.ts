/**
 * The gate between a worker and the outside: each call asks here. While the breaker is open none begins; a retry without
 * budget waits for budget. Nothing is refused for good: whoever asks waits, in order, until it may or gives up.
 */
import { admit, afterCall, afterTime, breakerFlaw, closedBreaker, defaultBreakerLimits } from './circuitBreaker.ts'
import type { BreakerLimits, BreakerState, CallOutcome, CallPermit } from './circuitBreaker.ts'
import { GaugeShare } from './gaugeShare.ts'
import { afterSuccess, defaultRetryLimits, fullBudget, retryFlaw, takeRetry } from './retryBudget.ts'
import type { RetryBudget, RetryLimits } from './retryBudget.ts'
import type { RuntimeMetrics } from './metrics.ts'

export interface GateOptions {
  /** Name of the worker, for metrics and errors. */
  readonly worker: string
  readonly breaker?: Partial<BreakerLimits> | undefined
  readonly retryBudget?: Partial<RetryLimits> | undefined
  readonly metrics: RuntimeMetrics
  /** Whole ms that never go back. */
  now(): number
  /** A number from 0 to 1. */
  random(): number
  /** Calls back once after so many ms; returns how to call it off. */
  later(ms: number, work: () => void): () => void
}

interface Asking {
  readonly again: boolean
  /** Counted as refused already. */
  refused: boolean
  readonly settle: (permit: CallPermit | undefined) => void
}

const STATES = ['closed', 'open', 'half-open'] as const

export class WorkerGate {
  readonly #options: GateOptions
  readonly #breakerLimits: BreakerLimits
  readonly #retryLimits: RetryLimits
  readonly #asking = new Set<Asking>()
  readonly #watchers = new Set<() => void>()
  readonly #states: GaugeShare
  #breaker: BreakerState = closedBreaker
  #budget: RetryBudget
  #callOff: (() => void) | undefined
  #closed = false

  constructor(options: GateOptions) {
    this.#options = options
    this.#breakerLimits = { ...defaultBreakerLimits, ...options.breaker }
    this.#retryLimits = { ...defaultRetryLimits, ...options.retryBudget }
    const flaw = breakerFlaw(this.#breakerLimits) ?? retryFlaw(this.#retryLimits)
    if (flaw !== undefined) throw new Error(`worker ${options.worker}: ${flaw}`)
    this.#budget = fullBudget(options.now(), this.#retryLimits)
    this.#states = new GaugeShare(options.metrics, 'lr_worker_breaker_state')
    this.#tell()
  }

  get state(): BreakerState['kind'] {
    return this.#breaker.kind
  }

  /**
   * Resolves when the call may begin. `again` says that it is a retry. Undefined when the signal aborts first: the call must
   * not be made then.
   */
  enter(again: boolean, signal: AbortSignal): Promise<CallPermit | undefined> {
    if (signal.aborted || this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const onAbort = () => asking.settle(undefined)
      const asking: Asking = {
        again,
        refused: false,
        settle: (permit) => {
          this.#asking.delete(asking)
          signal.removeEventListener('abort', onAbort)
          resolve(permit)
        },
      }
      this.#asking.add(asking)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#go()
    })
  }

  /** Hands the permit back and says what became of the call. */
  leave(permit: CallPermit, outcome: CallOutcome): void {
    const now = this.#options.now()
    if (outcome === 'success') this.#budget = afterSuccess(this.#budget, now, this.#retryLimits)
    this.#become(afterCall(this.#breaker, permit, outcome, now, this.#options.random(), this.#breakerLimits))
    this.#go()
  }

  /** Calls back after each change of state; returns how to stop that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /** Sends everybody home who still waits. */
  close(): void {
    this.#closed = true
    this.#callOff?.()
    this.#callOff = undefined
    for (const { settle } of [...this.#asking]) settle(undefined)
    this.#states.release()
  }

  /** Lets in whoever may, in the order they came, and wakes itself when time alone can change the answer. */
  #go(): void {
    if (this.#closed) return
    const now = this.#options.now()
    this.#become(afterTime(this.#breaker, now))
    let wake = this.#breaker.kind === 'open' ? this.#breaker.until - now : Infinity
    for (const asking of [...this.#asking]) {
      const { state, permit } = admit(this.#breaker, now, this.#breakerLimits)
      if (permit === undefined) break
      if (asking.again) {
        const { budget, granted, waitMs } = takeRetry(this.#budget, now, this.#retryLimits)
        this.#budget = budget
        if (!granted) {
          // Only retries wait for budget: a first call behind this one still goes.
          wake = Math.min(wake, waitMs)
          if (!asking.refused) this.#options.metrics.count('lr_worker_retries_refused_total', { worker: this.#options.worker })
          asking.refused = true
          continue
        }
      }
      this.#breaker = state
      asking.settle(permit)
    }
    this.#callOff?.()
    this.#callOff = Number.isFinite(wake) ? this.#options.later(Math.max(1, wake), () => this.#go()) : undefined
  }

  #become(next: BreakerState): void {
    const before = this.#breaker
    this.#breaker = next
    if (before.kind === next.kind) return
    this.#tell()
    for (const changed of [...this.#watchers]) changed()
  }

  #tell(): void {
    if (this.#closed) return
    const { worker } = this.#options
    for (const state of STATES) this.#states.set({ worker, state }, state === this.#breaker.kind ? 1 : 0)
  }
}
