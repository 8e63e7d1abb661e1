/**
 * A client of a Confluent-compatible schema registry: registers, sets the compatibility of a subject, looks a writer up
 * by id. A refusal says which subject and why; a registry that is away, or asked too often, is retried until the deadline, then named.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { RekindleError, runtimeError } from '../errors.ts'

export type Compatibility = 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE'

export interface RegistryOptions {
  /** May carry user and password, which are sent as basic authentication and appear in no message. */
  readonly url: string
  /** How long a registry that is away is waited for, ms. */
  readonly deadlineMs?: number
  /** Waits; by the clock of the machine unless given. */
  readonly wait?: (ms: number) => Promise<unknown>
  /** Extra headers, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
/** One request, ms. */
const REQUEST_TIMEOUT_MS = 5_000
const RETRY_MS = 250
const MOST_WAIT_MS = 4_000
const CONFLICT_ATTEMPTS = 3

export class SchemaRegistry {
  readonly #options: RegistryOptions
  /** Without credentials, for requests and messages. */
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #wait: (ms: number) => Promise<unknown>

  constructor(options: RegistryOptions) {
    this.#options = options
    this.#wait = options.wait ?? delay
    const { url, authorization } = withoutCredentials(options.url)
    this.#url = url
    this.#headers = {
      'content-type': CONTENT_TYPE,
      accept: `${CONTENT_TYPE}, application/json`,
      ...(authorization === undefined ? {} : { authorization }),
      ...options.headers,
    }
  }

  /** Registers `definition` under `subject` and returns its id; an equal schema keeps its id. */
  async register(subject: string, definition: object, compatibility: Compatibility): Promise<number> {
    // The level is set before the version: set afterwards, a first incompatible deploy would be let through.
    const known = await this.#setCompatibility(subject, compatibility)
    const ask = () =>
      this.#call('POST', `/subjects/${encodeURIComponent(subject)}/versions`, { schema: JSON.stringify(definition), schemaType: 'AVRO' })
    let answer = await ask()
    // Members that start together register together, and to all but one Apicurio says that the subject exists already. What
    // is not compatible is refused again.
    for (let again = 1; answer.status === 409 && again < CONFLICT_ATTEMPTS; again++) {
      await this.#wait(RETRY_MS)
      answer = await ask()
    }
    if (answer.status === 409 || answer.status === 422) {
      throw runtimeError('E_SCHEMA_REFUSED', `${subject}: ${reasonOf(answer)}`)
    }
    if (answer.status !== 200 || typeof answer.body.id !== 'number') {
      throw runtimeError('E_REGISTRY_UNREACHABLE', `${this.#url} answered ${answer.status} to ${subject}: ${reasonOf(answer)}`)
    }
    if (!known && !(await this.#setCompatibility(subject, compatibility))) {
      throw runtimeError('E_REGISTRY_UNREACHABLE', `${this.#url} does not accept a compatibility level for ${subject}`)
    }
    return answer.body.id
  }

  /** The id of `definition` under `subject` where it is registered; `undefined` where it is not. Registers nothing. */
  async idOf(subject: string, definition: object): Promise<number | undefined> {
    const answer = await this.#call('POST', `/subjects/${encodeURIComponent(subject)}`, {
      schema: JSON.stringify(definition),
      schemaType: 'AVRO',
    })
    if (answer.status === 404) return undefined
    if (answer.status !== 200 || typeof answer.body.id !== 'number') {
      throw runtimeError('E_REGISTRY_UNREACHABLE', `${this.#url} answered ${answer.status} to ${subject}: ${reasonOf(answer)}`)
    }
    return answer.body.id
  }

  /**
   * The Avro definition with this id, or `undefined` when the registry does not know it. Of a schema that is none of Avro (registries
   * keep others too, and anybody may write its id before a value) the kind stands in its place, which no reader can be made of.
   */
  async definition(id: number): Promise<object | undefined> {
    const answer = await this.#call('GET', `/schemas/ids/${id}`)
    if (answer.status === 404) return undefined
    const { schema, schemaType } = answer.body
    if (answer.status !== 200 || typeof schema !== 'string') {
      throw runtimeError('E_REGISTRY_UNREACHABLE', `${this.#url} answered ${answer.status} to schema ${id}: ${reasonOf(answer)}`)
    }
    const other = typeof schemaType === 'string' && schemaType !== 'AVRO' ? schemaType : undefined
    try {
      const definition: unknown = other === undefined ? JSON.parse(schema) : other
      return typeof definition === 'object' && definition !== null ? definition : { type: definition }
    } catch {
      return { type: 'no Avro' }
    }
  }

  async #setCompatibility(subject: string, compatibility: Compatibility): Promise<boolean> {
    const answer = await this.#call('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility })
    return answer.status === 200
  }

  async #call(method: string, path: string, body?: object): Promise<Answer> {
    const until = performance.now() + (this.#options.deadlineMs ?? 15_000)
    for (let waitMs = RETRY_MS; ;) {
      try {
        const response = await fetch(this.#url + path, {
          method,
          headers: this.#headers,
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        if (response.status === 401 || response.status === 403) {
          throw runtimeError('E_REGISTRY_LOGIN_REFUSED', `${this.#url} answered ${response.status} to ${method} ${path}.`)
        }
        const isBusy = response.status === 429
        if ((response.status < 500 && !isBusy) || performance.now() > until) return { status: response.status, body: parsed(text) }
        waitMs = waitOf(response.headers.get('retry-after'), isBusy ? waitMs * 2 : RETRY_MS)
      } catch (error) {
        if (error instanceof RekindleError) throw error
        if (performance.now() > until) {
          throw runtimeError('E_REGISTRY_UNREACHABLE', `${this.#url}: ${String((error as Error).message)}`, { cause: error })
        }
      }
      // Not beyond the deadline: it is asked once more then.
      await this.#wait(Math.max(RETRY_MS, Math.min(waitMs, until - performance.now())))
    }
  }
}

/** How long one that does not answer now is let alone, ms: as long as it says, in seconds. */
function waitOf(retryAfter: string | null, otherwiseMs: number): number {
  const seconds = Number(retryAfter ?? '')
  return seconds > 0 ? seconds * 1_000 : Math.min(otherwiseMs, MOST_WAIT_MS)
}

function withoutCredentials(given: string): { readonly url: string; readonly authorization?: string } {
  const url = new URL(given)
  const { username, password } = url
  url.username = ''
  url.password = ''
  const bare = url.href.replace(/\/$/, '')
  if (username === '' && password === '') return { url: bare }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { url: bare, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : { message: text }
  } catch {
    return { message: text }
  }
}

function reasonOf(answer: Answer): string {
  const { message, name } = answer.body
  return typeof message === 'string' && message !== '' ? message : typeof name === 'string' ? name : `status ${answer.status}`
}
