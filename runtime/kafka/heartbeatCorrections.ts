/**
 * Corrects when kafkajs sends a heartbeat (defect 12): it asks the wall clock how long the last one is ago. One that is set back by an
 * hour sends none for an hour, and the member loses its group again and again. The monotonic clock says it here.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface BeatingGroup {
  /** Wall clock of the last heartbeat, ms: the client sends the next one an interval after it. */
  lastRequest: number
  heartbeat: (this: BeatingGroup, options: { readonly interval: number }) => Promise<void>
}

/** Has to run before kafkajs makes a group. */
export function correctHeartbeats(): void {
  const { prototype: group } = require('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: BeatingGroup }
  const { heartbeat } = group
  const beats = new WeakMap<BeatingGroup, number>()
  group.heartbeat = async function (options) {
    const now = performance.now()
    const before = beats.get(this) ?? now
    if (!beats.has(this)) beats.set(this, now)
    const isDue = now >= before + options.interval
    // Due for the client whatever its clock says, or not before the end of time.
    const asked = (this.lastRequest = isDue ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
    await heartbeat.call(this, options)
    if (this.lastRequest !== asked) beats.set(this, performance.now())
  }
}
