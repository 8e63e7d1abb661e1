/**
 * Corrects the runner of a consumer of kafkajs 2.2.4: stopped while it starts, or while it fails, it ends, and while it leaves
 * it no longer asks how the group is. Whose join was not answered, or not to its end, joins again. As it is it joins the group later or starts over for ever, and holds partitions that
 * nobody works on; or joins the rebalance that another one's leave began, to leave after it. And who finds no coordinator
 * because the brokers are away starts over, as after any other connection that failed, instead of giving up for good. What was
 * fetched before a seek is dropped: of what held nothing for readers it tells the end, which lies behind records that are to be read again.
 */
import { createRequire } from 'node:module'
import { isUnsynced } from './joinCorrections.ts'

const require = createRequire(import.meta.url)
const UNKNOWN_MEMBER_ID = 25
const REBALANCE_IN_PROGRESS = 27

interface Place {
  readonly topic: string
  readonly partition: number
}
interface Runner {
  readonly consumerGroup: {
    readonly memberId: string | null
    readonly cluster: { disconnect(): Promise<void> }
    hasSeekOffset(place: Place): boolean
  }
  readonly running: boolean
  onCrash: (error: Error) => unknown
  heartbeat: (this: Runner) => Promise<void>
  handleBatch: (this: Runner, batch: Place) => Promise<void>
  start: (this: Runner) => Promise<void>
  stop: (this: Runner) => Promise<void>
}

/** Corrects the client that is loaded, once. */
export function correctRunner(): void {
  const runner = (require('kafkajs/src/consumer/runner.js') as { readonly prototype: Runner }).prototype
  const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as { readonly createErrorFromCode: (code: number) => Error }
  const { start, stop, heartbeat, handleBatch } = runner
  const stopped = new WeakSet<Runner>()
  runner.stop = function () {
    stopped.add(this)
    return stop.call(this)
  }
  runner.start = async function () {
    const { onCrash } = this
    this.onCrash = (error) => (stopped.has(this) ? undefined : onCrash(passing(error)))
    await start.call(this)
    if (!stopped.has(this)) return
    await stop.call(this)
    // Whoever stopped it has disconnected before; the join has connected anew.
    await this.consumerGroup.cluster.disconnect()
  }
  // Members that leave together would keep each other: whose last fetch ends after the first leave would wait for the whole group.
  runner.heartbeat = async function () {
    if (!this.running) return
    // A join that failed leaves it without an id, and without one the client neither asks nor joins: it would fetch on for ever.
    if (this.consumerGroup.memberId === null) throw createErrorFromCode(UNKNOWN_MEMBER_ID)
    // Its heartbeats are those of the new generation, and are accepted: it would fetch on what it had in the old one.
    if (isUnsynced(this.consumerGroup)) throw createErrorFromCode(REBALANCE_IN_PROGRESS)
    await heartbeat.call(this)
  }
  runner.handleBatch = async function (batch) {
    if (this.running && this.consumerGroup.hasSeekOffset(batch)) return this.heartbeat()
    await handleBatch.call(this, batch)
  }
}

/** The error, told to pass when it is that no broker names a coordinator: the client takes that one alone for final. */
function passing(error: Error): Error {
  let root = error
  while (root.cause instanceof Error) root = root.cause
  if (root.name === 'KafkaJSGroupCoordinatorNotFound') Object.assign(root, { retriable: true })
  return error
}
