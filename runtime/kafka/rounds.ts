/**
 * What one transaction writes, as requests one after the other. A request has one batch for each partition at most, which its topic
 * bounds: what one record leads to may be more than that, and is in the transaction all the same.
 */
import { ByPlace } from './byPlace.ts'
import { headerCharacters } from './headerSize.ts'
import type { OutgoingRecord } from './openTransactions.ts'

/** Of a record without its key, value and headers. */
const OVERHEAD_BYTES = 64
/** Under this share of the bound nothing is counted more exactly: a character takes three bytes at most. */
const SURELY = 1 / 3

/** `batchBytes` is what a batch of several records of a topic may have. Nearly always all go in one request. */
export function inRounds(
  records: readonly OutgoingRecord[],
  batchBytes: (topic: string) => number,
): readonly (readonly OutgoingRecord[])[] {
  const shares = new ByPlace<number>()
  let isMuch = false
  for (const { topic, partition, key, value, headers } of records) {
    const size = (value?.length ?? 0) + (key?.length ?? 0) + headerCharacters(headers) + OVERHEAD_BYTES
    const share = (shares.get(topic, partition) ?? 0) + size
    shares.set(topic, partition, share)
    isMuch ||= share > batchBytes(topic) * SURELY
  }
  if (!isMuch) return [records]
  const rounds: OutgoingRecord[][] = []
  const last = new ByPlace<{ round: number; bytes: number }>()
  for (const record of records) {
    const { topic, partition } = record
    const before = last.get(topic, partition)
    const size = sizeOf(record)
    const fits = before === undefined || before.bytes + size <= batchBytes(topic)
    const round = before === undefined ? 0 : fits ? before.round : before.round + 1
    last.set(topic, partition, { round, bytes: fits ? (before?.bytes ?? 0) + size : size })
    const list = rounds[round]
    if (list === undefined) rounds.push([record])
    else list.push(record)
  }
  return rounds
}

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = (value?.length ?? 0) + (key?.length ?? 0) + 32
  for (const [name, header] of Object.entries(headers))
    for (const each of Array.isArray(header) ? header : [header]) bytes += Buffer.byteLength(name) + Buffer.byteLength(each ?? '') + 4
  return bytes
}
