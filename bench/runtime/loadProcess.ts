/**
 * Sends orders at steady rates, one after the other, and reads what becomes of them, live and read-committed. Argument:
 * JSON of LoadInput; both topics are empty at the start. Prints `measuring <step>` and `measured <step>` around the
 * measured seconds of each step, at the end LoadResult[] as JSON; ends with an error when an order is lost, doubled or wrong.
 */
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import { spreadOf } from '../percentiles.ts'
import type { Spread } from '../percentiles.ts'
import { EachOrderOnce, TotalsOfEachKey } from './resultCheck.ts'
import { countedTopic, keyNumber, keyOf, keyText, orderOf, ordersTopic } from './workload.ts'

export interface LoadStep {
  readonly perSecond: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

export interface LoadInput {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly prefix: string
  readonly orders: string
  /** Whose output is read; without one the input itself is, for what sender and reader cost alone. */
  readonly run?: string
  /** The run copies orders as they are: its outputs have no totals. */
  readonly copies?: boolean
  readonly keys: number
  readonly steps: readonly LoadStep[]
  /** How long the sender holds a record back for company, ms. */
  readonly lingerMs: number
}

export interface LoadResult {
  /** From `send` to the arrival of the output at a reader, ms. */
  readonly latency: Spread
  /** From `send` to the acknowledgement of the input, ms. */
  readonly stored: Spread
  /** What was really sent. */
  readonly perSecond: number
}

const ARRIVE_WITHIN_MS = 30_000
const {
  brokers,
  registryUrl,
  prefix,
  run,
  copies = false,
  keys,
  steps,
  lingerMs,
  ...names
} = JSON.parse(process.argv[2] as string) as LoadInput
const logger = pino({ level: 'warn' }, pino.destination(2))
const kafka = await connectKafka({ brokers, clientId: `load-${process.pid}`, topicPrefix: prefix, registryUrl, logger })
const orders = ordersTopic(names.orders)
await kafka.registerSchemas([orders])

const plan = steps.map(({ perSecond, warmUpSeconds, seconds }) => ({
  perSecond,
  warmUp: Math.round(perSecond * warmUpSeconds),
  count: Math.round(perSecond * (warmUpSeconds + seconds)),
}))
const records = plan.reduce((sum, { count }) => sum + count, 0)
const workload = { keys, records }
const sentAt = new Float64Array(records)
const storedAt = new Float64Array(records)
const arrivedAt = new Float64Array(records)
let arrived = 0

const watching = new AbortController()
const check = run === undefined || copies ? new EachOrderOnce(workload) : new TotalsOfEachKey(workload)
// A copy is written with the schema of the orders, which the fields of the totals cannot be read from.
const output = run === undefined ? orders : copies ? { ...orders, name: countedTopic(run).name } : countedTopic(run)
const watched = kafka.tail(output, { from: 'beginning', signal: watching.signal }, ({ key, value, undecodable }) => {
  const now = performance.now()
  if (key === null || value === null || value === undefined)
    throw new Error(`an output cannot be read: ${undecodable ?? 'no key or value'}`)
  check.take(keyNumber(key), value as never)
  arrivedAt[value.seq] = now
  arrived += 1
})
// A wrong result ends the process at once, whatever is being waited for.
watched.catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})

const producer = kafka.producer({ lingerMs })
await producer.connect()
let seq = 0
const results: LoadResult[] = []
const spans: { from: number; to: number; perSecond: number }[] = []
for (const [step, { perSecond, warmUp, count }] of plan.entries()) {
  const first = seq
  const began = performance.now()
  let measuredFrom = began
  for (let place = 0; place < count;) {
    const wait = began + (place * 1000) / perSecond - performance.now()
    if (wait > 0.5) {
      await delay(wait)
      continue
    }
    if (place === warmUp) {
      measuredFrom = performance.now()
      console.log(`measuring ${step}`)
    }
    const own = seq++
    sentAt[own] = performance.now()
    producer.send(orders, keyText(keyOf(own, workload)), orderOf(own, Date.now())).then(
      () => (storedAt[own] = performance.now()),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
    place += 1
  }
  spans.push({ from: first + warmUp, to: seq, perSecond: ((count - warmUp) * 1000) / (performance.now() - measuredFrom) })
  console.log(`measured ${step}`)
}
for (const until = performance.now() + ARRIVE_WITHIN_MS; arrived < records && performance.now() < until;) await delay(20)
watching.abort()
await watched
check.finish()
for (const { from, to, perSecond } of spans) {
  const of = (ends: Float64Array) =>
    spreadOf(Array.from({ length: to - from }, (_, place) => (ends[from + place] ?? NaN) - (sentAt[from + place] ?? NaN)))
  results.push({ latency: of(arrivedAt), stored: of(storedAt), perSecond })
}
console.log(JSON.stringify(results))
await kafka.close()
process.exit(0)
