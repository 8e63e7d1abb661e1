/** Which topic stands under a name now: one that was deleted and made anew has another id, whatever it holds. */
import { ask } from './cluster.ts'
import type { Broker, ClusterConnection } from './cluster.ts'
import { askTopicId } from './protocol/topicId.ts'

/** The id of a topic that exists; `undefined` where the cluster gives none. Throws when its leader is away. */
export async function topicId({ cluster }: ClusterConnection, topic: string): Promise<string | undefined> {
  try {
    await cluster.addTargetTopic(topic)
    const [first] = cluster.findTopicPartitionMetadata(topic)
    return await ask((await cluster.findBroker({ nodeId: String(first?.leader) })) as Broker, askTopicId(topic))
  } catch (error) {
    // A moved leader or a restarted broker: the next call asks anew.
    await cluster.refreshMetadata().catch(() => undefined)
    throw error
  }
}
