/**
 * Tells back what was written, the way the platform does: a signed webhook, repeated with the same body and webhookId until
 * it is taken. What was not taken before a kill is told after the restart.
 */
import { sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Fields } from '../call/fields.ts'
import type { SandboxMessage } from './journal.ts'

/** A webhook on its way; `id` is what it is remembered by. */
export interface Told {
  readonly id: string
  readonly body: Fields
}

export interface TellBackOptions {
  readonly url: string
  /** Ed25519. */
  readonly key: KeyObject
  readonly clock: Clock
  readonly onTold: (id: string) => void
  /** The platform repeats up to 12 times. @source reference/gohighlevel.md 2.2 */
  readonly retries?: number
  readonly firstWaitMs?: number
  /** How long an answer is waited for, ms; 10 s unless given. */
  readonly answerMs?: number
}

/** At most this many webhooks at once. */
const AT_ONCE = 8
const ANSWER_MS = 10_000
const LONGEST_WAIT_MS = 30_000

export class TellBack {
  private readonly options: TellBackOptions
  private readonly waiting: Told[] = []
  private readonly stopped = new AbortController()
  private running = 0
  private idle: (() => void)[] = []

  constructor(options: TellBackOptions) {
    this.options = options
  }

  tell(webhook: Told): void {
    this.waiting.push(webhook)
    this.pump()
  }

  /** Resolves when nothing is on its way. */
  settled(): Promise<void> {
    return this.running === 0 && this.waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => this.idle.push(resolve))
  }

  /** Gives up what is on its way; it stays untold in the journal. */
  stop(): void {
    this.waiting.length = 0
    this.stopped.abort()
  }

  private pump(): void {
    while (this.running < AT_ONCE) {
      const webhook = this.waiting.shift()
      if (webhook === undefined) break
      this.running++
      void this.deliver(webhook).finally(() => {
        this.running--
        this.pump()
        if (this.running === 0 && this.waiting.length === 0) for (const done of this.idle.splice(0)) done()
      })
    }
  }

  private async deliver({ id, body: told }: Told): Promise<void> {
    const { url, key, clock, retries = 12, firstWaitMs = 1_000, answerMs = ANSWER_MS } = this.options
    const body = Buffer.from(JSON.stringify(told))
    const signature = sign(null, body, key).toString('base64')
    const { signal } = this.stopped
    for (let attempt = 0; attempt <= retries && !signal.aborted; attempt++) {
      const over = new AbortController()
      const end = () => over.abort()
      // Not `AbortSignal.any` with a time-out: nothing holds that one, and once it is collected it never fires. A webhook that is not
      // answered would keep its turn for good.
      const timer = setTimeout(end, answerMs)
      signal.addEventListener('abort', end, { once: true })
      try {
        const answer = await fetch(url, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', 'x-ghl-signature': signature },
          signal: over.signal,
        })
        await answer.arrayBuffer()
        if (answer.ok) {
          this.options.onTold(id)
          return
        }
      } catch {
        // Refused, broken or too slow: for the platform the same as an error answer, it comes again.
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
      }
      await clock.sleep(Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** attempt), signal)
    }
  }
}

/** The delivered shape: documented fields plus the envelope. @source reference/gohighlevel.md 1.1, 1.2 */
export function webhookOf(message: SandboxMessage, appId: string): Fields {
  const at = new Date(message.at).toISOString()
  const isText = message.type === 'SMS'
  return {
    type: 'OutboundMessage',
    locationId: message.location,
    appId,
    versionId: appId,
    webhookId: message.webhookId,
    timestamp: at,
    attachments: [],
    body: message.body,
    contactId: message.contactId,
    contentType: isText ? 'text/plain' : 'text/html',
    conversationId: message.conversationId,
    dateAdded: at,
    direction: 'outbound',
    messageType: message.type,
    source: 'api',
    status: isText ? 'delivered' : 'sent',
    ...(isText
      ? { messageId: message.messageId, messageTypeId: 2, messageTypeString: 'TYPE_SMS' }
      : { emailMessageId: message.emailMessageId ?? message.messageId, subject: message.subject ?? '' }),
  }
}
