/**
 * One call of the platform: room in the limit of its location, a breaker that is closed, the token and the version it wants,
 * an answer in time, read as a value. What changes something twice is never repeated when it may have acted.
 */
import { Agent, request } from 'undici'
import type { CallOutcome } from '../../../runtime/circuitBreaker.ts'
import type { Clock } from '../clock.ts'
import { endpoints } from '../endpoints.ts'
import type { EndpointName } from '../endpoints.ts'
import { burstWindowMs, failureOfError, failureOfStatus } from '../outcomes.ts'
import type { Failure, Outcome, Read } from '../outcomes.ts'
import type { RateLimit, Taken } from '../rateLimit.ts'
import type { TokenAnswer, Tokens } from '../tokens.ts'
import type { Breakers } from './breakers.ts'
import { answerOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { repeatDefaults, retryAfterMs, waitBeforeRepeat } from './repeat.ts'

export interface CallerOptions {
  readonly apiUrl: string
  readonly tokens: Tokens
  readonly clock: Clock
  /** From 0 up to 1. */
  readonly random: () => number
  readonly timeoutMs: number
  readonly limit: RateLimit
  readonly breakers: Breakers
}

export interface CallOptions {
  /** The call was admitted before: it is made once, now. */
  readonly admitted?: boolean
  /** Calls at most, the first one included. */
  readonly tries?: number
  /** Nobody waits for it: it leaves a part of the location's calls to what somebody waits for. */
  readonly background?: boolean
  /** The request leaves by this time, ms, or not at all: a token or room may be waited for before. */
  readonly leavesBy?: number | undefined
  /** Gives up waiting; a call that is on its way is waited for. */
  readonly signal?: AbortSignal
  /** Told of each request that leaves, repeated ones too: who has a share of the calls counts them by it. */
  readonly onCall?: () => void
}

export interface Call {
  readonly endpoint: EndpointName
  readonly tenantId: string
  /** Values of the parameters of the path. */
  readonly path?: Readonly<Record<string, string>>
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: object
  readonly options?: CallOptions | undefined
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfterMs: number | undefined
}

const CONNECT_MS = 5_000
/** A longer wait that is asked for is no limit but an instant in the wrong unit, or a wrong clock: it would stop a location for years. 1 h in ms. */
const LONGEST_ASKED_MS = 3_600_000
/** Shorter than what servers close idle connections after: a request on a dying connection has an unknown outcome. */
const KEEP_ALIVE_MS = 3_000

/** Of one answer, 128 MiB: 500 exported e-mails of 250 KB. What goes on is given up, or one answer would end the process. */
const ANSWER_BYTES = 134_217_728

export class Caller {
  private readonly options: CallerOptions
  private readonly base: string
  private readonly agent: Agent

  constructor(options: CallerOptions) {
    this.options = options
    this.base = options.apiUrl.replace(/\/$/, '')
    this.agent = new Agent({
      connect: { timeout: CONNECT_MS },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxResponseSize: ANSWER_BYTES,
    })
  }

  close(): Promise<void> {
    return this.agent.close()
  }

  /** Makes a call and reads its answer. `undefined` from `meaning` is an answer that does not say what it must. */
  async change<T>(call: Call, meaning: (answer: Fields) => T | undefined): Promise<Outcome<T>> {
    const { options = {} } = call
    const missing = missingIn(call)
    if (missing !== undefined) return { kind: 'refused', code: 'bad_request', detail: `no ${missing} was given; nothing was called` }
    const limits = { ...repeatDefaults, tries: options.tries ?? (options.admitted === true ? 1 : repeatDefaults.tries) }
    const { kind } = endpoints[call.endpoint]
    let mayHaveActed: Failure | undefined
    for (let made = 1; ; made++) {
      const outcome = await this.once(call, meaning)
      if (outcome.kind === 'accepted') return outcome
      if (outcome.kind === 'unknown' && kind !== 'read') mayHaveActed = outcome
      const wait = waitBeforeRepeat(outcome, kind, made, this.options.random(), limits)
      // That the last try was not made says nothing of the ones before.
      if (wait === undefined || options.signal?.aborted === true) return outcome.kind === 'not_sent' ? (mayHaveActed ?? outcome) : outcome
      await this.options.clock.sleep(wait, options.signal)
    }
  }

  /** The same for a call that changes nothing. */
  async read<T>(call: Call, meaning: (answer: Fields) => T | undefined): Promise<Read<T>> {
    const outcome = await this.change(call, meaning)
    return outcome.kind === 'accepted'
      ? { ok: true, value: outcome.value }
      : { ok: false, detail: `${outcome.code}: ${outcome.detail}`, failure: outcome }
  }

  private async once<T>(call: Call, meaning: (answer: Fields) => T | undefined): Promise<Outcome<T>> {
    const { tokens } = this.options
    const { tenantId, options = {} } = call
    const openMs = this.options.breakers.openForMs(tenantId)
    if (openMs > 0) return breakerOpen(tenantId, openMs)
    const held = await tokens.current(tenantId)
    if (!held.ok) return withoutToken(held)
    const outcome = await this.permitted(call, held.token, meaning, options.admitted === true)
    if (outcome.kind !== 'not_sent' || outcome.code !== 'unauthorised') return outcome
    // Refused before it was looked at: nothing has happened, and an expired token is the common reason.
    const renewed = await tokens.renewed(tenantId, held.token)
    return renewed.ok ? this.permitted(call, renewed.token, meaning, false) : outcome
  }

  private async permitted<T>(
    call: Call,
    token: string,
    meaning: (answer: Fields) => T | undefined,
    admitted: boolean,
  ): Promise<Outcome<T>> {
    const { limit, breakers } = this.options
    const { tenantId, options = {} } = call
    if (!admitted) {
      const taken = await limit.take(tenantId, 1, options.signal, options.background === true ? 'background' : 'first')
      if (!taken.granted) return withoutRoom(taken)
    }
    if (options.leavesBy !== undefined && this.options.clock.now() > options.leavesBy) return tooLate
    const permit = breakers.admit(tenantId)
    if (permit === undefined) return breakerOpen(tenantId, breakers.openForMs(tenantId))
    let said: CallOutcome = 'given-up'
    try {
      const outcome = await this.answered(call, token, meaning)
      said = outcome.kind !== 'accepted' && isOutage(outcome) ? 'failure' : 'success'
      return outcome
    } finally {
      breakers.after(tenantId, permit, said)
    }
  }

  private async answered<T>(call: Call, token: string, meaning: (answer: Fields) => T | undefined): Promise<Outcome<T>> {
    let answer: Answer
    try {
      answer = await this.send(call, token)
    } catch (error) {
      return failureOfError(error)
    }
    const { status, text, retryAfterMs } = answer
    if (status < 200 || status > 299) return failureOfStatus(call.endpoint, status, text, retryAfterMs)
    const said = answerOf(text)
    const value = said && meaning(said)
    // It was taken, but we do not know as what: looked up like a time-out.
    return value === undefined
      ? { kind: 'unknown', code: 'answer_unreadable', detail: `${status}: ${text.slice(0, 300)}` }
      : { kind: 'accepted', value }
  }

  private async send({ endpoint, tenantId, path = {}, query = {}, body, options }: Call, token: string): Promise<Answer> {
    const { clock, limit, timeoutMs } = this.options
    options?.onCall?.()
    const { method, version } = endpoints[endpoint]
    const {
      statusCode,
      headers,
      body: answered,
    } = await request(`${this.base}${pathOf(endpoint, path)}${queryOf(query)}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        version,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
      dispatcher: this.agent,
    })
    const text = await answered.text()
    const intervalMs = heeded(numberIn(headers['x-ratelimit-interval-milliseconds']))
    const asked = heeded(retryAfterMs(one(headers['retry-after']), clock.now()))
    const dailyRemaining = numberIn(headers['x-ratelimit-daily-remaining'])
    const dailyLimit = numberIn(headers['x-ratelimit-limit-daily'])
    if (statusCode === 429) await limit.block(tenantId, asked ?? intervalMs ?? burstWindowMs)
    // The wait that a 429 asks for is the last word on the burst window.
    const remaining = statusCode === 429 ? undefined : numberIn(headers['x-ratelimit-remaining'])
    await limit.told(tenantId, { remaining, intervalMs, dailyRemaining, dailyLimit })
    return { status: statusCode, text, retryAfterMs: asked ?? (statusCode === 429 ? intervalMs : undefined) }
  }
}

/** The path of an endpoint with its parameters filled in. */
export function pathOf(endpoint: EndpointName, values: Readonly<Record<string, string>>): string {
  return endpoints[endpoint].path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
}

/** A parameter that would make another path of it: an empty id asks for, or deletes, something else. */
function missingIn({ endpoint, path = {} }: Call): string | undefined {
  const names = [...endpoints[endpoint].path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  return names.find((name) => ['', '.', '..'].includes(path[name]?.trim() ?? ''))
}

function queryOf(query: NonNullable<Call['query']>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]))
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

const tooLate: Failure = {
  kind: 'not_sent',
  code: 'aborted_before_sending',
  detail: 'the time by which it had to leave was over before it could',
  retryAfterMs: 0,
}

function withoutRoom({ why, waitMs }: Exclude<Taken, { granted: true }>): Failure {
  return why === 'stopped'
    ? { kind: 'not_sent', code: 'aborted_before_sending', detail: 'stopped while it waited for room', retryAfterMs: 0 }
    : { kind: 'not_sent', code: 'daily_limit', detail: `no call may leave for ${waitMs} ms`, retryAfterMs: waitMs }
}

function withoutToken({ code, detail, retryAfterMs }: Exclude<TokenAnswer, { ok: true }>): Failure {
  return { kind: 'not_sent', code, detail, retryAfterMs }
}

function breakerOpen(tenantId: string, forMs: number): Failure {
  return {
    kind: 'not_sent',
    code: 'breaker_open',
    detail: `calls for ${tenantId} have failed too often; none is made for ${forMs} ms`,
    // Half-open with every trial under way has no time of its own.
    retryAfterMs: Math.max(forMs, 1_000),
  }
}

/** Failures that say that the platform is down, not that this call was wrong. */
function isOutage({ code }: Failure): boolean {
  return code === 'server_error' || code === 'timed_out' || code === 'connection_lost' || code === 'not_connected'
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function heeded(askedMs: number | undefined): number | undefined {
  return askedMs === undefined ? undefined : Math.min(askedMs, LONGEST_ASKED_MS)
}

/** A header without a value is no zero: it would spend the day. */
function numberIn(header: string | string[] | undefined): number | undefined {
  const said = one(header)?.trim() ?? ''
  const value = Number(said)
  return said === '' || !Number.isFinite(value) ? undefined : value
}
