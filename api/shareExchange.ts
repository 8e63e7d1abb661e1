/**
 * Keeps the shares of locations over all API processes: every quarter of a second each tells what came to it and hears what came
 * to the others, beside the webhooks and never before one. What is older than 0.75 s is neither told nor counted; while the others
 * cannot be heard each process judges by what it has seen.
 */
import { readShareMessage, writeShareMessage } from './shareLedger.ts'
import type { ShareLedger, ShareMessage, Swapped } from './shareLedger.ts'
import type { WebhookLanes } from './webhookLanes.ts'

/** Between the end of one exchange and the next, ms. */
export const EVERY_MS = 250
/**
 * Longest way of a count into the ledger, and out of it, ms: a pause and two answers of 250 ms each. So what came elsewhere counts
 * here after 1.5 s at most, and after 0.5 s while answers are quick.
 */
export const OLDEST_MS = 750
/** Without an exchange for so long it is said, ms: one that fails is no news. */
export const SAID_AFTER_MS = 5_000

/** `anew`: too long after the last one, so nothing of what was told meanwhile is counted. */
export type ExchangeOutcome = 'done' | 'anew' | 'failed'

export interface ShareExchangeParts {
  readonly lanes: Pick<WebhookLanes, 'sent' | 'charge'>
  readonly ledger: ShareLedger
  /** Of this process, unlike any other. */
  readonly processId: string
  /** ms of a clock that nobody sets. */
  readonly monotonic: () => number
  readonly onOutcome: (outcome: ExchangeOutcome) => void
  /** Told when this process begins to judge alone, with what failed last, and when it no longer does. */
  readonly onAlone: (alone: boolean, error?: unknown) => void
}

export class ShareExchange {
  readonly #parts: ShareExchangeParts
  /** The last that was answered; `aheadMs`: what the ledger's time is ahead of ours, never too much. */
  #last: { readonly startedAt: number; readonly position: number; readonly aheadMs: number } | undefined
  #askedAt: number
  #doneAt: number
  #alone = false
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(parts: ShareExchangeParts) {
    this.#parts = parts
    this.#askedAt = this.#doneAt = parts.monotonic()
  }

  /** Why shares are judged by this process alone; `undefined` while they are not. */
  get fault(): string | undefined {
    return this.#alone ? 'Redis does not answer in time: shares of locations are judged by each API process alone' : undefined
  }

  /** Exchanges every now and then until it is stopped. */
  begin(): void {
    this.#timer = setTimeout(() => {
      void this.exchange().then(() => {
        if (!this.#stopped) this.begin()
      })
    }, EVERY_MS)
    this.#timer.unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Tells what came here since the last time and counts what came elsewhere. What fails leaves out what came in between. */
  async exchange(): Promise<ExchangeOutcome> {
    const { lanes, ledger, processId, monotonic } = this.#parts
    const last = this.#last
    const startedAt = monotonic()
    const counts = lanes.sent()
    const oldestAt = this.#askedAt
    this.#askedAt = startedAt
    const own =
      last === undefined || counts.length === 0 || startedAt - oldestAt > OLDEST_MS
        ? undefined
        : { message: writeShareMessage({ from: processId, counts }), before: last.aheadMs + oldestAt + OLDEST_MS }
    let swapped: Swapped
    try {
      swapped = await ledger.swap(last?.position, own)
    } catch (error) {
      return this.#settle('failed', error)
    }
    const endedAt = monotonic()
    this.#last = { startedAt, position: swapped.position, aheadMs: swapped.at - endedAt }
    if (last === undefined || endedAt - last.startedAt > OLDEST_MS) return this.#settle('anew')
    const told: ShareMessage[] = []
    try {
      for (const text of swapped.messages) told.push(readShareMessage(text))
    } catch (error) {
      return this.#settle('failed', error)
    }
    for (const { from, counts } of told) if (from !== processId) lanes.charge(counts, endedAt)
    return this.#settle('done')
  }

  #settle(outcome: ExchangeOutcome, error?: unknown): ExchangeOutcome {
    const now = this.#parts.monotonic()
    if (outcome === 'done') this.#doneAt = now
    const alone = now - this.#doneAt > SAID_AFTER_MS
    if (alone !== this.#alone) {
      this.#alone = alone
      this.#parts.onAlone(alone, error)
    }
    this.#parts.onOutcome(outcome)
    return outcome
  }
}
