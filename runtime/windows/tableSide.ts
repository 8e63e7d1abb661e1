/**
 * A co-keyed stream kept as a table in the state of its key: the stream of a stage that is joined with it sees the row
 * that was valid at a given event time. Rows may come out of order; the last `versions` of them are kept.
 */
import type { Schema } from '../schema.ts'
import { recordSchema } from './stateSchemas.ts'
import { eventTime } from './timeWindows.ts'

export interface RowVersion<V> {
  /** Event time from which the row is valid, ms. */
  readonly timestamp: number
  /** `null`: the row was removed. */
  readonly row: V | null
}

export interface TableSideState<V> {
  /** Event time of the latest version that was given up for want of room, ms; `null` if none was. */
  readonly forgottenUpTo: number | null
  /** Earliest first, at most one per timestamp. */
  readonly versions: readonly RowVersion<V>[]
}

export interface TableSideOptions<V> {
  /** Full Avro name of the state. Renaming is a migration. */
  name: string
  row: Schema<V>
  /** How many versions of the row are kept, 1 or more. With 1 it is a plain table of latest rows by event time. */
  versions: number
}

export interface RowAt<V> {
  /** `null`: there was none, or it is not known. */
  readonly row: V | null
  /** Event time of the version, ms: recorded in a result it says which row it was made with. */
  readonly since: number | null
  /** False when the version of that time was given up for want of room. */
  readonly known: boolean
}

export interface TableSide<V> {
  /** The state of a stage, or a part of one (see `combinedState`). */
  readonly state: Schema<TableSideState<V>>
  /**
   * Takes a row, or `null` for its removal, valid from its timestamp on. Of two with the same timestamp the one read later
   * stands. When there is no room the oldest is given up, which may be the new one. Throws, as `at` does, a `RangeError` for what is no time.
   */
  put(before: TableSideState<V> | null | undefined, version: { readonly value: V | null; readonly timestamp: number }): TableSideState<V>
  /** The row that was valid at `timestamp`, and since when. */
  at(state: TableSideState<V> | null | undefined, timestamp: number): RowAt<V>
}

/** Declares a table that is kept in state. Throws a `RangeError` when no version would be kept. */
export function tableSide<V>({ name, row, versions: limit }: TableSideOptions<V>): TableSide<V> {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`versions is ${limit}: 1 or more is needed`)
  const version = {
    type: 'record',
    name: `${name}Version`,
    fields: [
      { name: 'timestamp', type: 'long', doc: 'Event time from which the row is valid, ms.' },
      { name: 'row', type: ['null', row.definition], doc: 'The row; null when it was removed.' },
    ],
  }
  return {
    state: recordSchema(name, 'The latest rows of one key.', [
      { name: 'forgottenUpTo', type: ['null', 'long'], doc: 'Event time of the latest version that was given up, ms.' },
      { name: 'versions', type: { type: 'array', items: version }, doc: 'Versions, earliest first.' },
    ]),
    put(before, { value, timestamp }) {
      eventTime(timestamp)
      const all = (before?.versions ?? []).filter((one) => one.timestamp !== timestamp).concat({ timestamp, row: value })
      all.sort((a, b) => a.timestamp - b.timestamp)
      const given = [
        ...all.slice(0, -limit).map((one) => one.timestamp),
        ...(typeof before?.forgottenUpTo !== 'number' ? [] : [before.forgottenUpTo]),
      ]
      return { forgottenUpTo: given.length === 0 ? null : Math.max(...given), versions: all.slice(-limit) }
    },
    at(state, timestamp) {
      eventTime(timestamp)
      const found = state?.versions.findLast((one) => one.timestamp <= timestamp)
      if (found !== undefined) return { row: found.row, since: found.timestamp, known: true }
      return { row: null, since: null, known: typeof state?.forgottenUpTo !== 'number' }
    },
  }
}
