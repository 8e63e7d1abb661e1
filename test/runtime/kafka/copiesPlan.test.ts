/** Where more copies of partitions are to go. */
import fc from 'fast-check'
import type { Admin } from 'kafkajs'
import t from 'tap'
import { copiesPlan, spread } from '../../../runtime/kafka/copiesPlan.ts'
import { assertProperty } from '../../support/property.ts'

t.test('four partitions of one broker go to two more, and each broker leads', async (t) => {
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic: 'a', partition, replicas: [1] }))
  // By hand: broker 1 has all four; 2 and 3 take four each. The leads go round.
  t.strictSame(spread(partitions, [1, 2, 3], 3), {
    version: 1,
    partitions: [
      { topic: 'a', partition: 0, replicas: [1, 2, 3] },
      { topic: 'a', partition: 1, replicas: [2, 1, 3] },
      { topic: 'a', partition: 2, replicas: [3, 1, 2] },
      { topic: 'a', partition: 3, replicas: [1, 2, 3] },
    ],
  })
})

t.test('one that has enough copies is left alone, and too few brokers are refused', async (t) => {
  t.strictSame(spread([{ topic: 'a', partition: 0, replicas: [3, 1] }], [1, 2, 3], 2).partitions, [])
  t.throws(() => spread([{ topic: 'a', partition: 0, replicas: [1] }], [1, 2], 3), {
    code: 'E_BROKERS_TOO_FEW',
    message: /3 copies need 3 brokers, and the cluster has 2/,
  })
})

t.test('a broker that is away leads nothing, and what is led already counts', async (t) => {
  const place = (partition: number, ...replicas: number[]) => ({ topic: 'a', partition, replicas })
  t.strictSame(spread([place(0, 9)], [1, 2], 2).partitions, [place(0, 1, 9)])
  t.strictSame(spread([place(0, 1, 2), place(1, 1, 2), place(2, 1)], [1, 2], 2).partitions, [place(2, 2, 1)])
})

t.test(
  'whatever is where: no copy is taken away, each partition has as many as asked, on as many brokers, and one that answers leads',
  async (t) => {
    const cluster = fc.integer({ min: 3, max: 7 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        copies: fc.integer({ min: 1, max: 3 }),
        placed: fc.array(fc.uniqueArray(fc.integer({ min: 1, max: size + 1 }), { minLength: 1, maxLength: 3 }), { maxLength: 40 }),
      }),
    )
    await assertProperty(
      t,
      fc.property(cluster, ({ size, copies, placed }) => {
        const brokers = Array.from({ length: size }, (_, index) => index + 1)
        const partitions = placed.map((replicas, partition) => ({ topic: 'a', partition, replicas }))
        const plan = spread(partitions, brokers, copies).partitions
        t.strictSame(
          plan.map(({ partition }) => partition),
          partitions.filter(({ replicas }) => replicas.length < copies).map(({ partition }) => partition),
        )
        for (const { partition, replicas } of plan) {
          t.strictSame([replicas.length, new Set(replicas).size], [copies, copies])
          t.ok(brokers.includes(replicas[0] as number))
          t.strictSame(
            placed[partition]?.filter((broker) => !replicas.includes(broker)),
            [],
          )
        }
      }),
    )
  },
)

t.test('what Kafka keeps for itself is in it, and what is not there yet is not', async (t) => {
  const metadata = (topics: string[]) =>
    topics.map((name) => ({ name, partitions: [{ partitionId: 0, leader: 2, replicas: name === 'b.v1' ? [1, 2] : [2], isr: [2] }] }))
  const admin = {
    listTopics: async () => ['__transaction_state', 'other', 'b.v1', 'a.v1', '__consumer_offsets'],
    describeCluster: async () => ({ brokers: [{ nodeId: 2 }, { nodeId: 1 }] }),
    fetchTopicMetadata: async ({ topics }: { topics: string[] }) => ({ topics: metadata(topics).reverse() }),
  } as unknown as Admin
  t.strictSame(
    (await copiesPlan(admin, ['a.v1', 'b.v1', 'new.v1'], 2)).partitions.map(({ topic, replicas }) => [topic, [...replicas].sort()]),
    [
      ['a.v1', [1, 2]],
      ['__consumer_offsets', [1, 2]],
      ['__transaction_state', [1, 2]],
    ],
  )
})
