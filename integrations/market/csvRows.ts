/**
 * Facts out of CSV: the fields of docs/market.md as columns, each figure a column of its name. A column that is not known refuses the
 * file, since it says something about every row of it; a row that cannot be read is a value with its line and reason.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { marketFigures } from '../../topics/marketFacts.ts'
import type { Fields } from '../ghl/call/fields.ts'
import { marketError } from './errors.ts'
import { MOST_LINE, factFields, readAll, refusalOf, tooLong } from './rows.ts'
import type { ReadRows, RowOrRefusal } from './rows.ts'

const figureNames: readonly string[] = marketFigures.map(({ figure }) => figure)
const fields: ReadonlySet<string> = new Set([...factFields, ...figureNames])
const needed = ['kind', 'from', 'to', 'source', 'observed_at'] as const

interface CsvRow {
  readonly record: readonly string[]
  /** Line of the file on which the row ends, from 1. */
  readonly info: { readonly lines: number }
}

/** `receivedAt` is when it is read, ms. An empty cell is an absent field. Throws E_MARKET_FILE_UNREADABLE for what is no CSV with a header of these columns. */
export function readCsvRows(text: string, tenantId: string, receivedAt: number): ReadRows {
  const [header, ...records] = recordsOf(text)
  const names = header?.record.map((name) => name.trim().toLowerCase()) ?? []
  const wrong = wrongWith(names)
  if (wrong !== undefined) throw marketError('E_MARKET_FILE_UNREADABLE', `Line ${header?.info.lines ?? 1}: ${wrong}`)
  return readAll(
    records.map(({ record, info }) => ({ line: info.lines, ...rowOf(names, record) })),
    tenantId,
    receivedAt,
  )
}

/** What is wrong with the header. */
function wrongWith(names: readonly string[]): string | undefined {
  const missing = needed.filter((name) => !names.includes(name))
  if (missing.length > 0) return `the header must name ${needed.join(', ')} and figures; missing: ${missing.join(', ')}.`
  const stranger = names.find((name) => !fields.has(name))
  if (stranger !== undefined) {
    const { reason, detail } = refusalOf(stranger)
    return `${reason} (${detail}); known columns are ${[...fields].join(', ')}.`
  }
  const twice = names.find((name, index) => names.indexOf(name) < index)
  return twice === undefined ? undefined : `the column ${twice} stands there twice.`
}

function rowOf(names: readonly string[], record: readonly string[]): RowOrRefusal {
  if (record.length !== names.length)
    return { refusal: { reason: 'cells_unfit', detail: `${record.length} cells, the header has ${names.length}` } }
  const length = record.reduce((sum, cell) => sum + cell.length, 0)
  if (length > MOST_LINE) return { refusal: tooLong(length) }
  const told = new Map(names.flatMap((name, index) => (record[index] === '' ? [] : [[name, record[index] ?? ''] as const])))
  const row: Record<string, Fields[string]> = {}
  const figures: Record<string, string> = {}
  for (const [name, cell] of told) {
    if (figureNames.includes(name)) figures[name] = cell
    // What JSON writes as numbers: a count, and times in milliseconds.
    else row[name] = /^\d+$/.test(cell) && /^(samples|from|to|observed_at)$/.test(name) ? Number(cell) : cell
  }
  return { row: { ...row, figures } }
}

function recordsOf(text: string): readonly CsvRow[] {
  try {
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true }
    return parse(text, options) as unknown as CsvRow[]
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const { lines } = error as { lines?: unknown }
    // Its own words may repeat what a cell holds.
    throw marketError('E_MARKET_FILE_UNREADABLE', `${typeof lines === 'number' ? `Line ${lines}` : 'Somewhere'}: no CSV (${error.code}).`)
  }
}
