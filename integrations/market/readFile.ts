/** Facts of a file: CSV where its name ends in `.csv`, else JSON Lines. A file that cannot be read is a coded error; a row that cannot is a value. */
import { readFileSync, statSync } from 'node:fs'
import { readCsvRows } from './csvRows.ts'
import { marketError } from './errors.ts'
import { readRows } from './rows.ts'
import type { ReadRows } from './rows.ts'

/** Read whole: some 200,000 rows. */
const MOST_FILE_BYTES = 64 * 1_048_576

/** `receivedAt` is when it is read, ms. Throws E_MARKET_FILE_UNREADABLE. */
export function readMarketFile(file: string, tenantId: string, receivedAt: number): ReadRows {
  let text: string
  try {
    const { size } = statSync(file)
    if (size > MOST_FILE_BYTES) throw new RangeError(`it has ${size} bytes`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw marketError('E_MARKET_FILE_UNREADABLE', `${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return (/\.csv$/i.test(file) ? readCsvRows : readRows)(text, tenantId, receivedAt)
}
