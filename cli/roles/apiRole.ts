/** The API: webhooks in, leads and their reasons out. */
import { randomUUID } from 'node:crypto'
import { buildApi, listenApi } from '../../api/buildApi.ts'
import type { Access, ApiDeps } from '../../api/ports.ts'
import { redisShareLedger } from '../../api/redisShareLedger.ts'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { finishAuthorization } from '../../integrations/ghl/oauth/authorization.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import { sandboxAppId } from '../../simulate/sandboxTenant.ts'
import { authorizations } from '../../sinks/postgres/authorizations.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { allTopics, erasures, realtors, tenants, urgentLeads, webhooks } from '../../topics/index.ts'
import { version } from '../version.ts'
import { workflowSecrets } from '../workflowSecrets.ts'
import { callbackTrust } from './callbackTrust.ts'
import { kafkaOf, needed, processMetrics, TRACE_FLUSH_MS, tracerOf } from './connections.ts'
import { databaseMetrics } from './databaseMetrics.ts'
import { ghlAccess } from './ghlAccess.ts'
import type { GhlAccess } from './ghlAccess.ts'
import type { Role } from './role.ts'
import { sharedCounts } from './sharedCounts.ts'
import { trustedKeys } from './trustedKeys.ts'

export const apiRole: Role = async ({ config, logger }) => {
  const metrics = processMetrics('api', version)
  const tracer = await tracerOf(config, 'api', logger, metrics)
  const kafka = await kafkaOf(config, 'api', logger, metrics, tracer)
  await kafka.registerSchemas(allTopics)
  const { poolMax: max, poolTimeoutMs: timeoutMs, poolRecycleMs: recycleMs } = config.database
  const pool = createPool({
    url: needed(config.database.url, 'DATABASE_URL'),
    max,
    timeoutMs,
    recycleMs,
    logger,
    applicationName: 'rekindle api',
    watch: databaseMetrics(metrics),
  })
  const access = accessOf(config)
  const shared = config.redis.url === undefined ? undefined : sharedCounts(config.redis.url, 'requests', logger)
  const ghl = ghlAccess(config, pool, systemClock)
  const app = await buildApi({
    producer: kafka.producer(),
    tenants: await kafka.table(tenants),
    realtors: await kafka.table(realtors),
    urgentLeads: await kafka.table(urgentLeads),
    erasures: await kafka.table(erasures),
    queries: readerQueries(pool),
    explain,
    probes: {
      kafka: () => kafka.endOffsets(webhooks),
      registry: () => kafka.registerSchemas([webhooks]),
      postgres: () => pool.query('SELECT 1'),
    },
    keys: trustedKeys(config),
    workflowSecrets: workflowSecrets(config),
    callbacks: callbackTrust(config),
    finishAuthorization: finisherOf(ghl, pool),
    appId: config.ghl.appId ?? sandboxAppId,
    access,
    trustedProxies: config.http.trustedProxies,
    metrics,
    logger,
    now: Date.now,
    monotonic: () => performance.now(),
    newId: randomUUID,
    tracer,
    limits: { bodyBytes: config.http.bodyLimitBytes, tenantPerSecond: config.http.tenantPerSecond },
    ...(shared === undefined ? {} : { sharedCounts: shared, shareLedger: redisShareLedger(shared, config.kafka.topicPrefix) }),
  })
  const address = await listenApi(app, access, { host: config.http.host, port: config.http.port })
  return {
    address,
    async stop() {
      await app.close()
      await ghl.close()
      await kafka.close()
      await pool.end()
      shared?.disconnect()
      await tracer?.close(TRACE_FLUSH_MS)
    },
  }
}

/** Needs an app to trade codes as, and keys to seal what comes of them. */
function finisherOf({ grants, api }: GhlAccess, pool: Parameters<typeof authorizations>[0]): ApiDeps['finishAuthorization'] {
  if (grants === undefined || api === undefined) return undefined
  const begun = authorizations(pool)
  const context = { store: grants, api, clock: systemClock, take: (state: string, now: number) => begun.take(state, now) }
  return (comeback) => finishAuthorization(context, comeback)
}

/** Loopback without a token is for local mode only; real mode has a token, the configuration sees to it. */
function accessOf(config: Config): Access {
  if (config.http.apiToken !== undefined) return { kind: 'token', token: config.http.apiToken }
  return { kind: 'loopback' }
}
