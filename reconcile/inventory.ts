/**
 * Goes in turn over what the leads of each location hold and asks the platform about it, slowly: so many calls an hour, each
 * location its own, a share of them for what is settled. Where each part stands is stored after every lead; what it finds goes
 * through the same line as a webhook before that.
 */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { Clock } from '../integrations/ghl/clock.ts'
import type { Found } from '../pipelines/reconcile/found.ts'
import { allHeldBy, heldBy, heldParts } from '../pipelines/reconcile/heldThings.ts'
import type { Held, HeldKind, HeldPart } from '../pipelines/reconcile/heldThings.ts'
import {
  afterFailure,
  afterLead,
  afterTurn,
  dueInventory,
  inventoryDefaults,
  limitsOf,
  mayBegin,
} from '../pipelines/reconcile/inventoryPlan.ts'
import type { InventoryLimits, InventoryState, Suspects } from '../pipelines/reconcile/inventoryPlan.ts'
import { sweepDefaults } from '../pipelines/reconcile/sweepPlan.ts'
import type { LeadProfile, Tenant } from '../schemas/generated/records.ts'
import { claimInventory, inventories, leadsWithThings, storeInventory } from '../sinks/postgres/inventories.ts'
import type { StoredInventory } from '../sinks/postgres/inventories.ts'
import { knownLeads, sweptTenants } from '../sinks/postgres/sweeps.ts'
import { eachLocation, rounds } from './eachLocation.ts'
import { readHeld } from './readHeld.ts'
import type { Sweeper } from './sweeper.ts'

export interface InventoryOptions {
  readonly pool: pg.Pool
  readonly ghl: GhlClient
  readonly sweeper: Pick<Sweeper, 'tellNews'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Of a location, both parts together. */
  readonly callsPerHour: number
  readonly limits?: Omit<InventoryLimits, 'callsPerHour'>
  /** Between looks for what is due, ms. */
  readonly pollMs?: number
  /** Told of every lead that was looked at. */
  readonly onLead?: (tenantId: string, looked: LookedAt) => void
  /** Told in every round where the inventories of active locations stand. */
  readonly onSeen?: (part: HeldPart, seen: ReadonlyMap<string, InventoryState>, now: number) => void
}

/** What came of a lead. */
export interface LookedAt {
  readonly calls: number
  readonly read: Readonly<Record<HeldKind, number>>
  readonly missed: readonly Found[]
  readonly unclear: number
  readonly suspected: readonly string[]
  readonly cleared: readonly string[]
  /** Undefined when it was read to its end. `isOfLead`: the platform broke over this very lead. */
  readonly failure: InventoryFailure | undefined
}

export interface InventoryFailure {
  readonly detail: string
  readonly isOfLead: boolean
  /** The location does not let us read, which a person has to mend. */
  readonly isRefused?: boolean
}

const PAGE = 50
/** Pages read for one location in one round: leads whose things are all settled cost no call, and still a look. */
const PAGES = 20
/** Somebody who was not heard of for this long has died, ms. */
const LEASE_MS = 300_000
/** For somebody who waits a call that fails is made twice more. Else once: what fails is tried minutes later, and opens no breaker. */
const TRIES = 3
const nothing = { read: { opportunities: 0, appointments: 0, tasks: 0, notes: 0 }, missed: [], unclear: 0, suspected: [], cleared: [] }

export class Inventory {
  private readonly options: InventoryOptions
  private readonly limits: InventoryLimits

  constructor(options: InventoryOptions) {
    this.options = options
    this.limits = { ...(options.limits ?? inventoryDefaults), callsPerHour: options.callsPerHour }
  }

  /** Works until the signal aborts; a lead that is being read then is read again later. */
  async run(signal: AbortSignal): Promise<void> {
    await rounds(this.options, 'what leads hold could not be compared with GoHighLevel', signal, () => this.round(signal))
  }

  /** Goes on in every location that is due, as far as its calls allow. */
  async round(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { pool, clock, logger, onSeen } = this.options
    const tenants = await sweptTenants(pool)
    const known = { open: await inventories(pool, 'open'), settled: await inventories(pool, 'settled') }
    for (const part of heldParts) onSeen?.(part, known[part], clock.now())
    await eachLocation(tenants, signal, async (tenant) => {
      const { tenantId } = tenant
      for (const part of heldParts)
        try {
          await this.goOn(tenant, part, known, signal)
        } catch (error) {
          logger.error({ err: error, tenantId, part }, 'what leads of a location hold could not be compared; trying again')
        }
    })
  }

