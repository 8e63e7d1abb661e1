/** The sinks in one process: Postgres with its offsets, ClickHouse in deterministic blocks; and what is done now and then with what they store: retention, learning; and the market feed is asked. */
import { systemClock } from '../../delivery/systemClock.ts'
import { marketFeed } from '../../integrations/market/client.ts'
import type { MarketFeed } from '../../integrations/market/client.ts'
import { clickhouseSink, clickhouseSinkTopics } from '../../sinks/clickhouse/sink.ts'
import { countDays } from '../../sinks/postgres/decisionDays.ts'
import { learningAlone } from '../../sinks/postgres/learnedPolicies.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { enforceRetention } from '../../sinks/postgres/retention.ts'
import { postgresSink, postgresSinkTopics } from '../../sinks/postgres/sink.ts'
import { erasures, marketFacts, tenants } from '../../topics/index.ts'
import { learnPorts } from '../learnPorts.ts'
import { version } from '../version.ts'
import { kafkaOf, needed, processMetrics, TRACE_FLUSH_MS, tracerOf } from './connections.ts'
import { clickhouseGroup, postgresGroup } from './groups.ts'
import { databaseMetrics } from './databaseMetrics.ts'
import { startDayCounts } from './dayCountPart.ts'
import { lagGauges } from './lagGauges.ts'
import { learningMetrics, startLearning } from './learningPart.ts'
import { serveMetrics } from './metricsServer.ts'
import { activeLocations, marketMetrics, startMarketFetches } from './marketPart.ts'
import { retentionMetrics } from './retentionMetrics.ts'
import { startRetention } from './retentionPart.ts'
import type { Role } from './role.ts'

export const sinksRole: Role = async ({ config, logger, onFatal, asked, hurried }) => {
  const metrics = processMetrics('sinks', version)
  const tracer = await tracerOf(config, 'sinks', logger, metrics)
  const kafka = await kafkaOf(config, 'sinks', logger, metrics, tracer)
  const { poolMax: max, poolTimeoutMs: timeoutMs, poolRecycleMs: recycleMs } = config.database
  const pool = createPool({
    url: needed(config.database.url, 'DATABASE_URL'),
    max,
    timeoutMs,
    recycleMs,
    logger,
    applicationName: 'rekindle sinks',
    watch: databaseMetrics(metrics),
  })
  const erased = await kafka.table(erasures)
  const clickhouse = clickhouseSink({
    url: needed(config.clickhouse.url, 'CLICKHOUSE_URL'),
    database: config.clickhouse.database,
    topicPrefix: config.kafka.topicPrefix,
    maxMs: config.clickhouse.flushMs,
    erasedAt: (key) => erased.get(key)?.erasedAt,
  })
  const membership = { joinTickMs: config.kafka.joinTickMs, signal: asked, hurry: hurried, onFatal }
  const { deletedRows, pastRecords, forgottenBallots } = retentionMetrics(metrics)
  const postgres = postgresSink(pool, {
    now: () => systemClock.now(),
    onPast: (topic, count) => pastRecords.inc({ topic: topic.name }, count),
    onForgotten: (why, count) => forgottenBallots.inc({ why }, count),
  })
  const members = await Promise.all([
    kafka.runSink({ ...membership, group: postgresGroup, sink: postgres }),
    kafka.runSink({ ...membership, group: clickhouseGroup, sink: clickhouse.sink }),
  ])
  const server = await serveMetrics(
    metrics,
    config.http.host,
    config.http.metricsPort,
    lagGauges(kafka, metrics, [
      { group: postgresGroup, topics: postgresSinkTopics },
      { group: clickhouseGroup, topics: clickhouseSinkTopics },
    ]),
    [
      { group: postgresGroup, member: members[0] },
      { group: clickhouseGroup, member: members[1] },
    ],
  )
  const retention = startRetention({ enforce: (at) => enforceRetention(pool, at), clock: systemClock, deletedRows, logger })
  const dayCounts = startDayCounts({ count: (at, signal) => countDays(pool, at, signal), clock: systemClock, logger })
  const everyHours = config.learnEveryHours
  const ports = everyHours === 0 ? undefined : await learnPorts(pool, kafka, () => systemClock.now())
  const learning =
    ports === undefined
      ? undefined
      : startLearning({
          ...{ everyHours, ports, alone: (work) => learningAlone(pool, work), clock: systemClock },
          ...{ metrics: learningMetrics(metrics), logger },
        })
  const { feedUrl, feedKey, fetchHours } = config.market
  const feed = feedUrl === undefined || fetchHours === 0 ? undefined : marketFeed({ url: feedUrl, apiKey: feedKey, clock: systemClock })
  const market = feed === undefined ? undefined : await startMarket(feed)
  async function startMarket(asked: MarketFeed) {
    await kafka.registerSchemas([marketFacts])
    const [known, producer] = [await kafka.table(tenants), kafka.producer()]
    return startMarketFetches({
      ...{ everyHours: fetchHours, feed: asked, clock: systemClock, metrics: marketMetrics(metrics), logger },
      locations: () => activeLocations(known.entries()),
      tell: (location, fact) => producer.send(marketFacts, location, fact),
    })
  }
  return {
    address: server.url,
    async stop() {
      await Promise.all([retention.stop(), dayCounts.stop(), learning?.stop(), market?.stop(), ...members.map((member) => member.stop())])
      await feed?.close()
      await server.close()
      await kafka.close()
      await clickhouse.close()
      await pool.end()
      await tracer?.close(TRACE_FLUSH_MS)
    },
  }
}
