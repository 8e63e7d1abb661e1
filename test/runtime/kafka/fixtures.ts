/**
 * A small world for the tests of the Kafka side: numbers come in, a first stage adds them up per key, a second one counts
 * what the first emits and closes a window by timer. Small enough that a sequential model of it is a few lines.
 */
import '../../support/uncountedChildren.ts'
import pino from 'pino'
import { deadLetter, drop, emit, next, timer } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { Context } from '../../../runtime/stage.ts'
import { topic } from '../../../runtime/topic.ts'
import { flatRecord } from '../../support/flatRecord.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import type { TransactionProtocol } from '../../../runtime/kafka/openTransactions.ts'

export interface Item {
  seq: number
  amount: number
  /** What the stage should do with it: '' add it, else `drop`, `dead`, `wait:<ms>`, `throw`. */
  wish: string
}
export const Item = flatRecord<Item>('rekindle.test.Item', { seq: 'long', amount: 'long', wish: { type: 'string', default: '' } })
export interface Sum {
  seq: number
  count: number
  sum: number
  by: string
}
export const Sum = flatRecord<Sum>('rekindle.test.Sum', { seq: 'long', count: 'long', sum: 'long', by: 'string' })

export const items = topic({
  name: 'items',
  key: 'lead',
  value: Item,
  retention: { days: 1 },
  contract: 'internal',
  writtenBy: ['test'],
  about: 'Numbers.',
})
/** Also written from outside, so a fused group reads it back and must skip its own. */
export const sums = topic({
  name: 'sums',
  key: 'lead',
  value: Sum,
  retention: { days: 1 },
  contract: 'public',
  writtenBy: ['adder', 'test'],
  about: 'Running sums.',
})
export const totals = topic({
  name: 'totals',
  key: 'lead',
  value: Sum,
  retention: { days: 1 },
  contract: 'public',
  writtenBy: ['totaller'],
  about: 'Counts of sums.',
})
export const factors = topic({
  name: 'factors',
  key: 'tenant',
  value: Sum,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['test'],
  about: 'A table.',
})
export const topics: readonly AnyTopic[] = [items, sums, totals, factors]

export const adder = stage({
  name: 'adder',
  state: Sum,
  tables: { factors },
  on: [
    from(items, (state: Sum | undefined, { value }, ctx: Context<{ factors: typeof factors }>): Outcome<Sum, typeof sums> => {
      if (value.wish === 'drop') return drop('unwanted')
      if (value.wish === 'dead') return deadLetter('E_TEST_POISON', { seq: value.seq })
      if (value.wish === 'throw') throw new RangeError('a bug in a fold')
      const factor = ctx.tables.factors.get('factor')?.sum ?? 1
      const sum: Sum = { seq: value.seq, count: (state?.count ?? 0) + 1, sum: (state?.sum ?? 0) + value.amount * factor, by: 'adder' }
      const timers = value.wish.startsWith('wait:') ? [timer('late').at(ctx.at + Number(value.wish.slice(5)))] : []
      return next(sum, { emit: [emit(sums, sum)], timers })
    }),
  ],
  timer: (state: Sum, { name }) => next({ ...state, by: name }, { emit: [emit(sums, { ...state, by: `timer ${name}` })] }),
  outputs: [sums],
})

export const totaller = stage({
  name: 'totaller',
  state: Sum,
  on: [
    from(sums, (state: Sum | undefined, { value }): Outcome<Sum, typeof totals> => {
      const total: Sum = { seq: value.seq, count: (state?.count ?? 0) + 1, sum: value.sum, by: value.by }
      return next(total, { emit: [emit(totals, total)] })
    }),
  ],
  outputs: [totals],
})

export const partitions = 4
export const logger = pino({ level: process.env['LOG_LEVEL'] || 'silent' })

/** Connects, creates every topic for these members and registers the schemas. */
export async function world(
  stack: { kafkaBrokers: readonly string[]; registryUrl: string; prefix: string },
  members: Parameters<KafkaConnection['applyTopics']>[1]['members'] = [{ group: 'line', stages: [adder, totaller] }],
  transactions?: TransactionProtocol,
): Promise<KafkaConnection> {
  const kafka = await connectKafka({
    brokers: stack.kafkaBrokers,
    clientId: 'test',
    topicPrefix: stack.prefix,
    registryUrl: stack.registryUrl,
    logger,
    ...(transactions === undefined ? {} : { transactions }),
  })
  await kafka.applyTopics(topics, { partitions, replicationFactor: 1, members: members ?? [] })
  await kafka.registerSchemas(topics)
  return kafka
}

/** Resolves once `condition` holds; polls it, because the broker pushes nothing. Throws after `withinMs`, also when the condition never answers. */
export async function eventually(what: string, condition: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let over = false
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => {
      over = true
      fail(new Error(`not within ${withinMs} ms: ${what}`))
    }, withinMs)
  })
  const held = async () => {
    while (!over && !(await condition())) await new Promise((resolve) => setTimeout(resolve, 25))
  }
  try {
    await Promise.race([held(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when the group has processed everything that its topics hold now. */
export function caughtUp(kafka: KafkaConnection, group: string, inputs: readonly AnyTopic[], withinMs = 60_000): Promise<void> {
  return eventually(
    `${group} catches up`,
    async () => {
      try {
        return (await kafka.lag(group, inputs)).every(({ lag }) => lag === 0n)
      } catch {
        return false
      }
    },
    withinMs,
  )
}
