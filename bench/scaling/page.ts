/** The tables of docs/scaling.md, made from the plan, the simulated traffic and the settings as they are delivered. */
import { configFields } from '../../config/fields.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { subscriptions } from '../../runtime/task.ts'
import { physicalName } from '../../runtime/topic.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { factTables } from '../../sinks/clickhouse/rows.ts'
import { allTopics } from '../../topics/index.ts'
import { groupBytes } from './group.ts'
import { assumed, measured, planFor, rebalanceShares } from './plan.ts'
import type { Plan, Settings } from './plan.ts'
import { fullestPartition, moved } from './spread.ts'
import { measureTraffic } from './traffic.ts'
import type { Traffic } from './traffic.ts'

type Rows = readonly (readonly string[])[]

const SEED = 1
const STORIES = 100
const SPREAD_LEADS = 480_000

/** By their place on the page. */
type Tables = Readonly<Record<'traffic' | 'plan' | 'group' | 'checks', Rows>>

/** What is delivered; a cluster with default settings has 50 partitions of offsets, the embedded broker 4. */
export function settingsOf(offsetsPartitions: number): Settings {
  const written = new Set(pipeline.flatMap(({ outputs }) => (outputs as readonly AnyTopic[]).map(({ name }) => name)))
  const kept = allTopics.flatMap(({ name, retention }) => (retention === 'compact' ? [] : [[name, retention.days] as const]))
  return {
    partitions: Number(configFields.partitions.fallback),
    lingerMs: Number(configFields.lingerMs.fallback),
    sinkMaxMs: 5_000,
    sinkTopics: factTables.length,
    dedupWindowBlocks: 1_000,
    lookAfterMs: 15_000,
    heartbeatMs: 1_500,
    unitTopics: written.size + pipeline.filter(({ state }) => state !== undefined).length + subscriptions(pipeline).length,
    offsetsPartitions,
    retentionDays: Object.fromEntries(kept),
  }
}

/** Measures the traffic and computes everything. */
export async function tables(): Promise<Tables> {
  const traffic = measureTraffic({ seed: SEED, leads: STORIES })
  const here = planFor(1, traffic, settingsOf(4))
  const there = planFor(assumed.factor, traffic, settingsOf(50))
  return {
    traffic: trafficRows(traffic),
    plan: planRows(traffic, here, there),
    group: await groupRows(there),
    checks: checkRows(traffic, here, there),
  }
}

function trafficRows(traffic: Traffic): Rows {
  return [
    ['A webhook becomes, on average', 'Records', 'Bytes'],
    ...Object.entries(traffic.topics).map(([topic, { records, bytes }]) => [`\`${topic}\``, number(records, 2), number(bytes)]),
    ['changelogs', number(traffic.changelogRecords, 2), number(traffic.changelogBytes)],
    ['**together**', number(traffic.records + traffic.changelogRecords, 2), number(traffic.bytes + traffic.changelogBytes)],
    ['state of a lead, all stages', number(traffic.stateRecords, 2), number(traffic.stateBytes)],
  ]
}

