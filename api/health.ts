/**
 * `/healthz`: this process answers. `/readyz`: every part it needs answers, each named with its reason when it does
 * not, and what works with less than it should. `/metrics`: the registry of this process. All three are open: they hold nothing about a lead.
 */
import { Type } from '@sinclair/typebox'
import type { ApiDeps, ApiLimits, Probe } from './ports.ts'
import { healthReplies } from './replySchemas.ts'
import type { Readiness } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

/** What works with less than it should, by name with the reason. It makes nothing unready. */
export type Degraded = () => Record<string, string>

export function healthRoutes(app: ApiInstance, deps: ApiDeps, limits: ApiLimits, degraded: Degraded): void {
  const startedAt = deps.now()
  const open = { rateLimit: false }

  app.get(
    '/healthz',
    { config: open, schema: { tags: ['operation'], summary: 'Is this process alive', response: { 200: healthReplies.Alive } } },
    async () => ({
      status: 'ok' as const,
      uptimeSeconds: (deps.now() - startedAt) / 1000,
    }),
  )

  app.get(
    '/readyz',
    {
      config: open,
      schema: {
        tags: ['operation'],
        summary: 'Can it do its work, part by part',
        response: { 200: healthReplies.Readiness, 503: healthReplies.Readiness },
      },
    },
    async (_request, reply) => {
      const state = await readiness(deps.probes, limits.probeMs, deps.now, degraded)
      return reply.code(state.ready ? 200 : 503).send(state)
    },
  )

  app.get(
    '/metrics',
    {
      config: open,
      schema: {
        tags: ['operation'],
        summary: 'Metrics in the Prometheus text format',
        produces: ['text/plain'],
        response: { 200: Type.String() },
      },
    },
    async (_request, reply) => {
      const text = await deps.metrics.metrics()
      return reply.header('content-type', deps.metrics.contentType).send(text)
    },
  )
}

/** Asks all parts at once; one that does not answer in time is not ready. */
export async function readiness(
  probes: Readonly<Record<string, Probe>>,
  timeoutMs: number,
  now: () => number,
  degraded: Degraded,
): Promise<Readiness> {
  const parts = await Promise.all(
    Object.entries(probes).map(async ([name, probe]) => {
      const from = now()
      const reason = await faultOf(probe, timeoutMs)
      const part = { ok: reason === undefined, ms: now() - from, ...(reason === undefined ? {} : { reason }) }
      return [name, part] as const
    }),
  )
  return { ready: parts.every(([, { ok }]) => ok), parts: Object.fromEntries(parts), degraded: degraded() }
}

async function faultOf(probe: Probe, timeoutMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, `no answer within ${timeoutMs} ms`)
  })
  try {
    return await Promise.race([probe().then(() => undefined), late])
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n').find((line) => line !== '') ?? error.name) : String(error)
  } finally {
    clearTimeout(timer)
  }
}
