/** The fused stages, those of locations, the delivery worker with its relay, the comparison with GoHighLevel, heartbeats, look-ups of contacts and of leads in one process. */
import { systemClock } from '../../delivery/systemClock.ts'
import { insightStages } from '../../pipelines/insightStages.ts'
import { subscriptions } from '../../runtime/task.ts'
import { restHeartbeats } from '../../sinks/postgres/heartbeats.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { allTopics, profiles, unrecognised } from '../../topics/index.ts'
import { version } from '../version.ts'
import { agentErrors } from './agentErrors.ts'
import { kafkaOf, needed, processMetrics, TRACE_FLUSH_MS, tracerOf } from './connections.ts'
import { databaseMetrics } from './databaseMetrics.ts'
import { deadLetterDepth, watchDeadLetters } from './deadLetterWatch.ts'
import { startDelivery } from './deliveryPart.ts'
import { openGhl } from './ghlPart.ts'
import { contactLookupGroup, insightsGroup, lineGroups, lingerMsOf, lookUpGroup } from './groups.ts'
import { refuseOtherFusion } from './refuseOtherFusion.ts'
import { lagGauges } from './lagGauges.ts'
import { startContactLookups } from './contactLookupPart.ts'
import { startLookUps } from './enrichmentPart.ts'
import { startHearing } from './heardPart.ts'
import { startHeartbeats } from './heartbeatPart.ts'
import { serveMetrics } from './metricsServer.ts'
import { startReconciling } from './reconcilePart.ts'
import { owedMetrics, watchOwed } from './owedWatch.ts'
import type { Role } from './role.ts'

export const pipelineRole: Role = async ({ config, logger, onFatal, asked, hurried }) => {
  const metrics = processMetrics('pipeline', version)
  const tracer = await tracerOf(config, 'pipeline', logger, metrics)
  const kafka = await kafkaOf(config, 'pipeline', logger, metrics, tracer)
  await kafka.registerSchemas(allTopics)
  const settings = {
    stateDir: config.stateDir,
    standby: config.standbyCopies,
    joinTickMs: config.kafka.joinTickMs,
    signal: asked,
    hurry: hurried,
    onFatal,
  }
  await refuseOtherFusion(kafka, config)
  const line = lineGroups(config)
  const onOutputs = agentErrors(metrics)
  const members = await Promise.all(
    line.map(async (each) => ({
      ...each,
      member: await kafka.runStages({ ...settings, ...each, lingerMs: lingerMsOf(config, each.group), onOutputs }),
    })),
  )
  const insights =
    insightStages.length === 0
      ? undefined
      : await kafka.runStages({ ...settings, group: insightsGroup, stages: insightStages, lingerMs: lingerMsOf(config, insightsGroup) })
  const shared = openGhl({
    config,
    logger,
    databaseUrl: needed(config.database.url, 'DATABASE_URL'),
    apiUrl: needed(config.ghl.apiUrl, 'GHL_API_URL'),
    applicationName: 'rekindle delivery',
    watch: databaseMetrics(metrics),
  })
  const delivery = startDelivery({ logger, sending: config.sending, kafka, shared, metrics, tracer, onFatal })
  const hearing = startHearing({ logger, kafka, pool: shared.pool, line })
  const part = { logger, kafka, shared, metrics, onFatal }
  const reconciling = config.ghl.reconcile
    ? startReconciling({ ...part, appId: config.ghl.appId ?? null, callsPerHour: config.ghl.inventoryCallsPerHour })
    : undefined
  const everyMs = config.ghl.heartbeatMinutes * 60_000
  if (everyMs === 0) await restHeartbeats(shared.pool)
  const heart = everyMs === 0 ? undefined : startHeartbeats({ logger, shared, metrics, everyMs, onFatal })
  const queries = readerQueries(shared.pool)
  const owed = watchOwed({ owed: (filter, now) => queries.owed(filter, now), clock: systemClock, metrics: owedMetrics(metrics), logger })
  const deadLetters = watchDeadLetters({
    counts: kafka.deadLetterCounts(allTopics),
    clock: systemClock,
    depth: deadLetterDepth(metrics),
    logger,
  })
  const lookups = config.ghl.contactLookup
    ? await startContactLookups({ logger, kafka, shared, metrics, membership: { signal: asked, hurry: hurried, onFatal } })
    : undefined
  const lookUps = config.lookUps.enabled
    ? await startLookUps({ config, logger, kafka, pool: shared.pool, metrics, signal: asked, hurry: hurried, onFatal })
    : undefined
  const server = await serveMetrics(
    metrics,
    config.http.host,
    config.http.metricsPort,
    lagGauges(kafka, metrics, [
      ...line.map(({ group, stages }) => ({ group, topics: subscriptions(stages) })),
      ...(insights === undefined ? [] : [{ group: insightsGroup, topics: subscriptions(insightStages) }]),
      ...(lookups === undefined ? [] : [{ group: contactLookupGroup, topics: [unrecognised] }]),
      ...(lookUps === undefined ? [] : [{ group: lookUpGroup, topics: [profiles] }]),
    ]),
    [
      ...members,
      ...(insights === undefined ? [] : [{ group: insightsGroup, member: insights }]),
      ...(lookups === undefined ? [] : [{ group: contactLookupGroup, member: lookups.member }]),
      ...(lookUps === undefined ? [] : [{ group: lookUpGroup, member: lookUps.member }]),
    ],
  )
  return {
    address: server.url,
    async stop() {
      await Promise.all([
        reconciling?.stop(),
        hearing.stop(),
        heart?.stop(),
        owed.stop(),
        deadLetters.stop(),
        lookups?.stop(),
        lookUps?.stop(),
        delivery.stop(),
        insights?.stop(),
        ...members.map(({ member }) => member.stop()),
      ])
      await shared.close()
      await server.close()
      await kafka.close()
      await tracer?.close(TRACE_FLUSH_MS)
    },
  }
}
