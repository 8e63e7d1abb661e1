/** Counts of what retention of Postgres deletes, of what it keeps from being stored, and of votes from outside that waited in vain. */
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'

export interface RetentionMetrics {
  readonly deletedRows: Counter<'table'>
  readonly pastRecords: Counter<'topic'>
  readonly forgottenBallots: Counter<'why'>
}

export function retentionMetrics(registry: Registry): RetentionMetrics {
  const registers = [registry]
  const forgottenBallots = new Counter({
    name: 'lr_outside_ballots_forgotten_total',
    help: 'Ballots of outside programs that waited for a decision and are kept no longer: crowded out by others, or undecided for an hour.',
    labelNames: ['why'],
    registers,
  })
  for (const why of ['crowded', 'undecided']) forgottenBallots.inc({ why }, 0)
  return {
    deletedRows: new Counter({
      name: 'lr_retention_deleted_rows_total',
      help: 'Rows of Postgres deleted since they were past their retention, by table.',
      labelNames: ['table'],
      registers,
    }),
    pastRecords: new Counter({
      name: 'lr_retention_past_records_total',
      help: 'Records not stored in Postgres since they were past the retention of their table, by topic.',
      labelNames: ['topic'],
      registers,
    }),
    forgottenBallots,
  }
}
