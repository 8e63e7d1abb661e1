/** The comparison of every location with what GoHighLevel's API shows, as one part of the pipeline process, and its metrics. */
import { randomUUID } from 'node:crypto'
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import { systemClock } from '../../delivery/systemClock.ts'
import { heldKinds } from '../../pipelines/reconcile/heldThings.ts'
import type { HeldKind } from '../../pipelines/reconcile/heldThings.ts'
import { sweepSources } from '../../pipelines/reconcile/sweepPlan.ts'
import type { Sweep } from '../../pipelines/reconcile/sweepPlan.ts'
import { Installations } from '../../reconcile/installations.ts'
import { Inventory } from '../../reconcile/inventory.ts'
import type { InventoryOptions } from '../../reconcile/inventory.ts'
import { publishFound } from '../../reconcile/publishFound.ts'
import { Reconciler } from '../../reconcile/reconciler.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import type { SweepResult } from '../../reconcile/sweeper.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { GhlPart } from './ghlPart.ts'

export interface ReconcilePartOptions {
  readonly logger: Logger
  readonly kafka: Pick<KafkaConnection, 'producer'>
  readonly shared: Pick<GhlPart, 'pool' | 'ghl' | 'agencies'>
  readonly metrics: Registry
  /** The app, as webhooks name it. */
  readonly appId: string | null
  /** Calls of a location in an hour for what its leads hold; 0 = none is made. */
  readonly callsPerHour: number
  readonly onFatal: (error: unknown) => void
}

/** Starts it; `stop` gives up what is under way, which is made again. */
export function startReconciling({ logger, kafka, shared, metrics, appId, callsPerHour, onFatal }: ReconcilePartOptions): {
  stop(): Promise<void>
} {
  const { pool, ghl, agencies } = shared
  const publish = publishFound(kafka.producer())
  const sweeper = new Sweeper({ pool, ghl, clock: systemClock, publish })
  const reconciler = new Reconciler({ pool, sweeper, clock: systemClock, logger, onSwept: sweepMetrics(metrics) })
  const told = inventoryMetrics(metrics)
  const inventory = new Inventory({ pool, ghl, sweeper, clock: systemClock, logger, callsPerHour, ...told })
  const installations = agencies && new Installations({ pool, agencies, clock: systemClock, logger, appId, publish, newId: randomUUID })
  const stopping = new AbortController()
  const running = Promise.all([
    reconciler.run(stopping.signal),
    callsPerHour === 0 ? undefined : inventory.run(stopping.signal),
    installations?.run(stopping.signal),
  ])
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
  const aside = new Counter({
    name: 'lr_sweep_set_aside_total',
    help: 'Contacts that GoHighLevel did not show in three sweeps in a row, while it showed others, and that were left out, by source.',
    labelNames: ['source'],
    registers,
  })
  for (const source of sweepSources) {
    aside.inc({ source }, 0)
    for (const outcome of ['read', 'failed']) sweeps.inc({ source, outcome }, 0)
    read.inc({ source }, 0)
    missed.inc({ source }, 0)
  }
  return ({ source }, result) => {
    sweeps.inc({ source, outcome: result.kind })
    read.inc({ source }, result.read)
    missed.inc({ source }, result.missed)
    if (result.kind === 'read') aside.inc({ source }, result.aside?.length ?? 0)
  }
}

/** What an inventory costs and finds, and how long ago one was through; every process that makes one shows the same of the latter. */
export function inventoryMetrics(registry: Registry): Required<Pick<InventoryOptions, 'onLead' | 'onSeen'>> {
  const registers = [registry]
  const calls = new Counter({ name: 'lr_inventory_calls_total', help: 'Calls that went to reading what leads hold one by one.', registers })
  const read = new Counter({
    name: 'lr_inventory_read_total',
    help: 'Things that leads hold and that were compared with GoHighLevel, by kind.',
    labelNames: ['kind'],
    registers,
  })
  const missed = new Counter({
    name: 'lr_inventory_missed_total',
    help: 'Those that GoHighLevel shows otherwise, by kind and whether they are gone (deleted) or not (changed).',
    labelNames: ['kind', 'what'],
    registers,
  })
  const unclear = new Counter({
    name: 'lr_inventory_unclear_total',
    help: 'Things of which GoHighLevel said neither that they are there nor, surely, that they are gone.',
    registers,
  })
  const age = new Gauge({
    name: 'lr_inventory_age_seconds',
    help: 'Since all leads of a location were gone through, by part (open, settled), of the location where that is longest ago; since the first was begun where it never was.',
    labelNames: ['part'],
    registers,
  })
  for (const kind of heldKinds) read.inc({ kind }, 0)
  for (const kind of [...heldKinds, 'contacts']) for (const what of ['deleted', 'changed']) missed.inc({ kind, what }, 0)
  return {
    onLead(_, looked) {
      calls.inc(looked.calls)
      for (const kind of heldKinds) read.inc({ kind }, looked.read[kind])
      for (const { type } of looked.missed) missed.inc({ kind: kindOf(type), what: type.endsWith('Delete') ? 'deleted' : 'changed' })
      unclear.inc(looked.unclear)
    },
    onSeen(part, seen, now) {
      age.set({ part }, Math.max(0, ...[...seen.values()].map(({ wholeAt, beganAt }) => now - (wholeAt ?? beganAt))) / 1000)
    },
  }
}

function kindOf(type: string): HeldKind | 'contacts' {
  if (type.startsWith('Opportunity')) return 'opportunities'
  if (type.startsWith('Appointment')) return 'appointments'
  if (type.startsWith('Task')) return 'tasks'
  return type.startsWith('Note') ? 'notes' : 'contacts'
}
