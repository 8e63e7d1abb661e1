/**
 * The child's side of the supervisor: tells it when the process is ready and where, and lets the process end when the
 * supervisor is gone, so that a killed `npm start` leaves no members behind. Both do nothing when nobody supervises.
 */

/** What a supervised process sends its supervisor. */
export interface ReadyMessage {
  readonly state: 'ready'
  readonly address: string | undefined
}

/** Says that the process serves, and at which address if it has one. */
export function announceReady(address?: string): void {
  if (process.connected) process.send?.({ state: 'ready', address } satisfies ReadyMessage)
}

/** Calls `stop` when the supervisor is gone. */
export function endWithSupervisor(stop: () => void): void {
  if (process.send === undefined) return
  // It may have gone while this process loaded its code: that is told once, and to nobody.
  if (!process.connected) stop()
  else process.once('disconnect', stop)
}