  /** A whole turn over both parts now, whatever it costs, without a place that is stored; ends early on a failure and says it. */
  async turn(tenant: Tenant, signal?: AbortSignal, onLead?: (looked: LookedAt) => void): Promise<string | undefined> {
    const { pool } = this.options
    const stored = await Promise.all(heldParts.map(async (part) => (await inventories(pool, part)).get(tenant.tenantId)?.suspects))
    const suspects: Suspects = Object.assign({}, ...stored) as Suspects
    let place = ''
    for (;;) {
      const leads = await leadsWithThings(pool, tenant.tenantId, place, PAGE)
      if (leads.length === 0) return undefined
      for (const { leadKey, profile } of leads) {
        if (signal?.aborted === true) return 'stopped'
        place = leadKey
        const held = allHeldBy(profile, this.options.clock.now())
        if (held === undefined) continue
        const looked = await this.lookAt(tenant, profile, held, suspects, signal, TRIES)
        onLead?.(looked)
        if (looked.failure !== undefined) return looked.failure.detail
      }
    }
  }

  private async goOn(
    tenant: Tenant,
    part: HeldPart,
    all: Readonly<Record<HeldPart, ReadonlyMap<string, StoredInventory>>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { pool, clock, logger, onLead } = this.options
    const { tenantId } = tenant
    const known = all[part].get(tenantId)
    // What was open when it was first missed may be settled by now, and is a suspect all the same.
    const elsewhere = Object.assign({}, ...heldParts.map((other) => all[other].get(tenantId)?.suspects)) as Suspects
    const limits = limitsOf(part, this.limits)
    const now = clock.now()
    const begun = dueInventory(known, now, limits)
    if (begun === undefined || (known !== undefined && known.heldUntil > now && known.heldUntil <= now + LEASE_MS)) return
    const claim = await claimInventory(pool, tenantId, part, known, begun, now + LEASE_MS)
    if (claim === undefined) return
    let state = begun
    const keep = (forMs: number) => storeInventory(pool, tenantId, part, claim, state, clock.now() + forMs)
    const mayGoOn = () => !signal.aborted && mayBegin(state, clock.now())
    pages: for (let page = 0; page < PAGES && mayGoOn(); page++) {
      const leads = await leadsWithThings(pool, tenantId, state.afterLead, PAGE)
      if (leads.length === 0) {
        state = afterTurn(state, clock.now())
        logger.info(
          { tenantId, part, ...state.counts, tookMs: clock.now() - state.beganAt },
          'what leads of a location hold is compared once',
        )
        break
      }
      for (const { leadKey, profile } of leads) {
        if (!mayGoOn()) break pages
        const held = heldBy(profile, clock.now(), part)
        if (held === undefined) {
          state = { ...state, afterLead: leadKey }
          continue
        }
        const looked = await this.lookAt(tenant, profile, held, { ...elsewhere, ...state.suspects }, signal, 1)
        const { calls, read, missed, failure } = looked
        if (failure !== undefined && signal.aborted) break pages
        onLead?.(tenantId, looked)
        const sum = read.opportunities + read.appointments + read.tasks + read.notes
        state =
          failure === undefined
            ? afterLead(state, { ...looked, leadKey, read: sum, missed: missed.length }, clock.now(), limits)
            : afterFailure(state, { leadKey, calls, ...failure }, clock.now(), limits)
        if (failure !== undefined)
          logger.warn(
            { tenantId, leadKey, detail: failure.detail, retryMs: state.paidUntil - clock.now() },
            `what a lead holds could not be read from GoHighLevel; ${state.afterLead === leadKey ? 'it is passed over until the next turn' : 'trying again'}`,
          )
        if (missed.length > 0)
          logger.warn(
            { tenantId, leadKey, missed: missed.map(({ type }) => type) },
            'a lead holds what GoHighLevel shows otherwise; it is told now',
          )
        if (!(await keep(LEASE_MS))) return
        if (failure !== undefined) break pages
      }
    }
    await keep(0)
  }

  private async lookAt(
    tenant: Tenant,
    lead: LeadProfile,
    held: Held,
    suspects: Suspects,
    signal: AbortSignal | undefined,
    tries: number,
  ): Promise<LookedAt> {
    const { pool, ghl, clock, sweeper } = this.options
    let calls = 0
    const options = { tries, background: true, onCall: () => void calls++, ...(signal === undefined ? {} : { signal }) }
    const leads = (leadKeys: readonly string[]) => knownLeads(pool, leadKeys)
    const read = await readHeld({ ghl, options, leads, now: () => clock.now() }, lead, held, suspects)
    if (!read.ok) {
      const { kind, code } = read.failure
      const isRefused = kind === 'refused' || code === 'forbidden' || code === 'scope_missing'
      return { ...nothing, calls, failure: { detail: read.detail, isOfLead: kind === 'unknown', isRefused } }
    }
    // What changed just now may still be told by its webhook.
    const before = clock.now() - sweepDefaults.settleMs
    const settled = read.value.found.filter(({ at }) => at === null || at < before)
    const { missed } = await sweeper.tellNews(tenant.tenantId, settled, tenant)
    return { ...read.value, calls, missed, failure: undefined }
  }
}
