/**
 * How topics that have too few copies get more of them, as the plan that `kafka-reassign-partitions.sh` carries out: every copy that is
 * there stays where it is, new ones go where the fewest are, and the brokers that answer lead about as many partitions each.
 */
import type { Admin } from 'kafkajs'
import { runtimeError } from '../errors.ts'

/** A partition and the brokers that have it. */
export interface PlacedPartition {
  readonly topic: string
  readonly partition: number
  readonly replicas: readonly number[]
}

/** The file of the tool, its first broker of each partition being the one that is to lead. */
export interface ReassignmentPlan {
  readonly version: 1
  readonly partitions: readonly PlacedPartition[]
}

/** What Kafka keeps for all groups and transactions: with one copy it is as lost with a disk as the records. */
const OWN_TOPICS: readonly string[] = ['__consumer_offsets', '__transaction_state']

/** The plan for these partitions, none for those that have enough. Throws E_BROKERS_TOO_FEW where there are too few brokers. */
export function spread(partitions: readonly PlacedPartition[], brokers: readonly number[], copies: number): ReassignmentPlan {
  if (brokers.length < copies)
    throw runtimeError('E_BROKERS_TOO_FEW', `${copies} copies need ${copies} brokers, and the cluster has ${brokers.length}.`)
  const held = new Map(brokers.map((broker) => [broker, 0]))
  const led = new Map(brokers.map((broker) => [broker, 0]))
  const more = (counts: Map<number, number>, broker: number) => counts.set(broker, (counts.get(broker) ?? 0) + 1)
  const fewest = (counts: Map<number, number>, of: readonly number[]) =>
    of.reduce((least, broker) => ((counts.get(broker) ?? 0) < (counts.get(least) ?? 0) ? broker : least))
  for (const { replicas } of partitions) for (const broker of replicas) more(held, broker)
  // What has enough copies is led by its first one as before.
  for (const { replicas } of partitions) if (replicas.length >= copies) more(led, replicas[0] as number)
  const planned = partitions
    .filter(({ replicas }) => replicas.length < copies)
    .map(({ topic, partition, replicas }): PlacedPartition => {
      const all = [...replicas]
      while (all.length < copies) {
        const added = fewest(
          held,
          brokers.filter((broker) => !all.includes(broker)),
        )
        more(held, added)
        all.push(added)
      }
      // A copy may stand on a broker that is down, or gone.
      const leader = fewest(
        led,
        all.filter((broker) => brokers.includes(broker)),
      )
      more(led, leader)
      return { topic, partition, replicas: [leader, ...all.filter((broker) => broker !== leader)] }
    })
  return { version: 1, partitions: planned }
}

/** The plan for these topics as they are, and for what Kafka itself keeps. */
export async function copiesPlan(admin: Admin, topics: readonly string[], copies: number): Promise<ReassignmentPlan> {
  const existing = new Set(await admin.listTopics())
  const present = [...topics, ...OWN_TOPICS].filter((topic) => existing.has(topic))
  const [{ brokers }, { topics: found }] = await Promise.all([
    admin.describeCluster(),
    present.length === 0 ? { topics: [] } : admin.fetchTopicMetadata({ topics: present }),
  ])
  const placed = found.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionId: partition, replicas }): PlacedPartition => ({ topic, partition, replicas })),
  )
  const order = new Map(present.map((topic, index) => [topic, index]))
  placed.sort((a, b) => (order.get(a.topic) ?? 0) - (order.get(b.topic) ?? 0) || a.partition - b.partition)
  return spread(
    placed,
    brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b),
    copies,
  )
}
