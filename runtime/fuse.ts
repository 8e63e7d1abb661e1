/**
 * The fuse of the dead-letter topics: after a bad deploy everything looks like a poison record. Too many in a row, or too
 * large a share of a window, and the member stops with its offsets unmoved instead of emptying the topic.
 */
export interface FuseLimits {
  /** Dead letters in a row that blow it. */
  readonly maxConsecutive: number
  /** Share of the window, 0 to 1, that blows it. */
  readonly maxRatio: number
  /** Records the share is measured over; it cannot blow by share before the window is full. */
  readonly window: number
}

/** 50 in a row, or a fifth of the last 1,000. */
export const defaultFuseLimits: FuseLimits = { maxConsecutive: 50, maxRatio: 0.2, window: 1000 }

export interface FuseState {
  readonly consecutive: number
  /** Outcomes of the current window so far. */
  readonly seen: number
  readonly dead: number
  /** Why it blew, if it did. */
  readonly blown: string | undefined
}

export const intactFuse: FuseState = { consecutive: 0, seen: 0, dead: 0, blown: undefined }

/** The fuse after one more record. A blown fuse stays blown. Windows are tumbling: the count starts anew when one is full. */
export function afterRecord(state: FuseState, dead: boolean, limits: FuseLimits = defaultFuseLimits): FuseState {
  if (state.blown !== undefined) return state
  const consecutive = dead ? state.consecutive + 1 : 0
  const seen = state.seen + 1
  const deadCount = state.dead + (dead ? 1 : 0)
  if (consecutive >= limits.maxConsecutive)
    return { consecutive, seen, dead: deadCount, blown: `${consecutive} dead letters in a row (limit ${limits.maxConsecutive})` }
  if (seen < limits.window) return { consecutive, seen, dead: deadCount, blown: undefined }
  if (deadCount > limits.maxRatio * limits.window)
    return {
      consecutive,
      seen,
      dead: deadCount,
      blown: `${deadCount} dead letters among ${seen} records (limit ${limits.maxRatio * 100} %)`,
    }
  return { consecutive, seen: 0, dead: 0, blown: undefined }
}

/** The fuse after `count` records that were no dead letters. */
export function afterGood(state: FuseState, count: number, limits: FuseLimits = defaultFuseLimits): FuseState {
  if (state.blown !== undefined || count === 0) return state
  const toFull = limits.window - state.seen
  if (count < toFull) return { consecutive: 0, seen: state.seen + count, dead: state.dead, blown: undefined }
  const full = afterRecord({ ...state, seen: limits.window - 1 }, false, limits)
  return full.blown === undefined ? { ...full, seen: (count - toFull) % limits.window } : full
}
