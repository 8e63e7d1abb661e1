/** API processes that keep shares together over a ledger in memory, each on a clock of its own, all in one time that is moved by hand. */
import type { ShareLedger, Swapped } from '../../api/shareLedger.ts'
import { ShareExchange } from '../../api/shareExchange.ts'
import type { ExchangeOutcome } from '../../api/shareExchange.ts'
import { WebhookLanes } from '../../api/webhookLanes.ts'
import type { Placed } from '../../api/webhookLanes.ts'

/** How the next question to the ledger goes. */
export interface Way {
  /** Until it is there, ms. */
  readonly toMs?: number
  /** Happens before it is there. */
  readonly meanwhile?: () => Promise<unknown>
  /** Until the answer is back, ms. */
  readonly backMs?: number
  /** Lost on the way there, or the answer to it. */
  readonly lost?: 'question' | 'answer'
}

export class World {
  /** ms, of nobody's clock. */
  time = 0
  /** What the clock of the ledger shows beyond it, ms. */
  ledgerAheadMs = 1_000_000
  way: Way = {}
  messages: string[] = []
  #count = 0

  /** As a Redis that was started anew. */
  forget(): void {
    this.messages = []
    this.#count = 0
  }

  /** Something else in the place of the last message. */
  spoil(text: string): void {
    this.messages.push(text)
    this.#count += 1
  }

  readonly ledger: ShareLedger = {
    swap: async (after, own): Promise<Swapped> => {
      const { toMs = 0, backMs = 0, lost, meanwhile } = this.way
      this.time += toMs
      await meanwhile?.()
      if (lost === 'question') throw new Error('away')
      const fresh = after === undefined ? [] : after > this.#count ? [...this.messages] : this.messages.slice(after)
      const at = this.time + this.ledgerAheadMs
      if (own !== undefined && at <= own.before) {
        this.messages.push(own.message)
        this.#count += 1
      }
      this.time += backMs
      if (lost === 'answer') throw new Error('away')
      return { position: this.#count, at, messages: fresh }
    },
  }
}

export interface ShareProcess {
  place(tenantId: string, urgent?: boolean): Placed
  exchange(way?: Way): Promise<ExchangeOutcome>
  readonly fault: () => string | undefined
  /** What was said of judging alone. */
  readonly said: boolean[]
}

/** `startedAt`: what its clock shows at time 0, ms. Leads of the key `<location>:urgent` are urgent. */
export function shareProcess(world: World, name: string, perSecond: number, startedAt = 0): ShareProcess {
  const monotonic = () => world.time + startedAt
  const lanes = new WebhookLanes({ get: (key) => (key.endsWith(':urgent') ? {} : undefined) }, perSecond)
  const said: boolean[] = []
  const exchange = new ShareExchange({
    lanes,
    ledger: world.ledger,
    processId: name,
    monotonic,
    onOutcome: () => undefined,
    onAlone: (alone) => said.push(alone),
  })
  return {
    place: (tenantId, urgent = false) => lanes.place({ tenantId, key: `${tenantId}:${urgent ? 'urgent' : 'x'}` }, monotonic()),
    async exchange(way = {}) {
      world.way = way
      const outcome = await exchange.exchange()
      world.way = {}
      return outcome
    },
    fault: () => exchange.fault,
    said,
  }
}
