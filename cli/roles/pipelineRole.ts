/** The fused stages, the delivery worker and its relay in one process. */
import { pipeline } from '../../pipelines/pipeline.ts'
import { subscriptions } from '../../runtime/task.ts'
import { allTopics } from '../../topics/index.ts'
import { version } from '../version.ts'
import { kafkaOf, processMetrics, TRACE_FLUSH_MS, tracerOf } from './connections.ts'
import { startDelivery } from './deliveryPart.ts'
import { pipelineGroup } from './groups.ts'
import { lagGauges } from './lagGauges.ts'
import { serveMetrics } from './metricsServer.ts'
import type { Role } from './role.ts'

export const pipelineRole: Role = async ({ config, logger, onFatal, asked, hurried }) => {
  const metrics = processMetrics('pipeline', version)
  const tracer = await tracerOf(config, 'pipeline', logger, metrics)
  const kafka = await kafkaOf(config, 'pipeline', logger, metrics, tracer)
  await kafka.registerSchemas(allTopics)
  const member = await kafka.runStages({
    group: pipelineGroup,
    stages: pipeline,
    lingerMs: config.kafka.lingerMs,
    stateDir: config.stateDir,
    standby: config.standbyCopies,
    joinTickMs: config.kafka.joinTickMs,
    signal: asked,
    hurry: hurried,
    onFatal,
  })
  const delivery = await startDelivery({ config, logger, kafka, metrics, tracer, onFatal })
  const server = await serveMetrics(
    metrics,
    config.http.host,
    config.http.metricsPort,
    lagGauges(kafka, metrics, [{ group: pipelineGroup, topics: subscriptions(pipeline) }]),
  )
  return {
    address: server.url,
    async stop() {
      await Promise.all([delivery.stop(), member.stop()])
      await server.close()
      await kafka.close()
      await tracer?.close(TRACE_FLUSH_MS)
    },
  }
}