function planRows(traffic: Traffic, here: Plan, there: Plan): Rows {
  const row = (what: string, value: (plan: Plan) => string, how: string) => [what, value(here), value(there), how]
  const [first] = there.transactions
  const shares = rebalanceShares(settingsOf(50))
  return [
    ['What', 'This machine', '× 100', 'Arithmetic'],
    row('webhooks/s', (plan) => number(plan.webhooksPerSecond), 'measured: accepted a second'),
    row('decisions/s', (plan) => number(plan.decisionsPerSecond), 'webhooks/s × decisions of a webhook'),
    row(
      'pipeline processes',
      (plan) => number(plan.processes),
      `${number(there.webhooksPerProcess)} webhooks/s each at its best, ${assumed.utilisation} of it used`,
    ),
    row(
      'partitions of each lead topic',
      (plan) => number(plan.partitions),
      `${assumed.partitionsPerProcess} a process, up to the next ${assumed.partitionStep}`,
    ),
    row('API processes', (plan) => number(plan.apiProcesses), 'as many webhooks/s each as here'),
    ...(first === undefined
      ? []
      : here.transactions.map(({ lingerMs }, index) =>
          row(
            `transactions/s with a linger of ${lingerMs} ms, broker cores for them`,
            ({ transactions }) => `${number(transactions[index]?.perSecond ?? 0)}, ${number(transactions[index]?.cores ?? 0, 1)}`,
            'processes × min(webhooks/s of one, 1000 / linger); small ones cost 1.3 cores for 480/s',
          ),
        )),
    row('broker cores', (plan) => number(plan.brokerCores, 1), '0.38 of a core at 200 webhooks/s, in proportion'),
    row(
      'brokers',
      ({ brokers }) => (brokers.least === brokers.most ? number(brokers.least) : `${number(brokers.least)} to ${number(brokers.most)}`),
      `${assumed.brokerCores} cores, ${assumed.utilisation} of them used; followers cost nothing, or what the leader costs`,
    ),
    row('MB/s written, before replicas and compression', (plan) => number(plan.megabytesPerSecond, 1), 'webhooks/s × bytes of a webhook'),
    row(
      'TB on the disks of the brokers',
      (plan) => number(plan.terabytesKept, 1),
      `bytes by topic × days kept × ${assumed.meanOfPeak} of the peak, ${assumed.replicas} replicas at × 100`,
    ),
    row('leads', (plan) => number(plan.leads), 'design target of this machine, in proportion'),
    row('state, GB', (plan) => number(plan.stateGigabytes, 1), 'leads × state of a lead'),
    row(
      'changelog records of a partition',
      (plan) => number(plan.recordsPerPartition),
      `leads × ${number(traffic.stateRecords)} entries × ${assumed.changelogPerKey} before compaction / partitions`,
    ),
    row(
      'cold start of a process, s',
      (plan) => number(plan.coldStartSeconds, 1),
      `its partitions × records / ${number(measured.restorePerSecond.value)} a second`,
    ),
    row(
      'a process killed: its partitions go on after, s',
      (plan) => number(plan.lostProcessSeconds, 1),
      `${measured.lostMemberSeconds.value} s until it is missed, then one partition restored cold`,
    ),
    row(
      'a member comes or goes: all have partitions again after at most, s',
      (plan) => number(plan.rebalanceSeconds, 1),
      `1.5 s until the last has noticed, ${number(shares.memberSeconds * 1000, 1)} ms a member, ${number(shares.partitionSeconds * 1000, 1)} ms a partition`,
    ),
    row('inserts/s into ClickHouse', (plan) => number(plan.sinkInsertsPerSecond, 1), 'fact tables × partitions / 5 s'),
    row('deduplication window, s', (plan) => number(plan.dedupSeconds), '1,000 blocks a table / blocks a second of one'),
    row('rows/s into Postgres', (plan) => number(plan.rowsPerSecond), 'profiles, decisions and follow-ups of a webhook'),
    row(
      'partitions asked about a second for open transactions',
      (plan) => number(plan.lookedAfterPerSecond),
      'units × (topics, one partition each, + those of offsets) / 15 s',
    ),
  ]
}

/** What a rebalance carries, by members and by partitions. */
async function groupRows({ processes, partitions }: Plan): Promise<Rows> {
  const topics = subscriptions(pipeline).map((topic) => physicalName(topic, ''))
  const kilobytes = (bytes: number) => number(bytes / 1000, 1)
  const sizes = [
    [4, 24],
    [24, 48],
    [48, 96],
    [48, partitions],
    [processes, partitions],
  ] as const
  const rows = await Promise.all(
    sizes.map(async ([members, count]) => {
      const bytes = await groupBytes(members, count, topics)
      return [number(members), number(count), ...[bytes.said, bytes.assigned, bytes.stored].map(kilobytes)]
    }),
  )
  return [
    ['Members', `Partitions of ${topics.length} topics`, 'The leader is sent, KB', 'It gives out, KB', 'The coordinator stores, KB'],
    ...rows,
  ]
}

function checkRows(traffic: Traffic, here: Plan, there: Plan): Rows {
  const perMinute = here.decisionsPerSecond * 60
  const [low, high] = [measured.httpDecisionsPerMinute.value, measured.httpDecisionsPerMinuteMost.value]
  const { onLoss, onJoin } = moved(there.partitions, there.processes)
  return [
    ['Check', 'Result'],
    [
      `decisions a minute by the model (${number(measured.acceptedPerSecond.value)} webhooks/s × ${number(traffic.decisions, 2)}) against the measured ${number(low)} to ${number(high)}`,
      `${number(perMinute)}: ${perMinute >= low && perMinute <= high ? 'within' : 'OUTSIDE'}`,
    ],
    [
      `fullest of ${there.partitions} partitions, ${number(SPREAD_LEADS)} lead keys through the partitioner, against the mean`,
      number(fullestPartition(SPREAD_LEADS, there.partitions), 3),
    ],
    [`partitions that move when one of ${there.processes} processes is lost, by the assignor`, String(onLoss)],
    [`partitions that move when one more comes`, String(onJoin)],
  ]
}

/** Thousands with commas. */
function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Rows as a table of Markdown. */
export function markdown(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => `| ${row.join(' | ')} |`)
  return [lines[0], `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...lines.slice(1)].join('\n')
}

/** The page with this table in its place. */
export function withTable(page: string, name: string, table: string): string {
  const { from, to } = bounds(page, name)
  return `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`
}

/** The cells of a table of the page, whatever the width of its columns. */
export function tableIn(page: string, name: string): readonly (readonly string[])[] {
  const { from, to } = bounds(page, name)
  const rows = page
    .slice(from, to)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  return rows.filter((_, index) => index !== 1)
}

function bounds(page: string, name: string): { readonly from: number; readonly to: number } {
  const mark = `<!-- ${name} -->`
  const from = page.indexOf(mark) + mark.length
  const to = page.indexOf('<!-- end -->', from)
  if (from < mark.length || to < 0) throw new Error(`the page has no place for the table ${name}`)
  return { from, to }
}
