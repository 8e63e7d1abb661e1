/** What was thrown as a code of the error table and as an answer: the same fault answers alike on all routes. */
import type { FastifyError } from 'fastify'
import { isApiError, refusal, statusOf } from './errors.ts'
import type { ApiErrorCode, Refusal } from './errors.ts'

/** Codes of connection faults of the store's driver and of the network, SQLSTATE classes 08, 53 and 57 included. */
const storeFault = /^(ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH|08|53|57)/

/** What the pool of the store's driver says without a code. */
const noConnection = /timeout exceeded when trying to connect|Connection terminated/
/** SQLSTATE class 22: a value the store cannot take; here every value comes from the request. */
const dataFault = /^22[0-9A-Z]{3}$/

/** What the store says no to because of the request; its sentences are fit to be shown. */
const storeRefusals: ReadonlySet<string> = new Set(['E_CURSOR_INVALID', 'E_SEARCH_INVALID'])

/** Codes of bodies that Fastify cannot read; its sentences say what they should be and nothing of what they were. */
const UNREADABLE_BODY = 'FST_ERR_CTP_'

/** The code of whatever a route threw. */
export function codeOf(error: FastifyError): ApiErrorCode {
  if (isApiError(error)) return error.code
  if (error.statusCode === 413) return 'E_BODY_TOO_LARGE'
  if (error.statusCode === 429) return 'E_RATE_LIMITED'
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) return 'E_REQUEST_INVALID'
  if (typeof error.code !== 'string') return noConnection.test(error.message) ? 'E_STORE_UNAVAILABLE' : 'E_INTERNAL'
  if (storeRefusals.has(error.code) || dataFault.test(error.code)) return 'E_REQUEST_INVALID'
  if (storeFault.test(error.code)) return 'E_STORE_UNAVAILABLE'
  return 'E_INTERNAL'
}

/** The answer. Words of a fault of our own stay in the log: they may speak of addresses and statements. */
export function answerOf(code: ApiErrorCode, error: FastifyError, requestId: string): Refusal {
  if (statusOf[code] >= 500) return refusal(code, requestId)
  const stranger = strangerIn(error)
  const sentence =
    isApiError(error) || storeRefusals.has(error.code)
      ? error.message.split('\n')[1]
      : stranger !== undefined
        ? `${JSON.stringify(stranger)} is nothing that this route takes.`
        : code === 'E_REQUEST_INVALID' && (error.validation !== undefined || error.code.startsWith(UNREADABLE_BODY))
          ? `${error.message}.`
          : undefined
  return refusal(code, requestId, sentence === undefined ? {} : { sentence })
}

/** The name of a parameter or a field that the route does not know. */
function strangerIn({ validation }: FastifyError): string | undefined {
  const name = validation?.[0]?.params['additionalProperty']
  return typeof name === 'string' ? name.slice(0, 100) : undefined
}
