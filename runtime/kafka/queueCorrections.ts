/**
 * Corrects the queue of requests that each connection of kafkajs has (defect 13). Once the first answer has come it looks every
 * millisecond whether a request waits, for as long as the connection lives, because what is left of a throttle that there never was is a
 * negative time; newer versions of Node warn of each (kafkajs issue 1751). And how long an answer has been awaited, and how long a
 * throttle lasts, it takes from the wall clock: one that is set back by an hour lets no request time out for an hour, one that is set
 * forward ends all of them at once. Here it looks when a throttle ends, and otherwise when an answer comes; and time is monotonic.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface AwaitedRequest {
  readonly requestTimeout: number
  timeoutRequest(): void
  send: (this: AwaitedRequest) => void
}

interface RequestQueue {
  readonly enforceRequestTimeout: boolean
  readonly requestTimeout: number
  readonly maxInFlightRequests?: number | null
  readonly inflight: ReadonlyMap<number, AwaitedRequest>
  requestTimeoutIntervalId: NodeJS.Timeout | null
  throttleCheckTimeoutId: NodeJS.Timeout | null
  isConnected(): boolean
  destroy(): void
  checkPendingRequests(): void
  scheduleRequestTimeoutCheck: (this: RequestQueue) => void
  maybeThrottle: (this: RequestQueue, clientSideThrottleTime?: number | null) => void
  canSendSocketRequestImmediately: (this: RequestQueue) => boolean
  scheduleCheckPendingRequests: (this: RequestQueue) => void
}

/** As the client does: often enough for the time-out, and ten times a second at least. */
const LOOK_MS = 100

/** Has to run before kafkajs makes a connection. */
export function correctQueues(): void {
  const { prototype: request } = require('kafkajs/src/network/requestQueue/socketRequest.js') as { readonly prototype: AwaitedRequest }
  const { send } = request
  const sentAt = new WeakMap<AwaitedRequest, number>()
  request.send = function () {
    sentAt.set(this, performance.now())
    send.call(this)
  }

  const { prototype: queue } = require('kafkajs/src/network/requestQueue/index.js') as { readonly prototype: RequestQueue }
  const throttledUntil = new WeakMap<RequestQueue, number>()
  const throttleLeftMs = (of: RequestQueue) => (throttledUntil.get(of) ?? 0) - performance.now()

  queue.scheduleRequestTimeoutCheck = function () {
    if (!this.enforceRequestTimeout) return
    this.destroy()
    this.requestTimeoutIntervalId = setInterval(
      () => {
        const now = performance.now()
        for (const each of [...this.inflight.values()]) if (now - (sentAt.get(each) ?? now) > each.requestTimeout) each.timeoutRequest()
        if (!this.isConnected()) this.destroy()
      },
      Math.min(this.requestTimeout, LOOK_MS),
    )
  }
  queue.maybeThrottle = function (clientSideThrottleTime) {
    // Answers of older versions have none: NaN would let no request leave any more.
    if (clientSideThrottleTime === undefined || clientSideThrottleTime === null || clientSideThrottleTime <= 0) return
    throttledUntil.set(this, Math.max(throttledUntil.get(this) ?? 0, performance.now() + clientSideThrottleTime))
  }
  queue.canSendSocketRequestImmediately = function () {
    return this.inflight.size < (this.maxInFlightRequests ?? Infinity) && throttleLeftMs(this) <= 0
  }
  queue.scheduleCheckPendingRequests = function () {
    const leftMs = throttleLeftMs(this)
    if (leftMs <= 0 || this.throttleCheckTimeoutId !== null) return
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    }, Math.ceil(leftMs))
  }
}
