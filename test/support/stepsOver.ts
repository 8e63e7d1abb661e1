/** Topics of one partition that are read in steps of `size` records; tells how far each was read. */
import type { ReplaySource } from '../../cli/replaySource.ts'
import type { PartitionSteps } from '../../runtime/kafka/partitionSteps.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'

export interface HeldRecord {
  readonly key?: string
  readonly value: unknown
  readonly timestamp: number
}

export function stepsOver(
  topics: Readonly<Record<string, readonly HeldRecord[]>>,
  size: number,
  onRead: (topic: string, upTo: number) => void = () => undefined,
): ReplaySource['steps'] {
  return <T extends AnyTopic>(topic: T): Promise<PartitionSteps<ValueOf<T>>> => {
    const records = topics[topic.name] ?? []
    let place = 0
    return Promise.resolve({
      partitions: [0],
      start(_partition: number, at: number) {
        const first = records.findIndex(({ timestamp }) => timestamp >= at)
        place = first < 0 ? records.length : first
        return Promise.resolve()
      },
      next() {
        if (place >= records.length) return Promise.resolve(undefined)
        const step = records.slice(place, place + size)
        const read = step.map(({ key = null, value, timestamp }, index) => ({
          ...{ partition: 0, offset: BigInt(place + index), key, value: value as ValueOf<T>, timestamp, headers: {} },
        }))
        place += step.length
        onRead(topic.name, place)
        return Promise.resolve(read)
      },
      close: () => Promise.resolve(),
    })
  }
}
