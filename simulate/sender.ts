/**
 * Posts signed webhooks as the platform does: at a rate, in order per lead, again on 5xx and on refused connections with
 * growing pauses. Keeps exact accounts by webhookId, so that a test can compare every record that came of it.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from './deliveries.ts'
import type { SimulatedWebhook } from './webhooks.ts'

export interface Answer {
  readonly status: number
  readonly body: string
  readonly retryAfterSeconds?: number
}
/** Sends one signed body. Rejects when no answer came. */
export type Post = (body: Buffer, signature: string) => Promise<Answer>

/** What became of a webhook. */
export type Fate = 'accepted' | 'dropped' | 'lost' | 'unsent' | `rejected:${string}`

export interface Accounts {
  /** Different webhooks. */
  sent: number
  /** Requests made, repeats and retries included. */
  attempts: number
  /** Different webhooks that were answered 2xx and stored. */
  accepted: number
  /** Further deliveries of webhooks that were stored already. */
  duplicates: number
  /** Answered 2xx and dropped, because the location is not installed. */
  dropped: number
  /** Different webhooks that the platform lost before it sent them. */
  unsent: number
  /** Requests after a 5xx or a lost connection. */
  retries: number
  /** Different webhooks that were refused, by reason. */
  rejected: Record<string, number>
  /** Different webhooks that no retry brought through. */
  lost: number
  /** What became of each, by webhookId. */
  readonly fates: Map<string, Fate>
  /** webhookIds of each type that were accepted. */
  readonly acceptedByType: Record<string, number>
}

export interface SenderOptions {
  readonly post: Post
  readonly sign: (body: Buffer) => string
  /** Sends the body of a workflow's post, which nobody signs. Needed where deliveries have such. */
  readonly postReport?: (body: Buffer) => Promise<Answer>
  /** Webhooks per second; Infinity = as fast as they are answered. */
  readonly rate: number
  /** Requests in flight. */
  readonly concurrency?: number
  readonly now?: () => number
  readonly wait?: (ms: number) => Promise<void>
  readonly signal?: AbortSignal
  /** Told of each webhook before its first delivery: it has happened. False when the platform never tells of it. */
  readonly onHappened?: (webhook: SimulatedWebhook) => Promise<boolean>
  readonly onProgress?: (accounts: Readonly<Accounts>) => void
  /** Fates kept at most, the oldest forgotten first; a stream without end needs a bound. Default: all. */
  readonly remember?: number
}

/** Retries after the first attempt. @source the platform, since 2026-04-30 */
const maxRetries = 12
/**
 * First pause after a failure and the longest, ms; the platform's are minutes, which nobody wants to wait for here. All together
 * 100 (2^9 - 1) + 3 * 30,000 = 141 s: a line that starts again on a busy machine takes more than one minute.
 */
const firstPause = 100
const longestPause = 30_000

export function newAccounts(): Accounts {
  return {
    sent: 0,
    attempts: 0,
    accepted: 0,
    duplicates: 0,
    dropped: 0,
    unsent: 0,
    retries: 0,
    rejected: {},
    lost: 0,
    fates: new Map(),
    acceptedByType: {},
  }
}

