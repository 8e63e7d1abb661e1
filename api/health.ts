/**
 * `/healthz`: this process answers. `/readyz`: every part it needs answers, each named with its reason when it does
 * not, and what works with less than it should; with `part` only those that are named. `/metrics`: the registry of this process. All three are open: they hold nothing about a lead.
 */
import { Type } from '@sinclair/typebox'
import { apiError } from './errors.ts'
import { printable } from './leads.ts'
import type { ApiDeps, ApiLimits, Probe } from './ports.ts'
import { Refused, healthReplies } from './replySchemas.ts'
import type { Readiness } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

/** What works with less than it should, by name with the reason. It makes nothing unready. */
export type Degraded = () => Record<string, string>

const ReadyQuery = Type.Object({
  part: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: printable,
      description: 'Only these parts, with commas between them. Webhooks are taken while `kafka` is ready, whatever the others are.',
      examples: ['kafka'],
    }),
  ),
})

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
        querystring: ReadyQuery,
        response: { 200: healthReplies.Readiness, 400: Refused, 503: healthReplies.Readiness },
      },
    },
    async ({ query: { part } }, reply) => {
      const state = await readiness(partsNamed(deps.probes, part), limits.probeMs, deps.now, degraded)
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

/** The probes of these names, with commas between them; all without any. Throws `E_REQUEST_INVALID`. */
function partsNamed(probes: ApiDeps['probes'], names: string | undefined): ApiDeps['probes'] {
  if (names === undefined) return probes
  return Object.fromEntries(
    names.split(',').map((name) => {
      const probe = Object.hasOwn(probes, name) ? probes[name] : undefined
      if (probe === undefined)
        throw apiError('E_REQUEST_INVALID', `part=${name}: there is no such part; there are ${Object.keys(probes).join(', ')}.`)
      return [name, probe] as const
    }),
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
