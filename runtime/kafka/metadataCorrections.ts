/**
 * Corrects how kafkajs 2.2.4 learns of topics: whoever adds some goes on when the cluster has told of them. As it is a topic
 * that was added while the brokers were away counts as known, without partitions, and so does one that an answer to an
 * older question made forgotten: a member then found that its own topic does not exist, and ended.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface ClientCluster {
  readonly brokerPool: { readonly metadata: { readonly topicMetadata: readonly { readonly topic: string }[] } | null }
  refreshMetadata(): Promise<void>
  addMultipleTargetTopics: (this: ClientCluster, topics: readonly string[]) => Promise<void>
}

/** Answers to older questions that may come in between. A topic that does not exist is refused by the brokers at once. */
const ATTEMPTS = 5

/** Corrects the client that is loaded, once. */
export function correctMetadata(): void {
  const { prototype } = require('kafkajs/src/cluster/index.js') as { readonly prototype: ClientCluster }
  const add = prototype.addMultipleTargetTopics
  prototype.addMultipleTargetTopics = async function (topics) {
    await add.call(this, topics)
    for (let attempt = 0; attempt < ATTEMPTS && !toldOf(this, topics); attempt += 1) await this.refreshMetadata()
  }
}

function toldOf({ brokerPool: { metadata } }: ClientCluster, topics: readonly string[]): boolean {
  return topics.every((wanted) => metadata?.topicMetadata.some(({ topic }) => topic === wanted) === true)
}
