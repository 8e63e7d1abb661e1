/** Every error table of the product with the room it belongs to. A code stands in one table only. */
import { apiErrors, statusOf } from '../api/errors.ts'
import { apolloErrors } from '../integrations/apollo/errors.ts'
import { marketErrors } from '../integrations/market/errors.ts'
import { configErrors } from '../config/config.ts'
import { lookupErrors } from '../lookup/errors.ts'
import { consensusErrors } from '../pipelines/consensus/errors.ts'
import { ingestErrors } from '../pipelines/ingest/errors.ts'
import { heartbeatErrors } from '../reconcile/errors.ts'
import { runtimeErrors } from '../runtime/errors.ts'
import type { ErrorEntry } from '../runtime/errors.ts'
import { kafkaErrors } from '../runtime/kafka/errors.ts'
import { simulateErrors } from '../simulate/errors.ts'
import { clickhouseErrors } from '../sinks/clickhouse/errors.ts'
import { postgresErrors } from '../sinks/postgres/errors.ts'
import { stackErrors } from '../stack/errors.ts'
import { cliErrors } from './errors.ts'

export interface ErrorTable {
  /** The file it stands in. */
  readonly file: string
  /** Completes "Errors of …". */
  readonly of: string
  readonly entries: Readonly<Record<string, ErrorEntry>>
  /** HTTP status by code, where an API answers with it. */
  readonly status?: Readonly<Record<string, number>>
}

export const errorCatalogue: readonly ErrorTable[] = [
  { file: 'runtime/errors.ts', of: 'the runtime', entries: runtimeErrors },
  { file: 'runtime/kafka/errors.ts', of: 'single records, dead letters and groups', entries: kafkaErrors },
  { file: 'config/config.ts', of: 'the configuration', entries: configErrors },
  { file: 'pipelines/ingest/errors.ts', of: 'ingest (dead letters)', entries: ingestErrors },
  { file: 'pipelines/consensus/errors.ts', of: 'the consensus (dead letters)', entries: consensusErrors },
  { file: 'lookup/errors.ts', of: 'looking up contacts', entries: lookupErrors },
  { file: 'reconcile/errors.ts', of: 'the heartbeat', entries: heartbeatErrors },
  { file: 'sinks/postgres/errors.ts', of: 'Postgres', entries: postgresErrors },
  { file: 'sinks/clickhouse/errors.ts', of: 'ClickHouse', entries: clickhouseErrors },
  { file: 'integrations/apollo/errors.ts', of: 'look-ups at Apollo', entries: apolloErrors },
  { file: 'integrations/market/errors.ts', of: 'market facts', entries: marketErrors },
  { file: 'api/errors.ts', of: 'the API', entries: apiErrors, status: statusOf },
  { file: 'simulate/errors.ts', of: 'the simulator', entries: simulateErrors },
  { file: 'cli/errors.ts', of: 'the command line', entries: cliErrors },
  { file: 'stack/errors.ts', of: 'the embedded engines', entries: stackErrors },
]
