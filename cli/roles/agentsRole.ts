/** Agents outside the pipeline: all of them, or those of one system, as a group that shares the partitions among its processes. */
import { agents, agentsOf } from '../../pipelines/agents/agents.ts'
import { subscriptions } from '../../runtime/task.ts'
import { ballots, insights } from '../../topics/index.ts'
import { configError } from '../../config/config.ts'
import { version } from '../version.ts'
import { agentErrors } from './agentErrors.ts'
import { kafkaOf, processMetrics, TRACE_FLUSH_MS, tracerOf } from './connections.ts'
import { agentsGroupOf } from './groups.ts'
import { lagGauges } from './lagGauges.ts'
import { serveMetrics } from './metricsServer.ts'
import type { Role } from './role.ts'

export const agentsRole: Role = async ({ config, system, logger, onFatal, asked, hurried }) => {
  // Asked twice, agents would be counted once; but a second ballot for each question is no use to anybody.
  if (config.agents === 'inside')
    throw configError('E_CONFIG_INVALID', 'AGENTS is "inside": must be "outside" for processes of agents, in the pipeline too.')
  const metrics = processMetrics('agents', version)
  const tracer = await tracerOf(config, 'agents', logger, metrics)
  const kafka = await kafkaOf(config, 'agents', logger, metrics, tracer)
  const stages = [system === undefined ? agents : agentsOf(system)]
  const group = agentsGroupOf(system)
  await kafka.registerSchemas([...subscriptions(stages), ballots, insights])
  const member = await kafka.runStages({
    group,
    stages,
    lingerMs: config.kafka.lingerMs,
    stateDir: config.stateDir,
    joinTickMs: config.kafka.joinTickMs,
    signal: asked,
    hurry: hurried,
    onFatal,
    onOutputs: agentErrors(metrics),
  })
  const watched = [{ group, topics: subscriptions(stages) }]
  const server = await serveMetrics(metrics, config.http.host, config.http.metricsPort, lagGauges(kafka, metrics, watched), [
    { group, member },
  ])
  return {
    address: server.url,
    async stop() {
      await member.stop()
      await server.close()
      await kafka.close()
      await tracer?.close(TRACE_FLUSH_MS)
    },
  }
}
