/**
 * `POST /webhooks/ghl`: a 2xx is a promise that the delivery is stored on all in-sync replicas. Whatever has a valid
 * signature of our app is stored, readable or not, except events of locations that are not installed, which are counted.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import { lifecycleTypes } from '../pipelines/ingest/webhookTypes.ts'
import { readEnvelopes } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { intakeReplies } from './intake.ts'
import type { Intake, Sender } from './intake.ts'
import type { ApiDeps } from './ports.ts'
import { requestTrace } from './requestTrace.ts'
import { verifySignature } from './signature.ts'
import type { ApiInstance } from './typeProvider.ts'

const source = 'ghl'
export const webhookRoute = '/webhooks/ghl'

/** The intake route of the platform's signed webhooks. Its scope must keep bodies as raw bytes. */
export function webhookRoutes(app: ApiInstance, deps: ApiDeps, intake: Intake, bodyLimit: number): void {
  app.post(
    webhookRoute,
    {
      bodyLimit,
      // A limit by address would lose events: all deliveries come from the platform's few addresses.
      config: { rateLimit: false },
      schema: {
        tags: ['webhooks'],
        summary: 'Receive GoHighLevel webhooks',
        description: 'The raw body, signed with Ed25519 in X-GHL-Signature (base64). An object or an array of objects.',
        headers: Type.Object({
          'x-ghl-signature': Type.Optional(Type.String({ description: 'Base64 of the 64 bytes of the Ed25519 signature of the body.' })),
        }),
        response: intakeReplies,
      },
    },
    async (request, reply) => receive(request, reply),
  )

  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const receivedAt = deps.now()
    const proof = verifySignature(body, request.headers, deps.keys)
    if (!proof.ok) {
      const { reason } = proof
      return intake.refuse(request, reply, 'E_SIGNATURE_REFUSED', { source, reason, types: [''], seen: { bytes: body.length } })
    }
    // Begun here: whoever cannot sign makes no spans.
    const trace = requestTrace(request.headers, webhookRoute, deps.tracer)
    const envelopes = readEnvelopes(body)
    const foreign = envelopes.find(({ appId }) => appId !== null && appId !== deps.appId)
    if (foreign !== undefined) {
      trace.end(403)
      const seen = { appId: foreign.appId, locationId: foreign.tenantId, ...intake.traceOf(trace) }
      const types = envelopes.map(({ type }) => type)
      return intake.refuse(request, reply, 'E_APP_FOREIGN', { source, reason: 'foreign_app', types, seen })
    }
    const sender: Sender = { source, origin: 'webhook', scheme: proof.scheme, keyId: proof.keyId, receivedAt, trace }
    const wanted = envelopes.filter((envelope) => isWanted(envelope, request, sender))
    return intake.store(request, reply, sender, wanted, envelopes.length - wanted.length)
  }

  /** Bodies without a location are wanted: ingest dead-letters them, where they can be seen. */
  function isWanted(envelope: Envelope, request: FastifyRequest, sender: Sender): boolean {
    const { tenantId, type, fault } = envelope
    if (fault !== undefined) {
      request.log.warn(
        { reason: fault, type, bytes: envelope.body.length, ...intake.traceOf(sender.trace) },
        'webhook stored without a location: ingest will dead-letter it',
      )
      return true
    }
    // An installation is the first we hear of a location, and events of an agency name none.
    if (lifecycleTypes.has(type) || tenantId === '') return true
    return intake.isInstalled(request, sender, tenantId, type)
  }
}
