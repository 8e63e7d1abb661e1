/**
 * What ClickHouse may refuse, told apart by its numeric code, never by its text. Whatever is retriable is retried with
 * the very same block; anything else stops the sink with the offsets unmoved.
 */
import { ClickHouseError } from '@clickhouse/client'
import { errorsOf } from '../../runtime/errors.ts'
import type { ErrorEntry, RekindleError } from '../../runtime/errors.ts'

export const clickhouseErrors = {
  E_CLICKHOUSE_UNREACHABLE: {
    scope: 'process',
    retriable: true,
    means: 'ClickHouse could not be reached or did not answer in time.',
    remedy: 'Check CLICKHOUSE_URL and that the engine runs; the sink keeps trying with the same block.',
  },
  E_CLICKHOUSE_BUSY: {
    scope: 'process',
    retriable: true,
    means: 'ClickHouse refuses work for the moment: memory, a disk that is full, too many parts, too many queries, a time-out.',
    remedy: 'Nothing to do when it passes; when it lasts, look at its disk, at system.parts and the memory limit.',
  },
  E_CLICKHOUSE_TABLES_MISSING: {
    scope: 'process',
    retriable: false,
    means: 'A database, table or column that is written to does not exist.',
    remedy: 'Run `rekindle prepare`.',
  },
  E_CLICKHOUSE_ACCESS_DENIED: {
    scope: 'process',
    retriable: false,
    means: 'ClickHouse does not accept the user or refuses it the right.',
    remedy:
      'Check the credentials in CLICKHOUSE_URL; the writer needs SELECT, INSERT and ALTER on the tables and CREATE and DROP for its own `…_mend_…` ones, the migrator CREATE and DROP.',
  },
  E_CLICKHOUSE_REFUSED: {
    scope: 'process',
    retriable: false,
    means: 'ClickHouse refused a statement.',
    remedy: 'The code is in the message; a refused row is a fault of the row function, which must take every record.',
  },
  E_MIGRATION_CHANGED: {
    scope: 'process',
    retriable: false,
    means: 'A migration that was applied is no longer what stands in the tree.',
    remedy: 'Leave applied migrations as they are and add a new one.',
  },
  E_MIGRATION_UNKNOWN: {
    scope: 'process',
    retriable: false,
    means: 'The database has a migration that this version does not know.',
    remedy: 'Run the version that made it, or go back with that version first.',
  },
} as const satisfies Record<string, ErrorEntry>

export type ClickhouseErrorCode = keyof typeof clickhouseErrors
export const clickhouseError = errorsOf(clickhouseErrors)

/**
 * Codes that pass by themselves: time-outs, limits, lost connections, shutdown, a cancelled query, a table that is read-only for the moment, and a disk that
 * is full (NOT_ENOUGH_SPACE, CANNOT_WRITE_TO_FILE_DESCRIPTOR): its rows are as good as before, and what ends the sink ends the sinks beside it.
 */
const busy = new Set([
  ...['75', '159', '160', '202', '209', '210', '236', '241', '242', '243'],
  ...['252', '279', '319', '394', '425', '439', '473'],
])
/** UNKNOWN_TABLE, UNKNOWN_DATABASE, NO_SUCH_COLUMN_IN_TABLE, NOT_FOUND_COLUMN_IN_BLOCK, THERE_IS_NO_COLUMN. */
const absent = new Set(['60', '81', '16', '10', '8'])
/** AUTHENTICATION_FAILED, ACCESS_DENIED, READONLY (a user that may only read), UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD. */
const denied = new Set(['516', '497', '164', '192', '193', '194'])

/** The code of a ClickHouse failure of any kind. An error without a ClickHouse code never reached the engine. */
export function clickhouseCodeOf(error: unknown): ClickhouseErrorCode {
  if (!(error instanceof ClickHouseError)) return 'E_CLICKHOUSE_UNREACHABLE'
  if (busy.has(error.code)) return 'E_CLICKHOUSE_BUSY'
  if (absent.has(error.code)) return 'E_CLICKHOUSE_TABLES_MISSING'
  return denied.has(error.code) ? 'E_CLICKHOUSE_ACCESS_DENIED' : 'E_CLICKHOUSE_REFUSED'
}

/** Wraps what the client threw. `doing` says what was tried, to what. */
export function clickhouseFailure(error: unknown, doing: string): RekindleError<ClickhouseErrorCode> {
  const said =
    error instanceof ClickHouseError
      ? `${doing}: code ${error.code} (${error.type ?? 'no type'}), ${error.message}`
      : `${doing}: ${String(error)}`
  return clickhouseError(clickhouseCodeOf(error), said, { cause: error })
}

/** True when the engine says that a table or database is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ClickHouseError && (error.code === '60' || error.code === '81')
}
