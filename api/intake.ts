/**
 * Stores webhook elements on all in-sync replicas before it answers 2xx; otherwise it asks the sender to come again. Bounded:
 * above the limit of records on their way nothing more is taken. Shared by every route that takes webhooks.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import { deliveryAfterErasure } from '../pipelines/ingest/afterErasure.ts'
import { typeLabel } from '../pipelines/ingest/webhookTypes.ts'
import { traceFields } from '../runtime/tracing.ts'
import type { WebhookReceived } from '../schemas/generated/records.ts'
import { webhookLanes } from '../topics/index.ts'
import type { ApiMetrics } from './apiMetrics.ts'
import type { Envelope } from './envelope.ts'
import { refusal, statusOf } from './errors.ts'
import type { ApiErrorCode } from './errors.ts'
import type { ApiDeps, ApiLimits } from './ports.ts'
import { Refused } from './replySchemas.ts'
import type { RequestTrace } from './requestTrace.ts'
import type { Placed, WebhookLanes } from './webhookLanes.ts'

export const Accepted = Type.Object(
  {
    accepted: Type.Integer({ minimum: 0, description: 'Elements stored.' }),
    dropped: Type.Integer({
      minimum: 0,
      description: 'Elements of locations where the app is not installed, and of before the erasure of their lead.',
    }),
  },
  { description: 'Stored durably. Processing happens later.' },
)
export const intakeReplies = { 202: Accepted, 401: Refused, 403: Refused, 413: Refused, 503: Refused }

/** Who sent it and how he proved it. */
export interface Sender {
  /** Metric label. */
  readonly source: 'ghl' | 'workflow' | 'twilio' | 'sendgrid'
  readonly origin: 'webhook' | 'workflow' | 'callback'
  readonly scheme: string
  readonly keyId: string
  readonly receivedAt: number
  readonly trace: RequestTrace
  /** What a success is answered with; without it the counts in JSON. */
  readonly thanks?: { readonly type: string; readonly body: string }
}

/** Locations named in the log as not installed, each once; above this many the metric alone speaks. */
const maxNamedTenants = 1000

export class Intake {
  readonly #named = new Set<string>()
  readonly #deps: ApiDeps
  readonly #limits: ApiLimits
  readonly #metrics: ApiMetrics
  readonly #lanes: WebhookLanes
  #inFlight = 0
  /** Callbacks since the start that took permission back and named no location that has the app, by what they lacked. */
  readonly #ofNoLocation = new Map<string, number>()

  constructor(deps: ApiDeps, limits: ApiLimits, metrics: ApiMetrics, lanes: WebhookLanes) {
    this.#deps = deps
    this.#limits = limits
    this.#metrics = metrics
    this.#lanes = lanes
  }

