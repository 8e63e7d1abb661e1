/**
 * `POST /webhooks/ghl`: a 2xx is a promise that the delivery is stored on all in-sync replicas. Whatever has a valid
 * signature of our app is stored, readable or not, except events of locations that are not installed, which are counted.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import { webhooks } from '../topics/index.ts'
import { traceFields } from '../runtime/tracing.ts'
import type { WebhookReceived } from '../schemas/generated/records.ts'
import type { ApiMetrics } from './apiMetrics.ts'
import { readEnvelopes } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { refusal } from './errors.ts'
import type { ApiDeps, ApiLimits } from './ports.ts'
import { Refused } from './replySchemas.ts'
import { requestTrace } from './requestTrace.ts'
import type { RequestTrace } from './requestTrace.ts'
import { verifySignature } from './signature.ts'
import type { ApiInstance } from './typeProvider.ts'
import { lifecycleTypes, typeLabel } from '../pipelines/ingest/webhookTypes.ts'

const source = 'ghl'
const route = '/webhooks/ghl'
/** Locations named in the log as not installed, each once; above this many the metric alone speaks. */
const maxNamedTenants = 1000

const Accepted = Type.Object(
  {
    accepted: Type.Integer({ minimum: 0, description: 'Elements stored.' }),
    dropped: Type.Integer({ minimum: 0, description: 'Elements of locations where the app is not installed.' }),
  },
  { description: 'Stored durably. Processing happens later.' },
)

