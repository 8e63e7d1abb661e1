/**
 * Asks each connected agency where the app is installed, and tells of locations that nobody has told of: an INSTALL that was lost, or came before
 * there was anybody to hear it, would leave a location unknown and its webhooks dropped for good. It only ever adds: nothing is uninstalled,
 * and nothing installed again, for what a list says.
 */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../integrations/ghl/clock.ts'
import type { InstalledLocation } from '../integrations/ghl/oauth/oauthApi.ts'
import type { Read } from '../integrations/ghl/outcomes.ts'
import { installationsIn, recordsOf } from '../pipelines/reconcile/foundInstallations.ts'
import type { WebhookReceived } from '../schemas/generated/records.ts'
import { tenantRows } from '../sinks/postgres/sweeps.ts'
import { rounds } from './eachLocation.ts'

/** Agencies that have granted access, and what they say of their locations. */
export interface Agencies {
  list(): Promise<readonly string[]>
  installed(companyId: string): Promise<Read<readonly InstalledLocation[]>>
}

export interface InstallationsOptions {
  readonly pool: pg.Pool
  readonly agencies: Agencies
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn' | 'error'>
  /** The app, as webhooks name it. */
  readonly appId: string | null
  readonly publish: (key: string, record: WebhookReceived) => Promise<unknown>
  readonly newId: () => string
  /** Between looks for what is due, ms. */
  readonly pollMs?: number
}

/** Between two readings of an agency, ms; one that failed is made again after a minute, then after two, and so on up to this. */
export const EVERY_MS = 3_600_000
const POLL_MS = 60_000

export class Installations {
  private readonly options: InstallationsOptions
  /** By agency: its last reading, and how long the next one waits for it, ms. */
  private readonly readings = new Map<string, { readonly at: number; readonly waitMs: number; readonly failed: boolean }>()
  private readonly said = new Set<string>()

  constructor(options: InstallationsOptions) {
    this.options = options
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { pollMs = POLL_MS } = this.options
    await rounds({ ...this.options, pollMs }, 'the installed locations of agencies could not be compared', signal, () => this.round())
  }

  /** Reads every agency that is due. Returns how many locations were told of. */
  async round(): Promise<number> {
    const { agencies, clock } = this.options
    let told = 0
    for (const companyId of await agencies.list()) {
      const last = this.readings.get(companyId)
      const now = clock.now()
      if (last !== undefined && now >= last.at && now - last.at < last.waitMs) continue
      told += await this.compare(companyId, now)
    }
    return told
  }

  private async compare(companyId: string, now: number): Promise<number> {
    const { pool, agencies, logger, appId, publish, newId } = this.options
    const listed = await agencies.installed(companyId)
    if (!listed.ok) {
      // An agency that refuses, for a scope that its grant lacks, does so for good: asked each minute it was 1,440 warnings a day.
      const last = this.readings.get(companyId)
      const waitMs = last?.failed === true ? Math.min(EVERY_MS, 2 * last.waitMs) : POLL_MS
      this.readings.set(companyId, { at: now, waitMs, failed: true })
      logger.warn(
        { companyId, detail: listed.detail, againInMinutes: waitMs / POLL_MS },
        'the locations of an agency in which the app is installed could not be listed; trying again',
      )
      return 0
    }
    this.readings.set(companyId, { at: now, waitMs: EVERY_MS, failed: false })
    const rows = await tenantRows(
      pool,
      listed.value.map(({ locationId }) => locationId),
    )
    const { unknown, unnamed, uninstalled } = installationsIn(listed.value, rows, companyId)
    for (const { locationId, bodies } of [...unknown, ...unnamed])
      for (const record of recordsOf({ locationId, bodies, appId, companyId, at: now, newId })) await publish(locationId, record)
    if (unknown.length > 0)
      logger.warn(
        { companyId, count: unknown.length, locations: unknown.map(({ locationId }) => locationId).slice(0, 50) },
        'the app is installed in locations of which no INSTALL had come; they are told of now',
      )
    for (const locationId of uninstalled.filter((one) => !this.said.has(one))) {
      this.said.add(locationId)
      logger.warn(
        { companyId, locationId },
        'GoHighLevel lists the app as installed in a location that is uninstalled here: its webhooks are dropped. `rekindle tenants set <location> --status active` takes it up again',
      )
    }
    return unknown.length + unnamed.length
  }
}
