/**
 * The provider that the worker of a chaos run calls: it honours idempotency keys, and it is slow, overloaded, fails before
 * or after the work is done, or never answers, as the seed has it for each call. It remembers every call.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { seededRandom } from '../../simulate/seededRandom.ts'
import type { Told } from './courier.ts'
import type { ProviderCall } from './observation.ts'

/** What becomes of a call; without `afterMs` it is never answered. */
interface Fate {
  readonly status: number
  readonly works: boolean
  readonly afterMs?: number
}

const good: Fate = { status: 200, works: true, afterMs: 5 }
/** Shares of first calls and of first repetitions, in per cent. */
const troubles: readonly (readonly [Fate, number])[] = [
  [{ status: 200, works: true, afterMs: 200 }, 6],
  [{ status: 503, works: false, afterMs: 20 }, 3],
  [{ status: 429, works: false, afterMs: 1 }, 3],
  [{ status: 500, works: true, afterMs: 5 }, 2],
  [{ status: 0, works: true }, 0.3],
  [{ status: 0, works: false }, 0.3],
]
/** Of one idempotency key: a record that fails for ever would end the process, rightly. */
const TROUBLES = 2
/** Every eleventh notice of a key is for somebody whom the provider does not know. */
export const UNKNOWN_EVERY = 11

export class Provider {
  /** Answers every call with 503. */
  down = false
  readonly calls: ProviderCall[] = []
  readonly #seed: number
  readonly #receipts = new Map<string, number>()
  readonly #made = new Map<string, number>()
  #happened = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** A call arrives. `end` is called when its connection is gone, `answer` before an answer is written. */
  take({ idempotencyKey, notice, beside }: Told) {
    const fate = this.#fateOf(idempotencyKey, notice.sent)
    if (fate.works && !this.#receipts.has(idempotencyKey)) this.#receipts.set(idempotencyKey, this.#receipts.size + 1)
    const receipt = this.#receipts.get(idempotencyKey)
    const call: ProviderCall = { idempotencyKey, key: notice.from, cause: notice.cause, arrived: this.#happened++, beside, receipt }
    this.calls.push(call)
    let open = true
    const end = () => {
      open = false
    }
    const answer = () => {
      if (!open) return undefined
      call.answered = this.#happened++
      call.status = fate.status
      end()
      return { status: fate.status, ...(fate.status === 200 && receipt !== undefined ? { receipt } : {}) }
    }
    return { afterMs: fate.afterMs, answer, end }
  }

  #fateOf(idempotencyKey: string, sent: number): Fate {
    if (this.down) return { status: 503, works: false, afterMs: 1 }
    const made = this.#made.get(idempotencyKey) ?? 0
    this.#made.set(idempotencyKey, made + 1)
    let point = seededRandom(this.#seed, 'provider', idempotencyKey, made).next() * 100
    const trouble = made < TROUBLES ? troubles.find(([, share]) => (point -= share) < 0)?.[0] : undefined
    if (sent % UNKNOWN_EVERY !== UNKNOWN_EVERY - 1) return trouble ?? good
    return trouble === undefined || trouble.works ? { status: 422, works: false, afterMs: 5 } : trouble
  }
}

/** Serves it over HTTP on a port of its own. */
export async function serve(provider: Provider): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const { afterMs, answer, end } = provider.take(JSON.parse(body) as Told)
      response.on('close', end)
      if (afterMs === undefined) return
      setTimeout(() => {
        const said = answer()
        if (said !== undefined) response.writeHead(said.status, { 'content-type': 'application/json' }).end(JSON.stringify(said))
      }, afterMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
