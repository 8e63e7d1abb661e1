/**
 * A member of a chaos run in a process of its own, to be killed, stopped and started. Argument: JSON of MemberSettings.
 * Tells its parent `ready`, and `fatal` with the code before it exits with 70; ends with 0 after draining on SIGTERM.
 */
import pino from 'pino'
import { RekindleError } from '../../runtime/errors.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import type { RunningMember } from '../../runtime/kafka/connectKafka.ts'
import type { TransactionProtocol } from '../../runtime/kafka/openTransactions.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { askOverHttp, COURIER_GROUP, courier } from './courier.ts'
import { groupsOf } from './groupsOf.ts'
import { clickhouseSink, postgresSink } from './sinks.ts'

export interface MemberSettings {
  readonly name: string
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly prefix: string
  readonly runs: 'stages' | 'sinks'
  readonly fused: boolean
  readonly protocol: TransactionProtocol
  /** Records of one transaction at most. */
  readonly maxRecords: number
  readonly databaseUrl: string
  /** What the worker calls. */
  readonly providerUrl: string
  /** Folder for the state of stages and the standby copies of others; without one it is in memory. */
  readonly stateDir?: string
  readonly clickhouse?: { readonly url: string; readonly database: string }
}

export type MemberMessage =
  { readonly state: 'ready' } | { readonly state: 'fatal'; readonly code: string; readonly retriable: boolean; readonly text: string }

/** The shortest the broker allows: what outlives it is a zombie. */
export const SESSION_MS = 6_000
const STOP_BUDGET_MS = 30_000

if (process.argv[1] === import.meta.filename) {
  const settings = JSON.parse(process.argv[2] as string) as MemberSettings
  const logger = pino({ level: 'info', base: { member: settings.name } }, pino.destination({ dest: 1, sync: true }))
  try {
    const members = await run(settings, logger)
    process.once('SIGTERM', () => {
      Promise.all(members.map((member) => member.stop(STOP_BUDGET_MS))).then((clean) => process.exit(clean.every(Boolean) ? 0 : 3), fail)
    })
    // Last: whoever hears it may tell the process to end at once.
    tell({ state: 'ready' })
  } catch (error) {
    fail(error)
  }
}

async function run(settings: MemberSettings, logger: pino.Logger): Promise<readonly RunningMember[]> {
  const { brokers, registryUrl, prefix, protocol, stateDir } = settings
  const kafka = await connectKafka({
    brokers,
    clientId: settings.name,
    topicPrefix: prefix,
    registryUrl,
    logger,
    transactions: protocol,
    connectMs: 60_000,
  })
  const common = { sessionTimeoutMs: SESSION_MS, onFatal: fail }
  if (settings.runs === 'stages')
    return Promise.all([
      ...groupsOf(settings.fused).map(({ group, stages }) =>
        kafka.runStages({
          ...common,
          group,
          stages,
          maxRecords: settings.maxRecords,
          ...(stateDir === undefined ? {} : { stateDir, standby: 1 }),
        }),
      ),
      kafka.runWorker({
        ...common,
        group: COURIER_GROUP,
        worker: courier(askOverHttp(settings.providerUrl)),
      }),
    ])
  const pool = createPool({ url: settings.databaseUrl, max: 8, timeoutMs: 5_000, logger })
  const { clickhouse } = settings
  return Promise.all([
    kafka.runSink({ ...common, group: 'postgres', sink: postgresSink(pool) }),
    ...(clickhouse === undefined
      ? []
      : [kafka.runSink({ ...common, group: 'clickhouse', sink: clickhouseSink(clickhouse.url, clickhouse.database) })]),
  ])
}

function fail(error: unknown): void {
  const code = error instanceof RekindleError ? error.code : 'none'
  const retriable = error instanceof RekindleError && error.retriable
  process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  tell({ state: 'fatal', code, retriable, text: String(error) }, () => process.exit(70))
}

function tell(message: MemberMessage, sent: () => void = () => undefined): void {
  if (process.send === undefined) return sent()
  process.send(message, sent)
}
