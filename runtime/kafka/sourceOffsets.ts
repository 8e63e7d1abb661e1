/**
 * Where a group goes on. Read only after the predecessor of the unit is fenced: before that, offsets of its last
 * transaction may be pending, and its last batch would be processed twice.
 */
import { runtimeError } from '../errors.ts'
import type { ClusterConnection } from './cluster.ts'
import { committedOffsets, firstOffsets, stableEnds } from './offsets.ts'
import type { Place } from './unit.ts'

export interface Source extends Place {
  /** Next offset by the group's commits; `undefined` when it never committed one. */
  readonly committed: bigint | undefined
  readonly metadata: string
  /** First offset the broker still holds. */
  readonly low: bigint
  /** Last stable offset, exclusive. */
  readonly end: bigint
}

/** What the broker knows of these places. Throws as soon as nobody wants it any more, also while offsets are being decided. */
export async function sources(
  connection: ClusterConnection,
  groupId: string,
  places: readonly Place[],
  live: () => boolean = () => true,
): Promise<readonly Source[]> {
  const topics = [...new Set(places.map(({ topic }) => topic))]
  const [committed, lows] = await Promise.all([
    committedOffsets(connection, groupId, places, { stable: true, live }),
    firstOffsets(connection, topics),
  ])
  // After the offsets: whoever has been replaced meanwhile would take what its successor has committed for one beyond the end.
  const ends = await stableEnds(connection, topics)
  return places.map(({ topic, partition }): Source => {
    const low = lows.get(topic)?.get(partition)
    const end = ends.get(topic)?.get(partition)
    if (low === undefined || end === undefined) throw runtimeError('E_TOPIC_MISSING', `${topic} has no partition ${partition}.`)
    const own = committed.get(`${topic}#${partition}`)
    return { topic, partition, committed: own?.offset, metadata: own?.metadata ?? '', low, end }
  })
}

/**
 * `offset`, or the first kept one when there is none yet. One outside what the broker holds means that records were lost
 * or the topic was made anew: E_OFFSET_OUT_OF_RANGE, because the client would silently commit and start over.
 */
export function startingAt(source: Source, offset: bigint | undefined, reader: string): bigint {
  if (offset === undefined) return source.low
  if (offset < source.low || offset > source.end) {
    throw runtimeError(
      'E_OFFSET_OUT_OF_RANGE',
      `${reader} is at offset ${offset} of ${source.topic} partition ${source.partition}; the broker holds ${source.low} to ${source.end}.`,
    )
  }
  return offset
}
