/** The runner of the client's consumer, stopped at the moments at which it takes no notice as it is; corrected and as it is. */
import { createRequire } from 'node:module'
import t from 'tap'
import { correctRunner } from '../../../runtime/kafka/runnerCorrections.ts'

const require = createRequire(import.meta.url)

interface Runner {
  readonly running: boolean
  start(): Promise<void>
  stop(): Promise<void>
  handleBatch(batch: object): Promise<void>
}
type RunnerClass = new (options: object) => Runner

/** The client's class from a file loaded anew, so that both can be compared in one process. */
function runnerClass(corrected: boolean): RunnerClass {
  delete require.cache[require.resolve('kafkajs/src/consumer/runner.js')]
  if (corrected) correctRunner()
  return require('kafkajs/src/consumer/runner.js') as RunnerClass
}

/** A runner whose join the test ends. `steps` is what it does to the group and tells the consumer. */
function world(corrected: boolean, sought = false) {
  const steps: string[] = []
  const crashes: Error[] = []
  let joined: () => void = () => undefined
  let refused: (error: Error) => void = () => undefined
  const join = new Promise<void>((resolve, reject) => {
    joined = resolve
    refused = reject
  })
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, namespace: () => silent }
  const Runner = runnerClass(corrected)
  const runner = new Runner({
    logger: silent,
    instrumentationEmitter: { emit: (event: string) => (event === 'consumer.end_batch_process' ? void steps.push('told') : undefined) },
    concurrency: 1,
    autoCommit: false,
    retry: { retries: 0 },
    heartbeatInterval: 1_500,
    onCrash: (error: Error) => {
      steps.push('crash')
      crashes.push(error)
    },
    consumerGroup: {
      groupId: 'line',
      connect: async () => undefined,
      joinAndSync: () => join,
      getNodeIds: () => [1],
      fetch: () => new Promise((resolve) => setImmediate(resolve, [])),
      heartbeat: async () => undefined,
      hasSeekOffset: () => sought,
      resolveOffset: () => undefined,
      leave: async () => void steps.push('leave'),
      cluster: { disconnect: async () => void steps.push('disconnect') },
    },
  })
  return { runner, steps, crashes, joined, refused }
}

for (const corrected of [true, false]) {
  const as = corrected ? 'corrected' : 'as it is'

  t.test(`stopped while it joins, then taken in: it leaves again (${as})`, async (t) => {
    const { runner, steps, joined } = world(corrected)
    const started = runner.start()
    await runner.stop()
    joined()
    await started
    t.strictSame(steps, corrected ? ['leave', 'disconnect'] : [])
    t.equal(runner.running, !corrected)
    await runner.stop()
  })

  t.test(`stopped while it joins, then refused: it does not start over (${as})`, async (t) => {
    const { runner, steps, refused } = world(corrected)
    const started = runner.start()
    await runner.stop()
    refused(new Error('the broker is away'))
    await started
    t.strictSame(steps, corrected ? ['disconnect'] : ['crash'])
  })

  t.test(`refused without having been stopped: the consumer is told, and starts over (${as})`, async (t) => {
    const { runner, steps, refused } = world(corrected)
    const started = runner.start()
    refused(new Error('the broker is away'))
    await started
    t.strictSame(steps, ['crash'])
  })

  t.test(`stopped while it runs: it leaves, once (${as})`, async (t) => {
    const { runner, steps, joined } = world(corrected)
    joined()
    await runner.start()
    t.equal(runner.running, true)
    await runner.stop()
    t.strictSame(steps, ['leave'])
    t.equal(runner.running, false)
  })
  t.test(`no coordinator is found while the brokers are away: it may start over (${as})`, async (t) => {
    const { runner, crashes, refused } = world(corrected)
    const { KafkaJSGroupCoordinatorNotFound, KafkaJSNonRetriableError } = require('kafkajs/src/errors.js') as Record<
      'KafkaJSGroupCoordinatorNotFound' | 'KafkaJSNonRetriableError',
      new (message: string | Error) => Error & { retriable: boolean }
    >
    const notFound = new KafkaJSGroupCoordinatorNotFound('Failed to find group coordinator')
    const wrapped = new KafkaJSNonRetriableError(notFound)
    wrapped.cause = notFound
    const started = runner.start()
    refused(wrapped)
    await started
    t.strictSame(crashes, [wrapped])
    t.equal(notFound.retriable, corrected)
  })
}

for (const corrected of [true, false])
  for (const sought of [true, false]) {
    const what = sought ? 'fetched before a seek' : 'fetched where it stands'
    t.test(`a batch without records for readers, ${what} (${corrected ? 'corrected' : 'as it is'})`, async (t) => {
      const { runner, steps, joined } = world(corrected, sought)
      joined()
      await runner.start()
      await runner.handleBatch({
        ...{ topic: 'items', partition: 0, messages: [], isEmptyDueToFiltering: () => true },
        ...{ offsetLag: () => '0', offsetLagLow: () => '0', firstOffset: () => '50', lastOffset: () => '51' },
      })
      t.strictSame(steps, sought && corrected ? [] : ['told'])
      await runner.stop()
    })
  }
