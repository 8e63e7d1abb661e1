/** The heartbeat contacts of locations as one part of the pipeline process, and their metrics. */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import { systemClock } from '../../delivery/systemClock.ts'
import type { HeartbeatState } from '../../pipelines/heartbeat/rhythm.ts'
import { Heart } from '../../reconcile/heart.ts'
import type { HeartOptions } from '../../reconcile/heart.ts'
import type { GhlPart } from './ghlPart.ts'

export interface HeartbeatPartOptions {
  readonly logger: Logger
  readonly shared: Pick<GhlPart, 'pool' | 'ghl'>
  readonly metrics: Registry
  /** Between beats of a location, ms. */
  readonly everyMs: number
  readonly onFatal: (error: unknown) => void
}

/** Starts it; `stop` gives up a beat that is under way. */
export function startHeartbeats({ logger, shared, metrics, everyMs, onFatal }: HeartbeatPartOptions): { stop(): Promise<void> } {
  const { pool, ghl } = shared
  const heart = new Heart({ pool, ghl, clock: systemClock, logger, everyMs, ...heartbeatMetrics(metrics) })
  const stopping = new AbortController()
  const running = heart.run(stopping.signal)
  running.catch(onFatal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

const states: readonly HeartbeatState[] = ['fine', 'silent', 'unwatched', 'resting']

/** Counts of beats, and what is known of locations; every process that beats shows the same of the latter. */
export function heartbeatMetrics(registry: Registry): Required<Pick<HeartOptions, 'onBeat' | 'onSeen'>> {
  const registers = [registry]
  const beats = new Counter({
    name: 'lr_heartbeats_total',
    help: 'Changes of heartbeat contacts that were tried, by outcome (sent, failed, refused).',
    labelNames: ['outcome'],
    registers,
  })
  const age = new Gauge({
    name: 'lr_heartbeat_age_seconds',
    help: 'Since the last beat came back, of the location where that is longest ago; since its first beat where none ever did.',
    registers,
  })
  const locations = new Gauge({
    name: 'lr_heartbeat_locations',
    help: 'Active locations by what their heartbeat shows (fine, silent, unwatched, resting).',
    labelNames: ['state'],
    registers,
  })
  for (const outcome of ['sent', 'failed', 'refused']) beats.inc({ outcome }, 0)
  for (const state of states) locations.set({ state }, 0)
  return {
    onBeat: (outcome) => beats.inc({ outcome }),
    onSeen(seen, now) {
      const ages = seen.map(({ backAt, waitingSince }) => now - (backAt ?? waitingSince ?? now))
      age.set(Math.max(0, ...ages) / 1000)
      for (const state of states) locations.set({ state }, seen.filter((one) => one.state === state).length)
    },
  }
}
