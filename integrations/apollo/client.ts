/**
 * People enrichment of Apollo: one person asked for by as little as finds one. Personal data goes into the body, never into the URL;
 * addresses and numbers are never asked for. Nothing throws and nothing is repeated here: each call may cost.
 * @source docs.apollo.io people-enrichment, authentication (key in the header X-Api-Key). Unverified against a live account
 */
import { Agent, request } from 'undici'
import { admit, afterCall, afterTime, closedBreaker, defaultBreakerLimits } from '../../runtime/circuitBreaker.ts'
import type { BreakerState } from '../../runtime/circuitBreaker.ts'
import { fieldsOf } from '../ghl/call/fields.ts'
import type { Fields } from '../ghl/call/fields.ts'
import { retryAfterMs } from '../ghl/call/repeat.ts'
import { SteadyTime } from '../ghl/clock.ts'
import type { Clock } from '../ghl/clock.ts'
import { failureOfError, failureOfStatus } from './outcomes.ts'
import type { Failure } from './outcomes.ts'
import { personOf } from './person.ts'
import type { PersonFields } from './person.ts'
import { ApolloRateLimit } from './rateLimit.ts'

export const apolloUrl = 'https://api.apollo.io'
export const matchPath = '/api/v1/people/match'

/** What a person is looked for by. */
export interface Sought {
  readonly email?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly companyName?: string
}

export type Match =
  /** `person` is undefined when nobody was found. */
  { readonly kind: 'answered'; readonly person: PersonFields | undefined } | Failure

export interface ApolloOptions {
  readonly apiUrl?: string
  readonly apiKey: string
  readonly clock: Clock
  /** From 0 up to 1. */
  readonly random?: () => number
  /** Longest wait for an answer, ms. */
  readonly timeoutMs?: number
  readonly callsPerMinute?: number
}

export interface Apollo {
  match(sought: Sought): Promise<Match>
  close(): Promise<void>
}

const CONNECT_MS = 5_000
const KEEP_ALIVE_MS = 3_000
/** The longest window that Apollo counts, ms. A longer wait is an instant in the wrong unit, or a wrong clock: it would end look-ups for years. */
const LONGEST_ASKED_MS = 86_400_000
/** Of one person; a longer answer is none. */
const ANSWER_BYTES = 1_048_576

/** Opens it; nothing is called yet. */
export function apolloClient(options: ApolloOptions): Apollo {
  return new ApolloClient(options)
}

class ApolloClient implements Apollo {
  private readonly url: string
  private readonly apiKey: string
  private readonly clock: Clock
  private readonly random: () => number
  private readonly timeoutMs: number
  private readonly limit: ApolloRateLimit
  private readonly time: SteadyTime
  private readonly agent = new Agent({
    connect: { timeout: CONNECT_MS },
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxResponseSize: ANSWER_BYTES,
  })
  private breaker: BreakerState = closedBreaker

  constructor({ apiUrl = apolloUrl, apiKey, clock, random = Math.random, timeoutMs = 15_000, callsPerMinute = 200 }: ApolloOptions) {
    this.url = `${apiUrl.replace(/\/$/, '')}${matchPath}`
    this.apiKey = apiKey
    this.clock = clock
    this.random = random
    this.timeoutMs = timeoutMs
    this.limit = new ApolloRateLimit(callsPerMinute, clock)
    this.time = new SteadyTime(clock)
  }

  close(): Promise<void> {
    return this.agent.close()
  }

  async match(sought: Sought): Promise<Match> {
    const { state, permit } = admit(afterTime(this.breaker, this.time.now()), this.time.now(), defaultBreakerLimits)
    this.breaker = state
    if (permit === undefined) {
      const forMs = state.kind === 'open' ? state.until - this.time.now() : 1_000
      return { kind: 'not_sent', code: 'breaker_open', detail: `no call is made for ${forMs} ms`, retryAfterMs: forMs }
    }
    const waitMs = this.limit.take()
    const match: Match =
      waitMs > 0
        ? { kind: 'not_sent', code: 'held_back', detail: `no call for ${waitMs} ms`, retryAfterMs: waitMs }
        : await this.call(sought)
    const said = waitMs > 0 ? 'given-up' : isOutage(match) ? 'failure' : 'success'
    this.breaker = afterCall(this.breaker, permit, said, this.time.now(), this.random(), defaultBreakerLimits)
    return match
  }

  private async call({ email, firstName, lastName, companyName }: Sought): Promise<Match> {
    try {
      const { statusCode, headers, body } = await request(this.url, {
        method: 'POST',
        headers: { 'x-api-key': this.apiKey, accept: 'application/json', 'content-type': 'application/json', 'cache-control': 'no-cache' },
        body: JSON.stringify({
          email,
          first_name: firstName,
          last_name: lastName,
          organization_name: companyName,
          reveal_personal_emails: false,
          reveal_phone_number: false,
        }),
        signal: AbortSignal.timeout(this.timeoutMs),
        dispatcher: this.agent,
      })
      const words = await body.text()
      this.limit.told((header) => numberIn(headers[header]))
      if (statusCode >= 200 && statusCode <= 299) return answered(words)
      const asked = retryAfterMs(one(headers['retry-after']), this.clock.now())
      const failure = failureOfStatus(statusCode, words, asked === undefined ? undefined : Math.min(asked, LONGEST_ASKED_MS))
      if (failure.kind === 'not_sent' && failure.code === 'rate_limited') this.limit.block(failure.retryAfterMs)
      return failure
    } catch (error) {
      return failureOfError(error)
    }
  }
}

/** An answer says who was found or, by `"person": null`, that nobody was; a page of a proxy says neither. */
function answered(words: string): Match {
  let answer: Fields | undefined
  try {
    answer = fieldsOf(JSON.parse(words))
  } catch {
    answer = undefined
  }
  const says = answer?.['person']
  if (answer === undefined || says === undefined || (says !== null && fieldsOf(says) === undefined))
    return { kind: 'unknown', code: 'answer_unreadable', detail: 'an answer without a person' }
  return { kind: 'answered', person: personOf(answer) }
}

function isOutage(match: Match): boolean {
  return match.kind === 'unknown' || (match.kind === 'not_sent' && match.code === 'not_connected')
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function numberIn(header: string | string[] | undefined): number | undefined {
  const text = one(header)?.trim() ?? ''
  const value = Number(text)
  return text === '' || !Number.isFinite(value) ? undefined : value
}
