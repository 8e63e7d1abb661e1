/** Which topic stands under a name now: one that was deleted and made anew has another id, whatever it holds. */
import { ask } from './cluster.ts'
import type { Broker, ClusterConnection } from './cluster.ts'
import { askTopicId } from './protocol/topicId.ts'

/**
 * The id of a topic that exists; `undefined` where the cluster gives none. Asks the leader of the partition, which whoever
 * wants to know is about to read: another broker may be away. Throws when it is.
 */
export async function topicId({ cluster }: ClusterConnection, topic: string, partition: number): Promise<string | undefined> {
  try {
    await cluster.addTargetTopic(topic)
    const leader = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader
    if (leader === undefined) throw new Error(`${topic} has no partition ${partition}`)
    return await ask((await cluster.findBroker({ nodeId: String(leader) })) as Broker, askTopicId(topic))
  } catch (error) {
    // A moved leader or a restarted broker: the next call asks anew.
    await cluster.refreshMetadata().catch(() => undefined)
    throw error
  }
}
