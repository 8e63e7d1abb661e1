/**
 * Reads a partition to the end that its log has now, transactions included that are still open: what a read-committed
 * reader sees may end before records that are committed behind an open one, and who decides by what it read must see them.
 */
import { runtimeError } from '../errors.ts'
import { TRANSACTION_ENDED_MS } from './client.ts'
import type { ClusterConnection } from './cluster.ts'
import { firstOffsets, logEnds } from './offsets.ts'
import { leaderMoves, patiently } from './patiently.ts'
import type { LogRecord, PartitionReader, Position } from './partitionReader.ts'

const WAIT_MS = 50

export interface SettledReadOptions {
  readonly reader: PartitionReader
  readonly cluster: ClusterConnection
  /** Physical name. */
  readonly topic: string
  readonly partition: number
  /** How long open transactions are waited for, ms: without a fetch that brought anything. */
  readonly patienceMs?: number
  /** Called after each fetch that brought something; what it throws ends the reading. */
  readonly onProgress?: (() => void) | undefined
}

/** Hands on every committed record below the end as it is at the call. False when a transaction did not end in time. */
export async function readSettled(options: SettledReadOptions, onRecord: (record: LogRecord) => void): Promise<boolean> {
  const { reader, cluster, topic, partition } = options
  const end = (await patiently(leaderMoves, () => logEnds(cluster, topic, [partition]))).get(partition)
  const low = (await firstOffsets(cluster, [topic])).get(topic)?.get(partition)
  if (end === undefined || low === undefined) throw runtimeError('E_TOPIC_MISSING', `${topic} has no partition ${partition}.`)
  const position: Position = { topic, partition, offset: low }
  const { patienceMs = TRANSACTION_ENDED_MS, onProgress } = options
  let until = performance.now() + patienceMs
  while (position.offset < end) {
    if (performance.now() > until) return false
    const before = position.offset
    await patiently(leaderMoves, () =>
      reader.fetch([position], WAIT_MS, (records) => {
        for (const record of records) if (record.offset < end) onRecord(record)
      }),
    )
    if (position.offset === before) continue
    // A long log takes longer to read than a transaction may last.
    until = performance.now() + patienceMs
    onProgress?.()
  }
  return true
}
