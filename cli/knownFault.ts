/**
 * Faults of the outside that reach a verb without a code of ours: a server that takes no connection, an address or a file that the system
 * refuses, a broker that does not permit something, a database that refuses or was not prepared. Whoever starts meets them first, and a stack would tell them nothing. Everything else is a bug and stays one.
 */
import type { RekindleError } from '../runtime/errors.ts'
import { rightsMissing } from '../runtime/kafka/refusals.ts'
import { cliError } from './errors.ts'

/** What the system says of a connection that was not made. */
const NOT_CONNECTED = ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT']
/** No rights, a disk that is full or read only, a file where a folder should be, too many open files. That there is no such file says whoever has named it. */
const FILE_REFUSED = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']
/** The words of the client of Postgres, which has no code for it. */
const NOT_IN_TIME = ['timeout exceeded when trying to connect', 'Connection terminated due to connection timeout']
/** Tables or columns that are not there. */
const UNPREPARED = ['42P01', '42703']
/** Who may not enter, which database there is not, no rights, no room, still starting or going. */
const REFUSED = /^(28...|3D000|42501|53300|57P0[123])$/

/** The fault as an error that says what to do, if it is known. */
export function knownFault(fault: unknown): RekindleError | undefined {
  if (!(fault instanceof Error)) return undefined
  const { code, severity, syscall } = fault as { readonly code?: unknown; readonly severity?: unknown; readonly syscall?: unknown }
  const first = fault instanceof AggregateError ? (fault.errors[0] as unknown) : undefined
  const said = fault.message === '' && first instanceof Error ? first.message : fault.message
  const cause = { cause: fault }
  if (syscall === 'listen') return cliError('E_ADDRESS_UNUSABLE', `${said}.`, cause)
  if (typeof syscall === 'string' && typeof code === 'string' && FILE_REFUSED.includes(code))
    return cliError('E_FILE_REFUSED', `${said}.`, cause)
  if (NOT_IN_TIME.includes(said) || (typeof code === 'string' && NOT_CONNECTED.includes(code)))
    return cliError('E_SERVER_UNREACHABLE', `${said}.`, cause)
  if (typeof severity !== 'string' || typeof code !== 'string') return rightsMissing(fault)
  if (UNPREPARED.includes(code)) return cliError('E_DATABASE_UNPREPARED', `Postgres: ${said}.`, cause)
  return REFUSED.test(code) ? cliError('E_DATABASE_REFUSED', `Postgres: ${said}.`, cause) : undefined
}