/** Sends all deliveries; resolves with the accounts when the last one is answered or given up. */
export async function sendAll(deliveries: Iterable<Delivery>, options: SenderOptions): Promise<Accounts> {
  const {
    post,
    sign,
    postReport = () => Promise.reject(new TypeError('There is a post of a workflow and nowhere to send it.')),
    rate,
    concurrency = 64,
    now = Date.now,
    signal,
    onHappened,
    onProgress,
    remember = Infinity,
    wait = (ms) => pauseUnless(signal, ms),
  } = options
  const accounts = newAccounts()
  const lastOfLead = new Map<string, Promise<void>>()
  const running = new Set<Promise<void>>()
  const startedAt = now()
  let count = 0
  let failure: { error: unknown } | undefined
  const stopped = () => signal?.aborted === true

  for (const delivery of deliveries) {
    if (stopped() || failure !== undefined) break
    const dueAt = Math.max(startedAt + (count++ * 1000) / rate, delivery.dueAt ?? 0)
    const early = dueAt - now()
    if (early > 0) await wait(early)
    if (stopped()) break
    while (running.size >= concurrency) await Promise.race([...running].map((one) => one.catch(() => undefined)))
    const { contactId } = delivery.webhook
    const task = (lastOfLead.get(contactId) ?? Promise.resolve()).then(() => deliver(delivery))
    lastOfLead.set(contactId, task)
    running.add(task)
    void task
      .then(
        () => onProgress?.(accounts),
        (error: unknown) => {
          failure ??= { error }
        },
      )
      .finally(() => {
        running.delete(task)
        if (lastOfLead.get(contactId) === task) lastOfLead.delete(contactId)
      })
  }
  await Promise.allSettled(running)
  if (failure !== undefined) throw failure.error
  return accounts

  async function deliver({ webhook, repeat }: Delivery): Promise<void> {
    const { webhookId, body, isReport = false } = webhook
    if (!repeat) accounts.sent++
    const known = accounts.fates.get(webhookId)
    if (known === 'unsent') return
    if (known === undefined && (await onHappened?.(webhook)) === false) return settle(webhookId, known, 'unsent')
    const answer = await attempt(() => (isReport ? postReport(body) : post(body, sign(body))))
    if (answer === undefined) return settle(webhookId, known, 'lost')
    if (answer.status >= 200 && answer.status < 300) {
      if (known === 'accepted') accounts.duplicates++
      else if (storedCount(answer.body) > 0) {
        accounts.acceptedByType[webhook.type] = (accounts.acceptedByType[webhook.type] ?? 0) + 1
        settle(webhookId, known, 'accepted')
      } else settle(webhookId, known, 'dropped')
      return
    }
    settle(webhookId, known, `rejected:${reasonOf(answer)}`)
  }

  function settle(webhookId: string, known: string | undefined, fate: Fate): void {
    // The better fate stands: a repeat may bring through what the first delivery did not.
    if (known === fate || known === 'accepted') return
    if (known !== undefined) tally(known, -1)
    accounts.fates.set(webhookId, fate)
    if (accounts.fates.size > remember) accounts.fates.delete(accounts.fates.keys().next().value as string)
    tally(fate, 1)
  }

  function tally(fate: string, by: 1 | -1): void {
    if (fate === 'accepted' || fate === 'dropped' || fate === 'lost' || fate === 'unsent') accounts[fate] += by
    else {
      const reason = fate.slice('rejected:'.length)
      const left = (accounts.rejected[reason] ?? 0) + by
      if (left === 0) delete accounts.rejected[reason]
      else accounts.rejected[reason] = left
    }
  }

  async function attempt(send: () => Promise<Answer>): Promise<Answer | undefined> {
    for (let tries = 0; ; tries++) {
      accounts.attempts++
      if (tries > 0) accounts.retries++
      const answer = await send().catch((error: unknown) => {
        if (!isNetworkFault(error)) throw error
        return undefined
      })
      if (answer !== undefined && answer.status < 500) return answer
      if (tries >= maxRetries || stopped()) return undefined
      await wait(Math.min(longestPause, Math.max(firstPause * 2 ** tries, (answer?.retryAfterSeconds ?? 0) * 1000)))
    }
  }
}

/** Ends early, without a fault, when the signal is given. */
async function pauseUnless(signal: AbortSignal | undefined, ms: number): Promise<void> {
  await pause(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error
  })
}

function isNetworkFault(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|UND_ERR|HPE_)/.test(String(error.code))
  )
}

function storedCount(body: string): number {
  const answer = jsonOf(body)
  return typeof answer['accepted'] === 'number' ? answer['accepted'] : 0
}

function reasonOf(answer: Answer): string {
  const { reason, code } = jsonOf(answer.body)
  if (typeof reason === 'string') return reason
  return typeof code === 'string' ? code : `http_${answer.status}`
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {}
  } catch {
    // An answer that is not JSON comes from something in between; its status still counts.
    return {}
  }
}

/**
 * A `Post` to `<url>/webhooks/ghl`, or to another path, over kept-alive connections; `close` ends them. Without a signature there is no
 * header for it.
 */
export function httpPost(
  url: string,
  { timeoutMs = 15_000, path = '/webhooks/ghl' }: { readonly timeoutMs?: number; readonly path?: string } = {},
): { readonly post: Post; readonly close: () => void } {
  const target = new URL(`${url.replace(/\/+$/, '')}${path}`)
  const secure = target.protocol === 'https:'
  const agent = secure ? new HttpsAgent({ keepAlive: true, maxSockets: 128 }) : new HttpAgent({ keepAlive: true, maxSockets: 128 })
  const post: Post = (body, signature) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': 'rekindle-simulator',
        ...(signature === '' ? {} : { 'x-ghl-signature': signature }),
      }
      const call = (secure ? httpsRequest : httpRequest)(target, { method: 'POST', agent, headers, timeout: timeoutMs }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const retryAfter = Number(response.headers['retry-after'])
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts).toString('utf8'),
            ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}),
          })
        })
      })
      call.on('timeout', () => call.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })))
      call.on('error', reject)
      call.end(body)
    })
  return { post, close: () => agent.destroy() }
}
