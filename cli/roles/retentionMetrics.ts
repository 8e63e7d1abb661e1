/** Counts of what retention of Postgres deletes, and of what it keeps from being stored. */
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'

export interface RetentionMetrics {
  readonly deletedRows: Counter<'table'>
  readonly pastRecords: Counter<'topic'>
}

export function retentionMetrics(registry: Registry): RetentionMetrics {
  const registers = [registry]
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
  }
}
