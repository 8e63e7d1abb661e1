/** Reads the API for the verbs; an answer that is not a success becomes a coded error with the API's own sentence. */
import type { Config } from '../config/config.ts'
import { cliError } from './errors.ts'

export type Fetch = (url: string, init: { headers: Record<string, string> }) => Promise<{ status: number; text(): Promise<string> }>

/** GET of a path as JSON. */
export async function readApi(base: string, path: string, config: Config, fetchOf: Fetch = fetch): Promise<unknown> {
  const token = config.http.apiToken
  let answer: Awaited<ReturnType<Fetch>>
  try {
    answer = await fetchOf(new URL(path, base).toString(), { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
  } catch (error) {
    throw cliError('E_API_UNREACHABLE', `${base} does not answer.`, { cause: error })
  }
  const text = await answer.text()
  if (answer.status !== 200) throw cliError('E_API_REFUSED', refusalText(text, answer.status))
  return JSON.parse(text) as unknown
}

/** The sentence of a refusal of the API, else what can be said of any answer. */
export function refusalText(body: string, status: number): string {
  try {
    const { code, message, remedy, reason } = JSON.parse(body) as Record<string, unknown>
    if (typeof code === 'string' && typeof message === 'string') {
      return `${status} ${code}${typeof reason === 'string' ? ` (${reason})` : ''}: ${message}${typeof remedy === 'string' ? ` ${remedy}` : ''}`
    }
  } catch {
    // Not JSON: something in between answered, its words are shown as they are.
  }
  return `HTTP ${status}: ${body.slice(0, 200)}`
}
