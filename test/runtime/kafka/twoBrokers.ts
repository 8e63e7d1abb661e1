/** Two brokers as far as readers of partitions ask them: partition 0 of a topic is on broker 1, partition 1 on broker 2. */

interface FetchAsked {
  readonly topics: readonly { readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[] }[]
}

export const onTwoBrokers = {
  addTargetTopic: async () => undefined,
  refreshMetadata: async () => undefined,
  findTopicPartitionMetadata: () => [
    { partitionId: 0, leader: 1 },
    { partitionId: 1, leader: 2 },
  ],
  findLeaderForPartitions: (_: string, partitions: readonly number[]) =>
    Object.fromEntries(partitions.map((partition) => [String(partition + 1), [partition]])),
}

/** How a broker fetches from a topic: what it has read goes out when `beforeAnswer` lets it, or not at all. */
export function fetchOf<A>(
  topic: string,
  answer: (partition: number, offset: number) => A | Promise<A>,
  beforeAnswer: () => Promise<void>,
) {
  return async ({ topics: [asked] }: FetchAsked) => {
    const partitions = await Promise.all(
      (asked?.partitions ?? []).map(async ({ partition, fetchOffset }) => answer(partition, Number(fetchOffset))),
    )
    await beforeAnswer()
    return { responses: [{ topicName: topic, partitions }] }
  }
}
