/** A wall clock that is set while a client works: heartbeats go on at their interval, and requests end at their time-out. Corrected and as the client is. */
import { createRequire } from 'node:module'
import t from 'tap'
import '../../../runtime/kafka/corrections.ts'
import { runtimeError } from '../../../runtime/errors.ts'
import { watchMember } from '../../../runtime/kafka/memberWatch.ts'
import { logger } from './fixtures.ts'
import { SimulatedTime } from './sim/simulatedTime.ts'

const require = createRequire(import.meta.url)
const HOUR_MS = 3_600_000
const INTERVAL_MS = 3_000
const TIMEOUT_MS = 30_000

type Module = new (options: object) => object
const groupFile = 'kafkajs/src/consumer/consumerGroup.js'
const queueFile = 'kafkajs/src/network/requestQueue/index.js'

/** The class of the client as it is, beside the corrected one. */
function asItIs(file: string): Module {
  const loaded = Object.entries(require.cache).filter(([name]) => name.includes('/kafkajs/'))
  for (const [name] of loaded) Reflect.deleteProperty(require.cache, name)
  try {
    return require(file) as Module
  } finally {
    Object.assign(require.cache, Object.fromEntries(loaded))
  }
}

const quiet = { namespace: () => quiet, debug() {}, info() {}, warn() {}, error() {} }

/** Simulated time whose wall clock is `shiftMs` off. */
function steppedTime(): { readonly time: SimulatedTime; shiftMs: number; putBack(): void } {
  const time = new SimulatedTime(Date.UTC(2026, 10, 30, 8))
  const restore = time.install()
  const stepped = { time, shiftMs: 0, putBack: restore }
  Date.now = () => time.now + stepped.shiftMs
  return stepped
}

/** When heartbeats were sent, ms after the start: it is asked for one each 500 ms for 20 s, and the clock is set after 10. */
async function heartbeats(Group: Module, shiftMs: number): Promise<number[]> {
  const stepped = steppedTime()
  const { time } = stepped
  try {
    const sent: number[] = []
    const began = time.now
    const options = { logger: quiet, cluster: {}, groupId: 'g', topics: [], topicConfigurations: {}, assigners: [], retry: {} }
    const group = new Group({ ...options, instrumentationEmitter: { emit() {} } }) as {
      memberId: string
      coordinator: object
      heartbeat(options: { interval: number }): Promise<void>
    }
    Object.assign(group, { memberId: 'm', generationId: 1, coordinator: { heartbeat: async () => void sent.push(time.now - began) } })
    for (let at = 0; at <= 20_000; at += 500) {
      await time.until(began + at)
      if (at === 10_000) stepped.shiftMs = shiftMs
      await group.heartbeat({ interval: INTERVAL_MS })
    }
    return sent
  } finally {
    stepped.putBack()
  }
}

/** When a request that nobody answers was given up, ms after it was sent; the clock is set 10 s after that. `undefined` within two minutes: never. */
async function givenUpAfter(Queue: Module, shiftMs: number): Promise<number | undefined> {
  const stepped = steppedTime()
  const { time } = stepped
  try {
    const began = time.now
    const options = { maxInFlightRequests: null, requestTimeout: TIMEOUT_MS, enforceRequestTimeout: true, clientId: 'c', broker: 'b' }
    const queue = new Queue({ ...options, logger: quiet, isConnected: () => true }) as {
      push(request: object): void
      scheduleRequestTimeoutCheck(): void
      destroy(): void
    }
    queue.scheduleRequestTimeoutCheck()
    let endedAt: number | undefined
    const entry = {
      correlationId: 1,
      apiName: 'Fetch',
      apiKey: 1,
      apiVersion: 11,
      resolve() {},
      reject: () => (endedAt = time.now - began),
    }
    queue.push({ entry, expectResponse: true, sendRequest() {} })
    await time.until(began + 10_000)
    stepped.shiftMs = shiftMs
    await time.until(began + 120_000)
    queue.destroy()
    return endedAt
  } finally {
    stepped.putBack()
  }
}

t.test('heartbeats keep to their interval while the clock is set by an hour, either way', async (t) => {
  const Corrected = require(groupFile) as Module
  const each3s = [3_000, 6_000, 9_000, 12_000, 15_000, 18_000]
  t.strictSame(await heartbeats(Corrected, 0), each3s)
  t.strictSame(await heartbeats(Corrected, -HOUR_MS), each3s)
  t.strictSame(await heartbeats(Corrected, HOUR_MS), each3s)
  t.strictSame(await heartbeats(asItIs(groupFile), -HOUR_MS), [3_000, 6_000, 9_000], 'as it is, none for an hour: the session ends')
})