/** The intake route, in a scope of its own: only here bodies stay raw bytes. */
export function webhookRoutes(app: ApiInstance, deps: ApiDeps, limits: ApiLimits, metrics: ApiMetrics): void {
  const named = new Set<string>()
  let inFlight = 0

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.bodyBytes }, (_request, body, done) => {
    done(null, body)
  })

  app.post(
    route,
    {
      bodyLimit: limits.bodyBytes,
      // A limit by address would lose events: all deliveries come from the platform's few addresses.
      config: { rateLimit: false },
      schema: {
        tags: ['webhooks'],
        summary: 'Receive GoHighLevel webhooks',
        description: 'The raw body, signed with Ed25519 in X-GHL-Signature (base64). An object or an array of objects.',
        headers: Type.Object({
          'x-ghl-signature': Type.Optional(Type.String({ description: 'Base64 of the 64 bytes of the Ed25519 signature of the body.' })),
        }),
        response: { 202: Accepted, 401: Refused, 403: Refused, 413: Refused, 503: Refused },
      },
    },
    async (request, reply) => receive(request, reply),
  )

  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const receivedAt = deps.now()
    const proof = verifySignature(body, request.headers, deps.keys)
    if (!proof.ok) {
      metrics.webhooks.inc({ source, type: 'unverified', outcome: 'bad_signature' })
      metrics.refused.inc({ source, reason: proof.reason })
      request.log.warn({ reason: proof.reason, bytes: body.length }, 'webhook refused: signature')
      return reply.code(401).send(refusal('E_SIGNATURE_REFUSED', request.id, { reason: proof.reason }))
    }
    // Begun here: whoever cannot sign makes no spans.
    const trace = requestTrace(request.headers['traceparent'], route, deps.tracer)
    const envelopes = readEnvelopes(body)
    const foreign = envelopes.find(({ appId }) => appId !== null && appId !== deps.appId)
    if (foreign !== undefined) {
      for (const { type } of envelopes) metrics.webhooks.inc({ source, type: typeLabel(type), outcome: 'rejected' })
      metrics.refused.inc({ source, reason: 'foreign_app' })
      request.log.warn(
        { reason: 'foreign_app', appId: foreign.appId, locationId: foreign.tenantId, ...traceOf(trace) },
        'webhook refused: another app',
      )
      trace.end(403)
      return reply.code(403).send(refusal('E_APP_FOREIGN', request.id, { reason: 'foreign_app' }))
    }
    const wanted = envelopes.filter((envelope) => isWanted(envelope, request, trace))
    if (inFlight + wanted.length > limits.inFlight) return unavailable(request, reply, wanted, trace, 'too_many_in_flight')

    const { traceparent } = trace
    inFlight += wanted.length
    metrics.inFlight.set(inFlight)
    const stored = Promise.all(
      wanted.map((envelope) =>
        deps.producer.send(webhooks, envelope.key, recordOf(envelope, proof.scheme, proof.keyId, receivedAt, deps.newId()), {
          headers: { traceparent },
          timestamp: receivedAt,
        }),
      ),
    ).finally(() => {
      inFlight -= wanted.length
      metrics.inFlight.set(inFlight)
    })
    const outcome = await withinTime(stored, limits.produceMs)
    if (outcome !== 'done') {
      return unavailable(
        request,
        reply,
        wanted,
        trace,
        outcome === 'late' ? 'broker_too_slow' : 'broker_refused',
        outcome === 'late' ? undefined : outcome.error,
      )
    }
    for (const { type, fault, raw } of wanted) {
      metrics.webhooks.inc({ source, type: typeLabel(type), outcome: fault === undefined ? 'accepted' : 'invalid' })
      if (fault === undefined && raw !== undefined) metrics.keptRaw.inc({ source, type: typeLabel(type), reason: raw })
    }
    metrics.storeSeconds.observe((deps.now() - receivedAt) / 1000)
    trace.end(202)
    return reply.code(202).send({ accepted: wanted.length, dropped: envelopes.length - wanted.length })
  }

  /** Bodies without a location are wanted: ingest dead-letters them, where they can be seen. */
  function isWanted(envelope: Envelope, request: FastifyRequest, trace: RequestTrace): boolean {
    const { tenantId, type, fault } = envelope
    if (fault !== undefined) {
      request.log.warn(
        { reason: fault, type, bytes: envelope.body.length, ...traceOf(trace) },
        'webhook stored without a location: ingest will dead-letter it',
      )
      return true
    }
    // An installation is the first we hear of a location, and events of an agency name none.
    if (lifecycleTypes.has(type) || tenantId === '') return true
    const tenant = deps.tenants.get(tenantId)
    if (tenant !== undefined && tenant.status !== 'uninstalled') return true
    metrics.webhooks.inc({ source, type: typeLabel(type), outcome: 'unknown_tenant' })
    if (!named.has(tenantId) && named.size < maxNamedTenants) {
      named.add(tenantId)
      request.log.warn(
        { reason: 'unknown_tenant', locationId: tenantId, known: tenant?.status ?? 'never', ...traceOf(trace) },
        'webhooks of a location that is not installed are dropped',
      )
    }
    return false
  }

  function traceOf({ traceparent }: RequestTrace): { trace_id?: string } {
    return deps.tracer === undefined ? {} : traceFields(traceparent)
  }

  function unavailable(
    request: FastifyRequest,
    reply: FastifyReply,
    wanted: readonly Envelope[],
    trace: RequestTrace,
    reason: string,
    error?: unknown,
  ): FastifyReply {
    for (const { type } of wanted) metrics.webhooks.inc({ source, type: typeLabel(type), outcome: 'unavailable' })
    metrics.refused.inc({ source, reason })
    request.log.error({ reason, err: error, ...traceOf(trace) }, 'webhook not stored: the sender is asked to come again')
    trace.end(503)
    return reply
      .code(503)
      .header('retry-after', String(limits.retryAfterSeconds))
      .send(refusal('E_INTAKE_UNAVAILABLE', request.id, { reason }))
  }
}

function recordOf(envelope: Envelope, scheme: string, keyId: string, receivedAt: number, receivedId: string): WebhookReceived {
  const { tenantId, type, webhookId, contactId, batchIndex, body } = envelope
  return { receivedId, tenantId, origin: 'webhook', scheme, keyId, type, webhookId, contactId, batchIndex, receivedAt, body }
}

/**
 * A late record may still arrive on the topic after the sender was told 503; its retry is then a duplicate, which
 * ingest removes. The other way round, an early 2xx, would be a loss.
 */
async function withinTime(work: Promise<unknown>, ms: number): Promise<'done' | 'late' | { error: unknown }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late')
  })
  const settled = work.then(
    () => 'done' as const,
    (error: unknown) => ({ error }),
  )
  const outcome = await Promise.race([settled, late])
  clearTimeout(timer)
  return outcome
}