  /** Stores the elements that are wanted and answers; `dropped` others were not. */
  async store(
    request: FastifyRequest,
    reply: FastifyReply,
    sender: Sender,
    taken: readonly Envelope[],
    dropped: number,
  ): Promise<FastifyReply> {
    const { source, trace, receivedAt } = sender
    const metrics = this.#metrics
    const wanted = taken.flatMap((envelope) => this.#afterErasure(envelope, sender))
    if (this.#inFlight + wanted.length > this.#limits.inFlight)
      return this.#unavailable(request, reply, sender, wanted, 'too_many_in_flight')
    this.#count(wanted.length)
    const placed = wanted.map((envelope) => this.#place(request, envelope))
    const stored = Promise.all(
      wanted.map((envelope, index) =>
        this.#deps.producer.send(
          webhookLanes[placed[index]?.lane ?? 'normal'],
          envelope.key,
          recordOf(envelope, sender, this.#deps.newId()),
          {
            headers: trace.headers,
            timestamp: receivedAt,
          },
        ),
      ),
    ).finally(() => {
      this.#count(-wanted.length)
    })
    const outcome = await withinTime(stored, this.#limits.produceMs)
    if (outcome === 'late') return this.#unavailable(request, reply, sender, wanted, 'broker_too_slow')
    if (outcome !== 'done') return this.#unavailable(request, reply, sender, wanted, 'broker_refused', outcome.error)
    for (const { type, fault, raw } of wanted) {
      metrics.webhooks.inc({ source, type: typeLabel(type), outcome: fault === undefined ? 'accepted' : 'invalid' })
      if (fault === undefined && raw !== undefined) metrics.keptRaw.inc({ source, type: typeLabel(type), reason: raw })
    }
    for (const envelope of wanted) this.#noteLocation(request, envelope, sender)
    for (const { lane, reason } of placed) metrics.lanes.inc({ lane, reason })
    metrics.storeSeconds.observe((this.#deps.now() - receivedAt) / 1000)
    trace.end(202)
    const { thanks } = sender
    if (thanks !== undefined) return reply.code(202).type(thanks.type).send(thanks.body)
    return reply.code(202).send({ accepted: wanted.length, dropped: dropped + taken.length - wanted.length })
  }

  /** Is the app installed in the location? If not its webhook is counted as dropped, and it is named in the log once. */
  isInstalled(request: FastifyRequest, { source, trace }: Pick<Sender, 'source' | 'trace'>, tenantId: string, type: string): boolean {
    const tenant = this.#deps.tenants.get(tenantId)
    if (tenant !== undefined && tenant.status !== 'uninstalled') return true
    this.#metrics.webhooks.inc({ source, type: typeLabel(type), outcome: 'unknown_tenant' })
    if (!this.#named.has(tenantId) && this.#named.size < maxNamedTenants) {
      this.#named.add(tenantId)
      request.log.warn(
        { reason: 'unknown_tenant', locationId: tenantId, known: tenant?.status ?? 'never', ...this.traceOf(trace) },
        'webhooks of a location that is not installed are dropped',
      )
    }
    return false
  }

  /** Why opt-outs cannot be told of their leads: the URL or the arguments at the provider are not as they should be. */
  get fault(): string | undefined {
    const told = [...this.#ofNoLocation].map(([reason, count]) => `${count} of ${reason}`)
    return told.length === 0
      ? undefined
      : `Callbacks that take permission back name no location that has the app: ${told.join(', ')}, since this process began. They close the number or the address, and no lead is told. Give rekindle_tenant at the provider (docs/webhooks.md).`
  }

  #noteLocation(request: FastifyRequest, { raw, mayWithdraw, tenantId, type }: Envelope, { source }: Sender): void {
    if (mayWithdraw !== true || (raw !== 'tenant_not_named' && raw !== 'tenant_not_installed')) return
    this.#ofNoLocation.set(raw, (this.#ofNoLocation.get(raw) ?? 0) + 1)
    request.log.error(
      { source, type, reason: raw, locationId: tenantId },
      'an opt-out names no location that has the app: no lead is told of it',
    )
  }

  /** Answers a delivery that nobody may make, counted by reason. */
  refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    code: ApiErrorCode,
    refused: { readonly source: Sender['source']; readonly reason: string; readonly types: readonly string[]; readonly seen: object },
  ): FastifyReply {
    const { source, reason, types, seen } = refused
    const status = statusOf[code]
    const outcome = status === 401 ? 'bad_signature' : 'rejected'
    for (const type of types) this.#metrics.webhooks.inc({ source, type: status === 401 ? 'unverified' : typeLabel(type), outcome })
    this.#metrics.refused.inc({ source, reason })
    request.log.warn({ reason, ...seen }, 'webhook refused')
    return reply.code(status).send(refusal(code, request.id, { reason }))
  }

  traceOf({ headers: { traceparent } }: RequestTrace): { trace_id?: string } {
    return this.#deps.tracer === undefined ? {} : traceFields(traceparent)
  }

  /** What is stored of one whose lead was erased: nothing of before that but refusals. */
  #afterErasure(envelope: Envelope, { source, origin, receivedAt }: Sender): readonly Envelope[] {
    const erasedAt = this.#deps.erasures?.get(envelope.key)?.erasedAt
    if (erasedAt === undefined) return [envelope]
    const left = deliveryAfterErasure({ origin, type: envelope.type, body: envelope.body, receivedAt }, erasedAt)
    if (left !== 'nothing') return [left === envelope.body ? envelope : { ...envelope, body: Buffer.from(left) }]
    this.#metrics.webhooks.inc({ source, type: typeLabel(envelope.type), outcome: 'lead_erased' })
    return []
  }

  /** In which lane it waits; said once when its location comes above its share, and when it is within it again. */
  #place(request: FastifyRequest, envelope: Envelope): Placed {
    const placed = this.#lanes.place(envelope, this.#deps.monotonic())
    if (placed.turned) {
      const seen = { reason: placed.reason, locationId: envelope.tenantId, sharePerSecond: this.#lanes.tenantPerSecond }
      if (placed.reason === 'above_share')
        request.log.warn(seen, 'a location sends more than its share: its webhooks let those of others pass')
      else request.log.info(seen, 'a location is within its share again')
    }
    return placed
  }

  #count(more: number): void {
    this.#inFlight += more
    this.#metrics.inFlight.set(this.#inFlight)
  }

  #unavailable(
    request: FastifyRequest,
    reply: FastifyReply,
    { source, trace }: Sender,
    wanted: readonly Envelope[],
    reason: string,
    error?: unknown,
  ): FastifyReply {
    for (const { type } of wanted) this.#metrics.webhooks.inc({ source, type: typeLabel(type), outcome: 'unavailable' })
    this.#metrics.refused.inc({ source, reason })
    request.log.error({ reason, err: error, ...this.traceOf(trace) }, 'webhook not stored: the sender is asked to come again')
    trace.end(503)
    return reply
      .code(503)
      .header('retry-after', String(this.#limits.retryAfterSeconds))
      .send(refusal('E_INTAKE_UNAVAILABLE', request.id, { reason }))
  }
}

function recordOf(envelope: Envelope, { origin, scheme, keyId, receivedAt }: Sender, receivedId: string): WebhookReceived {
  const { tenantId, type, webhookId, contactId, batchIndex, body } = envelope
  return { receivedId, tenantId, origin, scheme, keyId, type, webhookId, contactId, batchIndex, receivedAt, body }
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
