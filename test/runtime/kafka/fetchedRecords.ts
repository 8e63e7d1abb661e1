/** Records as a fetch gives them, for tests without a broker. */
import { encodeRecordBatch } from '../../../runtime/kafka/protocol/recordBatch.ts'
import type { BatchRecord } from '../../../runtime/kafka/protocol/recordBatch.ts'
import { readRecordBatch } from '../../../runtime/kafka/protocol/recordBatchReader.ts'
import type { FetchedRecord } from '../../../runtime/kafka/protocol/recordBatchReader.ts'

/** The records at these offsets: the first at `offset`, the others behind it. */
export async function fetchedRecords(offset: number, records: readonly BatchRecord[]): Promise<readonly FetchedRecord[]> {
  if (records.length === 0) return []
  const buffer = await encodeRecordBatch(records, { producerId: 1n, producerEpoch: 0, firstSequence: 0, transactional: true })
  buffer.writeBigInt64BE(BigInt(offset), 0)
  const read = await readRecordBatch({ buffer, offset: 0, forward: () => undefined }, async (_, bytes) => bytes)
  return (read as NonNullable<typeof read>).records
}
