/**
 * A stream joined with a table: the row that a key has now, and the version of it, so that a result can say what it was
 * made with. A missing row is `null`, never a default.
 */
import type { Table } from '../stage.ts'

export type LookUp<V> = { readonly row: V; readonly version: string } | { readonly row: null; readonly version: null }

/**
 * The row of `key` in a table of the stage (`ctx.tables`). A table gives rows without their offset or time, so the version
 * is what the row itself says: a revision, a content hash, an instant.
 */
export function lookUp<V>(table: Table<V>, key: string, versionOf: (row: V) => string | number): LookUp<V> {
  const row = table.get(key)
  return row === undefined ? { row: null, version: null } : { row, version: String(versionOf(row)) }
}
