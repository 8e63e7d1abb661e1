/**
 * The life of a task (one unit of a member): its states and the only ways from one to the next, as data. A step that is
 * not among them is a bug of the runtime, and the member stops.
 */
export type TaskState = 'assigned' | 'restoring' | 'running' | 'draining' | 'fenced' | 'failed' | 'closed'

export const taskTransitions: Readonly<Record<TaskState, readonly TaskState[]>> = {
  /** Given to this member, or kept over a rebalance; nothing is fetched. */
  assigned: ['restoring', 'draining', 'failed', 'closed'],
  /** Takes over: fences the predecessor, reads the offsets, puts the state back. */
  restoring: ['running', 'assigned', 'fenced', 'draining', 'failed', 'closed'],
  /** Fetches, folds, commits. */
  running: ['assigned', 'draining', 'fenced', 'failed', 'closed'],
  /** Commits what it has and takes nothing new: a clean stop. */
  draining: ['closed', 'fenced', 'failed'],
  /** Another producer has its transactional id; it asks for its membership before it takes over again. */
  fenced: ['assigned', 'restoring', 'draining', 'failed', 'closed'],
  /** The error is not one that trying again could mend; the process is about to exit. */
  failed: ['closed'],
  /** Let go: producer and files are closed. */
  closed: [],
}

/** Whether a task may go from one state to the other. */
export function mayMove(from: TaskState, to: TaskState): boolean {
  return taskTransitions[from].includes(to)
}
