/**
 * The keyed work that every competitor does: orders come in, each is passed on with the running count, sum and largest
 * amount of its customer. Everything about order `seq` follows from `seq`, so that results can be checked by arithmetic. Pure.
 */
import { emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { AnyStage } from '../../runtime/stage.ts'
import { topic } from '../../runtime/topic.ts'
import type { Topic } from '../../runtime/topic.ts'

export interface Order {
  seq: number
  amountCents: number
  channel: string
  article: string
  note: string
  /** ms since the epoch. */
  placedAt: number
}

/** An order with what its customer has bought up to it. */
export interface CountedOrder extends Order {
  count: number
  sumCents: number
  largestCents: number
}

/** What is kept of a customer. */
export interface Purchases {
  count: number
  sumCents: number
  largestCents: number
  lastSeq: number
}

// The Java peer reads and writes these fields by hand, in this order: bench/kafka-streams/KeyedTotals.java.
const orderFields = [
  { name: 'seq', type: 'long', doc: 'Number of the order.' },
  { name: 'amountCents', type: 'long', doc: 'Price, cents.' },
  { name: 'channel', type: 'string', doc: 'Where it came from.' },
  { name: 'article', type: 'string', doc: 'What was bought.' },
  { name: 'note', type: 'string', doc: 'Free text.' },
  { name: 'placedAt', type: 'long', doc: 'When, ms since the epoch.' },
]
const purchaseFields = [
  { name: 'count', type: 'long', doc: 'Orders of the customer so far.' },
  { name: 'sumCents', type: 'long', doc: 'Their amounts, cents.' },
  { name: 'largestCents', type: 'long', doc: 'The largest of them, cents.' },
]
const record = (name: string, fields: readonly object[]) => ({ type: 'record', name, namespace: 'rekindle.bench', doc: name, fields })
export const Order = schema<Order>(record('Order', orderFields))
export const CountedOrder = schema<CountedOrder>(record('CountedOrder', [...orderFields, ...purchaseFields]))
export const Purchases = schema<Purchases>(
  record('Purchases', [...purchaseFields, { name: 'lastSeq', type: 'long', doc: 'Its newest order.' }]),
)

/** What goes in; `name` tells inputs of different shape apart. */
export function ordersTopic(name: string): Topic<string, Order> {
  return topic({
    name,
    key: 'lead',
    value: Order,
    retention: { days: 1 },
    contract: 'internal',
    writtenBy: ['bench'],
    about: 'Orders of the benchmark.',
  })
}

/** What comes out of one run. */
export function countedTopic(run: string): Topic<string, CountedOrder> {
  return topic({
    name: `counted-${run}`,
    key: 'lead',
    value: CountedOrder,
    retention: { days: 1 },
    contract: 'internal',
    writtenBy: [counterName(run)],
    about: 'Orders with the totals of their customer.',
  })
}

/** The stage of one run: fresh state and output for each, the input stays. */
export function counterStage(run: string, orders: Topic<string, Order>): AnyStage {
  const counted = countedTopic(run)
  return stage({
    name: counterName(run),
    state: Purchases,
    on: [
      from(orders, (state: Purchases | undefined, { value }): Outcome<Purchases, typeof counted> => {
        const purchases = withOrder(state, value)
        return next(purchases, { emit: [emit(counted, countedOrder(value, purchases))] })
      }),
    ],
    outputs: [counted],
  })
}

// Field by field: a spread with further fields behind it takes Node 3 µs, more than the rest of the fold.
function countedOrder(order: Order, { count, sumCents, largestCents }: Purchases): CountedOrder {
  const { seq, amountCents, channel, article, note, placedAt } = order
  return { seq, amountCents, channel, article, note, placedAt, count, sumCents, largestCents }
}

/** The fold of the stage and of the peer. */
export function withOrder(before: Purchases | undefined, { seq, amountCents }: Order): Purchases {
  if (before === undefined) return { count: 1, sumCents: amountCents, largestCents: amountCents, lastSeq: seq }
  return {
    count: before.count + 1,
    sumCents: before.sumCents + amountCents,
    largestCents: Math.max(before.largestCents, amountCents),
    lastSeq: seq,
  }
}

export function counterName(run: string): string {
  return `counter-${run}`
}

export interface Workload {
  /** Distinct keys. The first `keys` orders have one key each, the others are spread over all of them. */
  readonly keys: number
  readonly records: number
}

const channels = ['web', 'app', 'store', 'phone', 'partner', 'market']
const words =
  'please leave the parcel with the neighbour on the second floor if nobody answers the door and ring twice since the bell is broken; the gate code has changed and the dog is friendly; call before noon on weekdays or write a message; thank you very much and see you soon at the usual place '

/** The number of the customer of an order, 0 to `keys` - 1. */
export function keyOf(seq: number, { keys }: Pick<Workload, 'keys'>): number {
  return seq < keys ? seq : mixed(seq) % keys
}

export function amountOf(seq: number): number {
  return 1 + (mixed(seq ^ 0x5bd1e995) % 10_000)
}

/** Six digits at least, so that equal counts of keys give keys of equal length. */
export function keyText(key: number): string {
  return `customer-${String(key).padStart(6, '0')}`
}

/** Undoes `keyText`. */
export function keyNumber(text: string): number {
  return Number(text.slice('customer-'.length))
}

/** About 210 bytes in Avro; the texts differ from order to order, as people's do. */
export function orderOf(seq: number, placedAt: number): Order {
  const dice = mixed(seq ^ 0x2545f491)
  const at = dice % 120
  return {
    seq,
    amountCents: amountOf(seq),
    channel: channels[dice % channels.length] as string,
    article: `A-${String(dice % 50_000).padStart(5, '0')}`,
    note: words.slice(at, at + 120 + ((dice >>> 8) % 60)),
    placedAt,
  }
}

/** A 32-bit number, evenly spread, the same for the same input. @source https://github.com/skeeto/hash-prospector (lowbias32) */
function mixed(value: number): number {
  let x = value >>> 0
  x ^= x >>> 16
  x = Math.imul(x, 0x7feb352d)
  x ^= x >>> 15
  x = Math.imul(x, 0x846ca68b)
  x ^= x >>> 16
  return x >>> 0
}
