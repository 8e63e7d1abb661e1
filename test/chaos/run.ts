/**
 * One chaos run: members work on the load while the faults of the seed happen; then everything is waited for by position,
 * the members are ended, and what is on every topic, changelog and table is compared with the sequential model.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import pino from 'pino'
import { createClient } from '../../runtime/kafka/client.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import type { ChaosEngines } from './engines.ts'
import { scheduleOf } from './faults.ts'
import type { Fault, FaultKind } from './faults.ts'
import { bursts, firstRates } from './generator.ts'
import { courierGroup, groupsOf, topics } from './groupsOf.ts'
import { faultMaker } from './happen.ts'
import type { Say } from './happen.ts'
import type { MemberSettings } from './memberProcess.ts'
import { Member } from './members.ts'
import type { Crash } from './members.ts'
import { differencesOf } from './model.ts'
import type { Difference, Observation } from './observation.ts'
import { Provider, serve } from './provider.ts'
import { readBack } from './readBack.ts'
import type { Places } from './readBack.ts'
import { sendAll } from './send.ts'
import type { Sent } from './send.ts'
import { settle } from './settle.ts'
import type { Tide } from './tides.ts'
import { clickhouseTopics, createClickhouseTable, dropClickhouseDatabase, postgresSchema, postgresTopics } from './sinks.ts'

export interface RunOptions {
  readonly seed: number
  readonly events: number
  /** How many, drawn from the seed among these kinds, or the very ones. */
  readonly faults: { readonly count: number; readonly kinds: readonly FaultKind[] } | readonly Fault[]
  readonly engines: ChaosEngines
  readonly folder: string
  /** What happens, as it happens. */
  readonly say: Say
}

/** What the seed decides beside load and faults. */
export interface Deployment {
  readonly fused: boolean
  readonly protocol: 'implicit' | 'classic'
  readonly members: number
  readonly sinks: number
  readonly partitions: number
  readonly maxRecords: number
  readonly keys: number
  /** State of stages in files, which members of one machine find again, or in memory. */
  readonly kept: 'in files' | 'in memory'
}

/** What the run had of the kinds of work that have to happen for it to prove anything. */
export interface Work {
  /** Notices told to the provider, and the calls that it took. */
  readonly told: number
  readonly calls: number
  /** Entries that had to wait for a permit or were given up without one. */
  readonly asked: number
  readonly givenUp: number
  readonly windows: number
  /** Records that came too late for theirs. */
  readonly late: number
  readonly letters: number
}

export interface RunResult {
  readonly seed: number
  readonly deployment: Deployment
  readonly faults: readonly Fault[]
  readonly seconds: number
  readonly sent: Sent
  /** Records on the topics, changelog keys and rows that were compared. */
  readonly compared: number
  readonly work: Work
  readonly crashes: readonly Crash[]
  readonly differences: readonly Difference[]
  /** What went wrong beside differences, one sentence each. */
  readonly problems: readonly string[]
}

export function deploymentOf(seed: number): Deployment {
  const random = seededRandom(seed, 'deployment')
  return {
    fused: random.chance(0.5),
    protocol: random.chance(0.5) ? 'implicit' : 'classic',
    members: random.between(2, 4),
    sinks: random.between(1, 2),
    partitions: random.between(3, 6),
    maxRecords: random.pick([20, 100, 500]),
    keys: random.between(40, 200),
    kept: random.chance(0.7) ? 'in files' : 'in memory',
  }
}