t.test('a request that is not answered ends at its time-out while the clock is set by an hour, either way', async (t) => {
  const Corrected = require(queueFile) as Module
  for (const shiftMs of [0, -HOUR_MS, HOUR_MS]) t.equal(await givenUpAfter(Corrected, shiftMs), TIMEOUT_MS + 100, String(shiftMs))
  t.equal(await givenUpAfter(asItIs(queueFile), -HOUR_MS), undefined, 'as it is, it hangs for an hour')
})

t.test('a connection looks after what waits when an answer comes or a throttle ends, and not every millisecond', async (t) => {
  const Corrected = require(queueFile) as Module
  const looks = async (Queue: Module) => {
    const stepped = steppedTime()
    const { time } = stepped
    try {
      const began = time.now
      const sent: string[] = []
      let count = 0
      const queue = new Queue({
        maxInFlightRequests: 1,
        requestTimeout: TIMEOUT_MS,
        enforceRequestTimeout: false,
        clientId: 'c',
        broker: 'b',
        logger: quiet,
      }) as {
        push(request: object): void
        fulfillRequest(answer: object): void
        maybeThrottle(ms: number): void
        checkPendingRequests(): void
        destroy(): void
      }
      const look = queue.checkPendingRequests.bind(queue)
      queue.checkPendingRequests = () => {
        if ((count += 1) > 500) return
        look()
      }
      const push = (correlationId: number) =>
        queue.push({
          entry: { correlationId, resolve() {}, reject() {} },
          expectResponse: true,
          sendRequest: () => sent.push(`${correlationId} at ${time.now - began}`),
        })
      const answer = (correlationId: number) => queue.fulfillRequest({ correlationId, payload: {}, size: 0 })
      push(1)
      push(2)
      await time.until(began + 100)
      answer(1)
      await time.until(began + 200)
      queue.maybeThrottle(300)
      answer(2)
      push(3)
      await time.until(began + 250)
      stepped.shiftMs = -HOUR_MS
      await time.until(began + 1_000)
      queue.destroy()
      return { sent, count }
    } finally {
      stepped.putBack()
    }
  }
  t.strictSame(await looks(Corrected), { sent: ['1 at 0', '2 at 100', '3 at 500'], count: 3 })
  const own = await looks(asItIs(queueFile))
  t.equal(own.sent.length, 2, 'as it is, the throttle lasts an hour more')
})

t.test('an answer that says nothing of a throttle holds up nothing, and no bound given is none', async (t) => {
  const Corrected = require(queueFile) as Module
  const queue = new Corrected({ requestTimeout: TIMEOUT_MS, enforceRequestTimeout: false, clientId: 'c', broker: 'b', logger: quiet }) as {
    push(request: object): void
    maybeThrottle(ms?: number | null): void
    destroy(): void
  }
  const sent: number[] = []
  for (const [correlationId, throttle] of [undefined, null, 0].entries()) {
    queue.maybeThrottle(throttle)
    const entry = { correlationId, resolve() {}, reject() {} }
    queue.push({ entry, expectResponse: true, sendRequest: () => sent.push(correlationId) })
  }
  queue.destroy()
  t.strictSame(sent, [0, 1, 2])
})

t.test('a clock that is set does not end a member; a step that does not end does', async (t) => {
  const stepped = steppedTime()
  const failures: Error[] = []
  t.teardown(() => stepped.putBack())
  const since = performance.now()
  const watch = watchMember({
    ...{
      groupId: 'g',
      limitMs: 60_000,
      admin: { describeCluster: async () => ({ brokers: [], controller: null, clusterId: '' }) },
      logger,
    },
    tasks: () => [{ id: '3', state: 'running', steps: [{ name: 'commit', since }] }],
    lastSignAt: () => performance.now(),
    failed: () => failures.length > 0,
    fail: (error) => failures.push(error),
    onStates() {},
  })
  stepped.shiftMs = HOUR_MS
  await stepped.time.until(stepped.time.now + 59_000)
  t.strictSame(failures, [])
  await stepped.time.until(stepped.time.now + 2_000)
  watch.stop()
  t.strictSame(
    failures.map(({ message }) => message),
    [runtimeError('E_TASK_STUCK', 'g unit 3 has been in "commit" for 60000 ms.').message],
  )
})
