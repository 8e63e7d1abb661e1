/** A Kafka connection for a verb that works on a running Rekindle: it exposes no metrics and prints errors only, and what keeps a topic from being read. */
import type { Config } from '../config/config.ts'
import type { KafkaConnection } from '../runtime/kafka/connectKafka.ts'
import { processLogger } from './processLogger.ts'

/** Connects. What it takes is loaded here: verbs that need no broker start in half the time. */
export async function cliKafka(config: Config): Promise<KafkaConnection> {
  const [{ kafkaOf }, { Registry }] = await Promise.all([import('./roles/connections.ts'), import('prom-client')])
  const connection = await kafkaOf(config, 'cli', processLogger('cli', 'error', 'stderr'), new Registry())
  const onTrouble = (sentence: string) => void process.stderr.write(`${sentence}\n`)
  return { ...connection, tail: (topic, options, onRecord) => connection.tail(topic, { onTrouble, ...options }, onRecord) }
}
