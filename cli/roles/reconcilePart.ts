/** The comparison of every location with what GoHighLevel's API shows, as one part of the pipeline process. */
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import { systemClock } from '../../delivery/systemClock.ts'
import { sweepSources } from '../../pipelines/reconcile/sweepPlan.ts'
import type { Sweep } from '../../pipelines/reconcile/sweepPlan.ts'
import { publishFound } from '../../reconcile/publishFound.ts'
import { Reconciler } from '../../reconcile/reconciler.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import type { SweepResult } from '../../reconcile/sweeper.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { GhlPart } from './ghlPart.ts'

export interface ReconcilePartOptions {
  readonly logger: Logger
  readonly kafka: Pick<KafkaConnection, 'producer'>
  readonly shared: Pick<GhlPart, 'pool' | 'ghl'>
  readonly metrics: Registry
  readonly onFatal: (error: unknown) => void
}

/** Starts it; `stop` gives up a sweep that is under way, which is made again. */
export function startReconciling({ logger, kafka, shared, metrics, onFatal }: ReconcilePartOptions): { stop(): Promise<void> } {
  const { pool, ghl } = shared
  const sweeper = new Sweeper({ pool, ghl, clock: systemClock, publish: publishFound(kafka.producer()) })
  const reconciler = new Reconciler({ pool, sweeper, clock: systemClock, logger, onSwept: sweepMetrics(metrics) })
  const stopping = new AbortController()
  const running = reconciler.run(stopping.signal)
  running.catch(onFatal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Counts of sweeps by source. */
export function sweepMetrics(registry: Registry): (sweep: Pick<Sweep, 'source'>, result: SweepResult) => void {
  const registers = [registry]
  const sweeps = new Counter({
    name: 'lr_sweeps_total',
    help: 'Comparisons of a location with what GoHighLevel shows, by source and outcome (read, failed).',
    labelNames: ['source', 'outcome'],
    registers,
  })
  const read = new Counter({
    name: 'lr_sweep_read_total',
    help: 'Messages, contacts, opportunities and appointments compared, by source.',
    labelNames: ['source'],
    registers,
  })
  const missed = new Counter({
    name: 'lr_sweep_missed_total',
    help: 'Those that no webhook had told of, by source.',
    labelNames: ['source'],
    registers,
  })
  for (const source of sweepSources) {
    for (const outcome of ['read', 'failed']) sweeps.inc({ source, outcome }, 0)
    read.inc({ source }, 0)
    missed.inc({ source }, 0)
  }
  return ({ source }, result) => {
    sweeps.inc({ source, outcome: result.kind })
    read.inc({ source }, result.read)
    missed.inc({ source }, result.missed)
  }
}
