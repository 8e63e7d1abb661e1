/**
 * Asks the market feed about every active location now and then, in a process. A location that cannot be asked is tried again sooner,
 * each time later, and holds up no other; what was read of it is told. Telling a fact again changes nothing.
 */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Clock } from '../../integrations/ghl/clock.ts'
import type { MarketFeed } from '../../integrations/market/client.ts'
import { marketError, marketErrors } from '../../integrations/market/errors.ts'
import { isAgency } from '../../pipelines/ingest/installation.ts'
import type { MarketFact, Tenant } from '../../schemas/generated/records.ts'

const HOUR_MS = 3_600_000
/** First wait after a failure that may pass; doubled with each further one, up to the usual time between two fetches. 15 min in ms. */
export const FIRST_WAIT_MS = 900_000
/** A location that is new is asked about within this time. 15 min in ms. */
export const LOOK_MS = 900_000

export interface MarketMetrics {
  readonly fetches: Counter<'outcome'>
  readonly rows: Counter<'outcome'>
  readonly failing: Gauge
}

export function marketMetrics(registry: Registry): MarketMetrics {
  const registers = [registry]
  const fetches = new Counter({
    name: 'lr_market_fetches_total',
    help: 'Locations that the timer asked the market feed about, by outcome: told, failed.',
    labelNames: ['outcome'],
    registers,
  })
  const rows = new Counter({
    name: 'lr_market_rows_total',
    help: 'Rows of the market feed that the timer read, by outcome: told (to market.facts), unreadable.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['told', 'failed']) fetches.inc({ outcome }, 0)
  for (const outcome of ['told', 'unreadable']) rows.inc({ outcome }, 0)
  const failing = new Gauge({ name: 'lr_market_failing_locations', help: 'Locations whose last fetch by the timer failed.', registers })
  return { fetches, rows, failing }
}

export interface MarketPartOptions {
  /** More than 0. */
  readonly everyHours: number
  readonly feed: Pick<MarketFeed, 'pages'>
  /** Ids of the locations that are active now. */
  readonly locations: () => readonly string[]
  readonly tell: (location: string, fact: MarketFact) => Promise<unknown>
  readonly clock: Clock
  readonly metrics: MarketMetrics
  readonly logger: Pick<Logger, 'info' | 'error'>
}

interface Asked {
  /** When it is asked about again, ms. */
  readonly dueAt: number
  /** In a row. */
  readonly failures: number
}

/** Ids of the locations of a table of tenants that are active; agencies are none. */
export function activeLocations(rows: Iterable<readonly [string, Pick<Tenant, 'status'>]>): string[] {
  return [...rows].flatMap(([id, { status }]) => (status === 'active' && !isAgency(id) ? [id] : []))
}

/** When a location is asked about again, ms: after a failure that may pass sooner than usual, after one that will not as usual. */
export function askedAgain(failures: number, retriable: boolean, everyMs: number): number {
  if (failures === 0 || !retriable) return everyMs
  return Math.min(everyMs, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20))
}

/** Starts it; `stop` waits for the page that is being told. */
export function startMarketFetches(options: MarketPartOptions): { stop(): Promise<void> } {
  const { everyHours, feed, locations, tell, clock, metrics, logger } = options
  const everyMs = everyHours * HOUR_MS
  const asked = new Map<string, Asked>()
  const stopping = new AbortController()

  async function told(location: string): Promise<{ readonly isRetriable: boolean; readonly failure: Error } | undefined> {
    let [facts, unreadable] = [0, 0]
    try {
      for await (const page of feed.pages(location)) {
        if (page.kind === 'failed')
          return { isRetriable: marketErrors[page.code].retriable, failure: marketError(page.code, `${location}: ${page.detail}`) }
        await Promise.all(page.facts.map((fact) => tell(location, fact)))
        facts += page.facts.length
        unreadable += page.bad.length
        if (stopping.signal.aborted) break
      }
      return undefined
    } catch (cause) {
      return { isRetriable: true, failure: cause as Error }
    } finally {
      metrics.rows.inc({ outcome: 'told' }, facts)
      metrics.rows.inc({ outcome: 'unreadable' }, unreadable)
      logger.info({ tenantId: location, facts, unreadable }, 'the market feed was asked')
    }
  }

  async function ask(location: string): Promise<void> {
    const failed = await told(location)
    const failures = failed === undefined ? 0 : (asked.get(location)?.failures ?? 0) + 1
    const waitMs = askedAgain(failures, failed?.isRetriable === true, everyMs)
    asked.set(location, { dueAt: clock.now() + waitMs, failures })
    metrics.fetches.inc({ outcome: failed === undefined ? 'told' : 'failed' })
    if (failed !== undefined)
      logger.error(
        { err: failed.failure, tenantId: location, failures, waitMs },
        'not all facts about this market were read; trying again later',
      )
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      const active = new Set(locations())
      for (const location of asked.keys()) if (!active.has(location)) asked.delete(location)
      for (const location of active) {
        if (stopping.signal.aborted) break
        if ((asked.get(location)?.dueAt ?? 0) <= clock.now()) await ask(location)
      }
      metrics.failing.set([...asked.values()].filter(({ failures }) => failures > 0).length)
      const nextAt = Math.min(...[...asked.values()].map(({ dueAt }) => dueAt))
      await clock.sleep(Math.max(0, Math.min(LOOK_MS, nextAt - clock.now())), stopping.signal)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
