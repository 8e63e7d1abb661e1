/**
 * In which lane a webhook waits. What may take a permission back overtakes always, an urgent lead while its location does not call
 * everything urgent; a location above its share lets all others pass. Nothing is refused: a lane decides when, never whether.
 */
import type { Lane } from '../topics/index.ts'
import type { Envelope } from './envelope.ts'
import type { ApiDeps } from './ports.ts'
import type { ShareCounts } from './shareLedger.ts'
import { TenantRates } from './tenantRates.ts'

/** Why a webhook is where it is. */
export type LaneReason = 'may_withdraw' | 'urgent_lead' | 'within_share' | 'above_share'

export interface Placed {
  readonly lane: Lane
  readonly reason: LaneReason
  /** Its location has come above its share with it, or is within it again. */
  readonly turned: boolean
}

/** Part of its share that a location may send as urgent. */
const URGENT_PART = 1 / 5

const none = { taken: 0, above: 0 }

export class WebhookLanes {
  readonly #urgentLeads: ApiDeps['urgentLeads']
  readonly #rates: TenantRates
  readonly #urgentRates: TenantRates

  /** `tenantPerSecond`: webhooks a second that are the share of one location. */
  constructor(urgentLeads: ApiDeps['urgentLeads'], tenantPerSecond: number) {
    this.#urgentLeads = urgentLeads
    this.#rates = new TenantRates(tenantPerSecond)
    this.#urgentRates = new TenantRates(tenantPerSecond, URGENT_PART)
  }

  /** Share of one location, webhooks a second. */
  get tenantPerSecond(): number {
    return this.#rates.perSecond
  }

  /** What was placed here since this was last asked: what counts against a share, by location. */
  sent(): ShareCounts[] {
    const all = this.#rates.sent()
    const urgent = this.#urgentRates.sent()
    return [...new Set([...all.keys(), ...urgent.keys()])].map((tenantId) => {
      const { taken, above } = all.get(tenantId) ?? none
      const { taken: urgentTaken, above: urgentAbove } = urgent.get(tenantId) ?? none
      return [tenantId, taken, above, urgentTaken, urgentAbove]
    })
  }

  /** Counts what another process has placed, known at `now`, ms. */
  charge(counts: readonly ShareCounts[], now: number): void {
    for (const [tenantId, taken, above, urgentTaken, urgentAbove] of counts) {
      if (taken + above > 0) this.#rates.charge(tenantId, { taken, above }, now)
      if (urgentTaken + urgentAbove > 0) this.#urgentRates.charge(tenantId, { taken: urgentTaken, above: urgentAbove }, now)
    }
  }

  /** Places one that is taken at `now`, ms. */
  place({ tenantId, key, mayWithdraw }: Pick<Envelope, 'tenantId' | 'key' | 'mayWithdraw'>, now: number): Placed {
    if (mayWithdraw === true) return { lane: 'urgent', reason: 'may_withdraw', turned: false }
    if (this.#urgentLeads?.get(key) !== undefined && this.#urgentRates.take(tenantId, now).within)
      return { lane: 'urgent', reason: 'urgent_lead', turned: false }
    // Of no location, or of an agency: rare, and nobody's share.
    if (tenantId === '') return { lane: 'normal', reason: 'within_share', turned: false }
    const { within, turned } = this.#rates.take(tenantId, now)
    return within ? { lane: 'normal', reason: 'within_share', turned } : { lane: 'bulk', reason: 'above_share', turned }
  }
}
