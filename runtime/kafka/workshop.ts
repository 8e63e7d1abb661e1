/** What every member, and every tool beside them, is made with: one connection's clients, formats and ears. */
import type { Admin, Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import type { RuntimeMetrics } from '../metrics.ts'
import type { AnyTopic } from '../topic.ts'
import type { Tracer } from '../tracing.ts'
import type { ClusterConnection } from './cluster.ts'
import type { watchFolds } from './foldWatch.ts'
import type { TransactionProtocol } from './openTransactions.ts'
import type { RecordSizes } from './recordSizes.ts'
import type { LiveTable } from './tableReader.ts'
import type { TopicCounts } from './topicCounts.ts'
import type { WireFormat } from './wireFormat.ts'

export interface Workshop {
  readonly kafka: Kafka
  readonly admin: Admin
  /** For questions about topics that a member asks now and then. */
  readonly cluster: ClusterConnection
  readonly protocol: TransactionProtocol
  readonly wire: WireFormat
  readonly counts: TopicCounts
  readonly sizes: RecordSizes
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly tracer: Tracer | undefined
  readonly topicPrefix: string
  /** Looks on while stages fold; nobody does unless given. */
  readonly watchFolds?: typeof watchFolds
  table<T extends AnyTopic>(topic: T): Promise<LiveTable<unknown>>
}