/** Runs the seed. Rejects only when the run itself could not be made; what it found is in the result. */
export async function chaosRun({ seed, events, faults: wanted, engines, folder, say }: RunOptions): Promise<RunResult> {
  const began = performance.now()
  const deployment = deploymentOf(seed)
  const { fused, protocol, partitions } = deployment
  mkdirSync(folder, { recursive: true })
  const logger = pino({ level: 'info', base: { member: 'driver' } }, pino.destination({ dest: join(folder, 'driver.log'), sync: true }))
  const brokers = engines.brokers.map(({ address }) => address ?? '')
  const prefix = `chaos${seed}.`
  const registryUrl = engines.registry.address ?? ''
  const client = createClient({ brokers, clientId: 'chaos', logger })
  const kafka = await connectKafka({ brokers, clientId: 'chaos', topicPrefix: prefix, registryUrl, logger, transactions: protocol })
  const database = `chaos_${seed}`
  const provider = new Provider(seed)
  const served = await serve(provider)
  const places: Places = {
    kafka: client,
    prefix,
    fused,
    partitions,
    databaseUrl: await createDatabase(engines.postgres.address ?? '', database),
    calls: () => provider.calls,
    ...(engines.clickhouse === undefined ? {} : { clickhouse: { url: engines.clickhouse.address ?? '', database } }),
  }
  if (places.clickhouse !== undefined) await createClickhouseTable(places.clickhouse.url, database)
  const others = [
    courierGroup,
    { group: 'postgres', inputs: postgresTopics },
    ...(places.clickhouse === undefined ? [] : [{ group: 'clickhouse', inputs: clickhouseTopics }]),
  ]
  await kafka.applyTopics(topics, {
    partitions,
    replicationFactor: Math.min(3, brokers.length),
    members: [...groupsOf(fused).map(({ group, stages }) => ({ group, stages })), ...others],
  })
  await kafka.registerSchemas(topics)
  const settings = (name: string, runs: MemberSettings['runs']): MemberSettings => {
    const { maxRecords, kept } = deployment
    const { databaseUrl, clickhouse } = places
    return {
      name,
      runs,
      brokers,
      registryUrl,
      prefix,
      fused,
      protocol,
      maxRecords,
      databaseUrl,
      providerUrl: served.url,
      ...(kept === 'in files' ? { stateDir: join(folder, 'state') } : {}),
      ...(clickhouse === undefined ? {} : { clickhouse }),
    }
  }
  const tell: Say = (line) => say(`${secondsSince(began)} s: ${line}`)
  const crashes: Crash[] = []
  const onCrash = (crash: Crash) => {
    crashes.push(crash)
    tell(`${crash.member} ended by itself: ${crash.text.replaceAll('\n', ' ')}`)
  }
  const list = (name: string, runs: MemberSettings['runs'], many: number) =>
    Array.from({ length: many }, (_, index) => new Member(settings(`${name}-${index}`, runs), folder, onCrash))
  const members = [...list('stages', 'stages', deployment.members), ...list('sinks', 'sinks', deployment.sinks)]
  const newcomers: Member[] = []
  const newcomer = () => {
    const member = new Member(settings(`newcomer-${newcomers.length}`, 'stages'), folder, onCrash)
    newcomers.push(member)
    return member
  }
  const faults = 'count' in wanted ? scheduleOf({ ...wanted, seed, members: members.length, brokers: brokers.length }) : wanted
  const problems: string[] = []
  let sent: Sent = { acknowledged: new Set(), garbage: 0, retried: 0 }
  let seen: Observation | undefined
  try {
    const producer = kafka.producer({ deadlineMs: 30_000 })
    await sendAll(producer, [{ pauseMs: 0, sendings: firstRates() }], () => undefined)
    for (const member of members) member.start()
    await Promise.all(members.map(({ ready }) => ready))
    const make = faultMaker({ engines, members, provider, newcomer }, tell)
    const waiting = [...faults]
    const happened: Promise<void>[] = []
    const happen = (fault: Fault) =>
      make(fault).catch((error: unknown) => void problems.push(`${fault.kind} could not be made: ${String(error)}`))
    sent = await sendAll(producer, bursts({ seed, events, keys: deployment.keys }), (acknowledged) => {
      while (waiting[0] !== undefined && waiting[0].at * events <= acknowledged) happened.push(happen(waiting.shift() as Fault))
    })
    await Promise.all(happened)
    tell('all is sent and every fault is over')
    await producer.close()
    for (const member of members) member.start()
    const late = await settle(kafka, client, prefix, [...groupsOf(fused), ...others])
    if (late !== undefined) problems.push(late)
    for (const member of members) {
      const end = await member.leave()
      if (end !== 0) problems.push(`${member.name} was told to end and ended with ${end}`)
    }
    seen = await readBack(places)
  } finally {
    await Promise.all([...members, ...newcomers].map((member) => member.kill()))
    served.close()
    await kafka.close()
  }
  for (const { member, code, text } of crashes.filter(({ retriable }) => !retriable)) problems.push(`${member} ended with ${code}: ${text}`)
  const differences = [...unacknowledged(sent, seen), ...differencesOf(seen)]
  if (differences.length === 0 && problems.length === 0) await tidy(client, engines.postgres.address ?? '', places, database)
  return {
    seed,
    deployment,
    faults,
    seconds: secondsSince(began),
    sent,
    compared: sizeOf(seen),
    work: workOf(seen),
    crashes,
    differences,
    problems,
  }
}

