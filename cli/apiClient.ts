/** Reads the API for the verbs; an answer that is not a success becomes a coded error with the API's own sentence. */
import type { Config } from '../config/config.ts'
import { RekindleError } from '../runtime/errors.ts'
import { cliError, cliErrors } from './errors.ts'

export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; method?: string; body?: string; signal?: AbortSignal },
) => Promise<{ status: number; text(): Promise<string> }>

/** Whole answers; the slowest query of the API is ended long before, ms. */
const ANSWER_WITHIN_MS = 60_000

/** GET of a path as JSON. */
export async function readApi(base: string, path: string, config: Config, fetchOf: Fetch = fetch): Promise<unknown> {
  return asked(base, path, undefined, config, fetchOf)
}

/** POST of a body to a path; the answer as JSON. */
export async function writeApi(base: string, path: string, body: object, config: Config, fetchOf: Fetch = fetch): Promise<unknown> {
  return asked(base, path, body, config, fetchOf)
}

async function asked(base: string, path: string, body: object | undefined, config: Config, fetchOf: Fetch): Promise<unknown> {
  const token = config.http.apiToken
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  let answer: { readonly status: number; readonly text: string }
  try {
    answer = await fetchOf(
      `${base.replace(/\/+$/, '')}${path}`,
      body === undefined
        ? { headers, signal }
        : { headers: { ...headers, 'content-type': 'application/json' }, method: 'POST', body: JSON.stringify(body), signal },
    ).then(async (came) => ({ status: came.status, text: await came.text() }))
  } catch (cause) {
    const why = signal.aborted ? `did not answer within ${ANSWER_WITHIN_MS / 1000} s` : 'does not answer'
    throw cliError('E_API_UNREACHABLE', `${base} ${why}.`, { cause })
  }
  const { status, text } = answer
  if (status !== 200) throw apiRefused(text, status)
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    // A page of something in between, such as a sign-in.
    throw apiRefused(text, status, { cause })
  }
}

/** `E_API_REFUSED` with the API's own sentence and what it says to do; of an answer of something in between its words. */
export function apiRefused(body: string, status: number, options?: ErrorOptions): RekindleError {
  try {
    const { code, message, remedy, reason } = JSON.parse(body) as Record<string, unknown>
    if (typeof code === 'string' && typeof message === 'string') {
      const said = `${status} ${code}${typeof reason === 'string' ? ` (${reason})` : ''}: ${message}`
      const entry = cliErrors.E_API_REFUSED
      return new RekindleError('E_API_REFUSED', typeof remedy === 'string' ? { ...entry, remedy } : entry, said, options)
    }
  } catch {
    // Not JSON: something in between answered, its words are shown as they are.
  }
  return cliError('E_API_REFUSED', `HTTP ${status}: ${body.slice(0, 200)}`, options)
}
