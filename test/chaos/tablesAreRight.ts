/** The tables of the sinks against the topics they read: one row for each record, and the last value of each key. */
import { isDeepStrictEqual } from 'node:util'
import { grouped } from './compare.ts'
import type { Observation, Report, Row, Stored } from './observation.ts'
import type { Entry, Notice, Total } from './workload.ts'

/** Reports what a sink lost, stored more than once or altered. */
export function tablesAreRight({ ledger, totals, notices, regions, postgres, clickhouse }: Observation, report: Report): void {
  sameRows('postgres facts', [...rowsOf('ledger', ledger, entryAmount), ...rowsOf('totals', totals, totalAmount)], postgres.facts, report)
  const latest = new Map(totals.map(({ key, value }) => [key, value.total]))
  for (const key of new Set([...latest.keys(), ...postgres.latest.keys()]))
    if (latest.get(key) !== postgres.latest.get(key))
      report('postgres latest', { key }, 'another last total', latest.get(key), postgres.latest.get(key))
  if (clickhouse !== undefined)
    sameRows(
      'clickhouse facts',
      [...rowsOf('notices', notices, noticeAmount), ...rowsOf('regions', regions, noticeAmount)],
      clickhouse,
      report,
    )
}

const entryAmount = ({ sum }: Entry) => sum
const totalAmount = ({ total }: Total) => total
const noticeAmount = ({ level }: Notice) => level

function rowsOf<V extends { cause: string }>(topic: string, records: readonly Stored<V>[], amount: (value: V) => number): Row[] {
  return records.map(({ partition, offset, key, value }) => ({ topic, partition, offset, key, cause: value.cause, amount: amount(value) }))
}

function sameRows(where: string, expected: readonly Row[], found: readonly Row[], report: Report): void {
  const place = ({ topic, partition, offset }: Row) => `${topic}-${partition}@${offset}`
  const [wanted, got] = [new Map(expected.map((row) => [place(row), row])), grouped(found, place)]
  for (const at of new Set([...wanted.keys(), ...got.keys()])) {
    const [row, rows] = [wanted.get(at), got.get(at) ?? []]
    if (rows.length === 1 && isDeepStrictEqual(rows[0], row)) continue
    const what = rows.length === 0 ? 'lost' : rows.length > 1 ? 'there more than once' : 'has other values'
    report(where, { key: `${at} ${(row ?? rows[0])?.key ?? ''}`, offset: (row ?? rows[0])?.offset }, what, row ?? 'nothing', rows)
  }
}