/** What a producer was told is stored and is not on the log. */
function unacknowledged({ acknowledged, garbage }: Sent, seen: Observation): Difference[] {
  const there = new Set([
    ...seen.readings.flatMap(({ value }) => (value === undefined ? [] : [value.n])),
    ...seen.ledger.flatMap(({ value }) => (value.cause.startsWith('o') ? [Number(value.cause.slice(1))] : [])),
  ])
  const lost = [...acknowledged].filter((n) => !there.has(n))
  const undecodable = seen.readings.filter(({ value }) => value === undefined).length
  const difference = (expected: unknown, found: unknown): Difference => ({
    where: 'readings',
    key: '',
    offset: undefined,
    what: 'acknowledged and lost',
    expected,
    found,
  })
  return [
    ...(lost.length === 0 ? [] : [difference(lost, 'nothing')]),
    ...(undecodable >= garbage ? [] : [difference(`${garbage} undecodable ones`, undecodable)]),
  ]
}

function sizeOf({ dead, states, postgres, clickhouse = [], ...topics }: Observation): number {
  const { readings, permits, ledger, alarms, totals, notices, regions, tides, deliveries, calls } = topics
  const lists = [readings, permits, ledger, alarms, totals, notices, regions, tides, deliveries, calls, postgres.facts, clickhouse]
  const maps = [...Object.values(states), postgres.latest]
  const sum = [...lists, ...Object.values(dead)].reduce((total, { length }) => total + length, 0)
  return maps.reduce((total, { size }) => total + size, sum)
}

function workOf({ ledger, tides, calls, dead }: Observation): Work {
  const many = (kind: Tide['kind']) => tides.filter(({ value }) => value.kind === kind).length
  return {
    told: new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size,
    calls: calls.length,
    asked: ledger.filter(({ value }) => value.cause.startsWith('a')).length,
    givenUp: dead.ledger.filter(({ code }) => code === 'E_CHAOS_NO_PERMIT').length,
    windows: many('closed'),
    late: many('late'),
    letters: Object.values(dead).reduce((sum, { length }) => sum + length, 0),
  }
}

async function createDatabase(url: string, name: string): Promise<string> {
  await query(url, `CREATE DATABASE ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  await query(own.href, postgresSchema)
  return own.href
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

/** Makes room for the next run on the same engines. */
async function tidy(
  client: ReturnType<typeof createClient>,
  postgresUrl: string,
  { prefix, clickhouse }: Places,
  database: string,
): Promise<void> {
  const admin = client.admin()
  await admin.connect()
  try {
    const own = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
    await admin.deleteTopics({ topics: own, timeout: 30_000 })
  } finally {
    await admin.disconnect()
  }
  await query(postgresUrl, `DROP DATABASE ${database} WITH (FORCE)`)
  if (clickhouse !== undefined) await dropClickhouseDatabase(clickhouse.url, clickhouse.database)
}

function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10
}
