/**
 * Beats for every active location when it is due, on any number of processes: who claims a beat sends it. Says once, over all
 * processes, that the webhooks of a location stay away, and once that they are back. A location that fails holds up no other.
 */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { Clock } from '../integrations/ghl/clock.ts'
import { REFUSED_WAIT_MS, isDue, stateOf } from '../pipelines/heartbeat/rhythm.ts'
import type { Heartbeat, HeartbeatState } from '../pipelines/heartbeat/rhythm.ts'
import { claimHeartbeat, endHeartbeat, heartbeats, noteSilence } from '../sinks/postgres/heartbeats.ts'
import type { StoredHeartbeat } from '../sinks/postgres/heartbeats.ts'
import { sweptTenants } from '../sinks/postgres/sweeps.ts'
import { eachLocation, rounds } from './eachLocation.ts'
import { heartbeatError } from './errors.ts'
import { sendBeat } from './sendBeat.ts'

export interface HeartOptions {
  readonly pool: pg.Pool
  readonly ghl: GhlClient
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Between beats of a location, ms. */
  readonly everyMs: number
  /** Between looks for what is due, ms. */
  readonly pollMs?: number
  /** Told of every beat that was tried. */
  readonly onBeat?: (outcome: 'sent' | 'failed' | 'refused') => void
  /** Told after every look of what is known of all active locations that beat. */
  readonly onSeen?: (seen: readonly SeenHeartbeat[], now: number) => void
}

export interface SeenHeartbeat extends Heartbeat {
  readonly state: HeartbeatState
}

/** The next beat comes soon; a call is made once more at most. */
const TRIES = 2

export class Heart {
  private readonly options: HeartOptions

  constructor(options: HeartOptions) {
    this.options = options
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await rounds(this.options, 'heartbeats could not be looked at', signal, () => this.round(signal))
  }

  /** Sends what is due, then looks at what came back. Returns how many beats were tried. */
  async round(signal: AbortSignal = new AbortController().signal): Promise<number> {
    const { pool, logger } = this.options
    const known = new Map((await heartbeats(pool)).map((one) => [one.tenantId, one]))
    let tried = 0
    await eachLocation(await sweptTenants(pool), signal, async ({ tenantId }) => {
      try {
        const isTried = await this.beat(tenantId, known.get(tenantId), signal)
        if (isTried) tried++
      } catch (error) {
        logger.error({ err: error, tenantId }, 'the heartbeat of a location could not be sent; trying again')
      }
    })
    await this.look()
    return tried
  }

  /** False when none is due, or somebody else sends it. */
  private async beat(tenantId: string, known: StoredHeartbeat | undefined, signal: AbortSignal): Promise<boolean> {
    const { pool, ghl, clock, logger, everyMs, onBeat } = this.options
    const at = clock.now()
    // One that was switched off and on again begins at once.
    if (known?.everyMs !== 0 && !isDue(known, at)) return false
    const claim = await claimHeartbeat(pool, tenantId, known, at, everyMs)
    if (claim === undefined) return false
    const beat = await sendBeat(ghl, tenantId, known?.contactId ?? null, at, { tries: TRIES, signal })
    const isRefused = beat.kind === 'failed' && beat.refused
    const failedBecause = beat.kind === 'failed' ? beat.detail : null
    const waitMs = isRefused ? Math.max(everyMs, REFUSED_WAIT_MS) : everyMs
    await endHeartbeat(pool, tenantId, claim, at, { contactId: beat.contactId, waitMs, failedBecause }, everyMs)
    onBeat?.(beat.kind === 'sent' ? 'sent' : isRefused ? 'refused' : 'failed')
    if (failedBecause !== null && !signal.aborted) {
      const { code, message } = heartbeatError('E_HEARTBEAT_NOT_SENT', `${tenantId}: ${failedBecause}`)
      logger.warn({ code, tenantId, detail: failedBecause, retryMs: waitMs }, message)
    }
    return true
  }

  private async look(): Promise<void> {
    const { pool, clock, logger, onSeen } = this.options
    const now = clock.now()
    const seen = (await heartbeats(pool)).map((one) => ({ ...one, state: stateOf(one, now) }))
    for (const { tenantId, state, toldSilentAt, backAt, waitingSince } of seen) {
      const isSilent = state === 'silent'
      // While it cannot be told whether they are back, nothing is told.
      const isNews = isSilent ? toldSilentAt === null : toldSilentAt !== null && waitingSince === null
      if (!isNews || !(await noteSilence(pool, tenantId, isSilent, now))) continue
      const since = backAt === null ? null : new Date(backAt).toISOString()
      if (isSilent) {
        const { code, message } = heartbeatError('E_HEARTBEAT_SILENT', `${tenantId}: no webhook since ${since ?? 'the first beat'}.`)
        logger.error({ code, tenantId, lastBackAt: since }, message)
      } else logger.info({ tenantId, silentSince: new Date(toldSilentAt ?? now).toISOString() }, 'webhooks of a location arrive again')
    }
    onSeen?.(seen, now)
  }
}
