/**
 * The circuit breaker of a worker, as a state machine: it opens when the outside is down, stays open for a while that grows,
 * lets a few trial calls through, and closes when they succeed. Pure: time and jitter are passed in.
 */
export interface BreakerLimits {
  /** Failures in a row that open it: a dead outside is found at once, however well it was just before. */
  readonly inARow: number
  /** Share of failures among the last calls, above 0 up to 1, that opens it: an outside that is half dead. */
  readonly failureShare: number
  /** Calls the share is measured over, no older than `maxAgeMs`. */
  readonly window: number
  readonly maxAgeMs: number
  /** The share says nothing about fewer calls than these. */
  readonly leastCalls: number
  /** How long it stays open: the first time, and at most after doubling each time a trial fails, ms. */
  readonly openMs: { readonly first: number; readonly most: number }
  /** By what share of itself the open time is lengthened at most, so that processes do not come back at the same instant. */
  readonly jitter: number
  /** Trial calls at the same time while it is half-open. */
  readonly trials: number
  /** Trial calls in a row that have to succeed before it closes. */
  readonly successes: number
}

/**
 * Five failures in a row or half of the last 50 calls; a minute, then two, then five; three trials.
 * @source reference/lead-domain.md 10.3
 */
export const defaultBreakerLimits: BreakerLimits = {
  inARow: 5,
  failureShare: 0.5,
  window: 50,
  maxAgeMs: 60_000,
  leastCalls: 20,
  openMs: { first: 60_000, most: 300_000 },
  jitter: 0.2,
  trials: 3,
  successes: 3,
}

interface Call {
  readonly at: number
  readonly failed: boolean
}
interface Common {
  /** Goes up with each change of state. A call is judged in the state that it began in, or not at all. */
  readonly epoch: number
}
export type BreakerState =
  | (Common & { readonly kind: 'closed'; readonly calls: readonly Call[]; readonly failedInARow: number })
  | (Common & { readonly kind: 'open'; readonly until: number; readonly openings: number })
  | (Common & { readonly kind: 'half-open'; readonly running: number; readonly succeeded: number; readonly openings: number })

/** The right to make one call. Each has to be handed back by `afterCall`, whatever became of it. */
export interface CallPermit {
  readonly epoch: number
}
/** `given-up`: the call was stopped from this side and says nothing about the outside. */
export type CallOutcome = 'success' | 'failure' | 'given-up'

export const closedBreaker: BreakerState = closed(0)

/** The breaker at this time: what was open long enough is half-open. */
export function afterTime(state: BreakerState, now: number): BreakerState {
  if (state.kind !== 'open' || now < state.until) return state
  return { kind: 'half-open', epoch: state.epoch + 1, running: 0, succeeded: 0, openings: state.openings }
}

/** Asks for a call. Without a permit none may be made; ask again after `until`, or when a trial call has ended. */
export function admit(
  before: BreakerState,
  now: number,
  limits: BreakerLimits,
): { readonly state: BreakerState; readonly permit: CallPermit | undefined } {
  const state = afterTime(before, now)
  if (state.kind === 'open' || (state.kind === 'half-open' && state.running >= limits.trials)) return { state, permit: undefined }
  const permit = { epoch: state.epoch }
  return { state: state.kind === 'closed' ? state : { ...state, running: state.running + 1 }, permit }
}

/**
 * The breaker after a call. `jitter` is a number from 0 to 1, drawn by the caller. A call that began before the last change of
 * state changes nothing: its answer is about an outside that has been judged already.
 */
export function afterCall(
  before: BreakerState,
  permit: CallPermit,
  outcome: CallOutcome,
  now: number,
  jitter: number,
  limits: BreakerLimits,
): BreakerState {
  const state = afterTime(before, now)
  if (permit.epoch !== state.epoch || state.kind === 'open') return state
  if (state.kind === 'half-open') {
    if (outcome === 'failure') return opened(state.epoch, state.openings + 1, now, jitter, limits)
    const succeeded = state.succeeded + (outcome === 'success' ? 1 : 0)
    return succeeded >= limits.successes ? closed(state.epoch + 1) : { ...state, running: state.running - 1, succeeded }
  }
  if (outcome === 'given-up') return state
  const failed = outcome === 'failure'
  const calls = [...state.calls, { at: now, failed }].filter(({ at }) => now - at <= limits.maxAgeMs).slice(-limits.window)
  const failedInARow = failed ? state.failedInARow + 1 : 0
  const failures = calls.filter((call) => call.failed).length
  const tooMany = calls.length >= limits.leastCalls && failures >= limits.failureShare * calls.length
  // A success never opens it, even when old successes have just left the window.
  return failed && (failedInARow >= limits.inARow || tooMany)
    ? opened(state.epoch, 1, now, jitter, limits)
    : { ...state, calls, failedInARow }
}

/** Why these limits cannot work, or undefined. */
export function breakerFlaw(limits: BreakerLimits): string | undefined {
  const counts = ['inARow', 'window', 'leastCalls', 'trials', 'successes'] as const
  const wrong = counts.find((name) => !Number.isInteger(limits[name]) || limits[name] < 1)
  if (wrong !== undefined) return `${wrong} must be a whole number from 1 up`
  if (!(limits.failureShare > 0 && limits.failureShare <= 1)) return 'failureShare must be above 0 and at most 1'
  if (limits.leastCalls > limits.window) return 'leastCalls is more than the window holds'
  if (!(limits.maxAgeMs > 0)) return 'maxAgeMs must be above 0'
  if (!(limits.openMs.first > 0 && limits.openMs.most >= limits.openMs.first)) return 'openMs must grow from above 0'
  return limits.jitter >= 0 ? undefined : 'jitter must not be negative'
}

function closed(epoch: number): BreakerState {
  return { kind: 'closed', epoch, calls: [], failedInARow: 0 }
}

function opened(epoch: number, openings: number, now: number, jitter: number, limits: BreakerLimits): BreakerState {
  const { first, most } = limits.openMs
  const base = Math.min(first * 2 ** (openings - 1), most)
  return { kind: 'open', epoch: epoch + 1, until: now + Math.ceil(base * (1 + limits.jitter * jitter)), openings }
}
