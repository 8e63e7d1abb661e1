/** Reading to the end of a log: how long a transaction is waited for is not how long the reading may take. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { LogRecord, PartitionReader, Position } from '../../../runtime/kafka/partitionReader.ts'
import { readSettled } from '../../../runtime/kafka/settledRead.ts'
import { at, changelog, StandIn } from './standIn.ts'

/** Brings one record with each fetch of 20 ms, up to where readers see it. */
function slowReader(visible: number): PartitionReader {
  const fetch = async ([position]: Position[], _: number, onRecords: (records: LogRecord[]) => void) => {
    await delay(20)
    if (position === undefined || position.offset >= BigInt(visible)) return
    const { topic, partition, offset } = position
    position.offset += 1n
    onRecords([{ topic, partition, offset, key: null, value: null, timestamp: at, headers: {} }])
  }
  return { fetch } as unknown as PartitionReader
}

async function read(visible: number, onProgress: () => void = () => undefined) {
  const broker = new StandIn()
  broker.keep('1', '2', '3', '4', '5', '6', '7', '8', '9')
  const offsets: bigint[] = []
  const place = { topic: changelog, partition: 0, cluster: broker.connection, patienceMs: 100 }
  const isWhole = await readSettled({ ...place, reader: slowReader(visible), onProgress }, ({ offset }) => void offsets.push(offset))
  return { isWhole, offsets }
}

t.test('a log that takes longer to read than a transaction is waited for is read whole, and each fetch is told', async (t) => {
  let told = 0
  const { isWhole, offsets } = await read(10, () => (told += 1))
  t.equal(isWhole, true)
  t.strictSame(offsets, [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n])
  t.equal(told, 10)
})

t.test('a transaction that stays open is not waited for without end', async (t) => {
  const { isWhole, offsets } = await read(2)
  t.equal(isWhole, false)
  t.strictSame(offsets, [0n, 1n])
})
