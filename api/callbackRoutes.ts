/**
 * `POST /webhooks/twilio` and `POST /webhooks/sendgrid`: what providers tell of messages. Each route is there only when its secret is.
 * Whatever is signed is stored, also when it names no lead of ours: a 2xx is a promise that it is on all in-sync replicas.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendgridEnvelopes, twilioEnvelope } from './callbackEnvelopes.ts'
import type { Envelope } from './envelope.ts'
import { Accepted } from './intake.ts'
import type { Intake, Sender } from './intake.ts'
import type { ApiDeps, CallbackTrust } from './ports.ts'
import { Refused } from './replySchemas.ts'
import { requestTrace } from './requestTrace.ts'
import { verifySendGrid } from './sendgridSignature.ts'
import { verifyTwilio } from './twilioSignature.ts'
import type { ApiInstance } from './typeProvider.ts'

export const twilioRoute = '/webhooks/twilio'
export const sendgridRoute = '/webhooks/sendgrid'

/** Twilio sends a text that it is answered with on to the lead; an empty document says nothing. @source twilio.com/docs/messaging/twiml */
const silence = { type: 'text/xml', body: '<Response/>' } as const

const refusals = { 401: Refused, 413: Refused, 503: Refused }

type Proof = { readonly ok: true; readonly keyId: string } | { readonly ok: false; readonly reason: string }
type Provider = Pick<Sender, 'scheme' | 'thanks'> & { readonly source: 'twilio' | 'sendgrid'; readonly route: string }

/** The intake routes of callbacks. Their scope must keep bodies as raw bytes. */
export function callbackRoutes(app: ApiInstance, deps: ApiDeps, trust: CallbackTrust, intake: Intake, bodyLimit: number): void {
  const { twilio, sendgrid } = trust
  const shared = { bodyLimit, config: { rateLimit: false } } as const
  if (twilio !== undefined) {
    const provider: Provider = { source: 'twilio', route: twilioRoute, scheme: 'hmac-sha1', thanks: silence }
    const description =
      'A form, signed with HMAC-SHA1 in X-Twilio-Signature. `rekindle_tenant` and `rekindle_contact` in the query of the URL say whom it is about.'
    app.post(
      twilioRoute,
      {
        ...shared,
        schema: {
          tags: ['webhooks'],
          summary: 'Receive callbacks of Twilio about messages',
          description,
          response: refusals,
        },
      },
      async (request, reply) => {
        const body = bytesOf(request)
        const target = request.originalUrl
        return receive(provider, request, reply, verifyTwilio(twilio, target, body, request.headers), () => [
          twilioEnvelope(body, target, deps.tenants),
        ])
      },
    )
  }
  if (sendgrid !== undefined) {
    const provider: Provider = { source: 'sendgrid', route: sendgridRoute, scheme: 'ecdsa-p256' }
    app.post(
      sendgridRoute,
      {
        ...shared,
        schema: {
          tags: ['webhooks'],
          summary: 'Receive events of SendGrid about e-mails',
          description:
            'A list of events, signed with ECDSA in X-Twilio-Email-Event-Webhook-Signature. The custom arguments `rekindle_tenant` and `rekindle_contact` of each say whom it is about.',
          response: { 202: Accepted, ...refusals },
        },
      },
      async (request, reply) => {
        const body = bytesOf(request)
        return receive(provider, request, reply, verifySendGrid(sendgrid, body, request.headers, deps.now()), () =>
          sendgridEnvelopes(body, deps.tenants),
        )
      },
    )
  }

  async function receive(
    { source, scheme, route, thanks }: Provider,
    request: FastifyRequest,
    reply: FastifyReply,
    proof: Proof,
    read: () => readonly Envelope[],
  ): Promise<FastifyReply> {
    if (!proof.ok) {
      const { reason } = proof
      const seen = { bytes: bytesOf(request).length }
      return intake.refuse(request, reply, 'E_CALLBACK_REFUSED', { source, reason, types: [''], seen })
    }
    const trace = requestTrace(request.headers, route, deps.tracer)
    const sender: Sender = {
      source,
      origin: 'callback',
      scheme,
      keyId: proof.keyId,
      receivedAt: deps.now(),
      trace,
      ...(thanks && { thanks }),
    }
    return intake.store(request, reply, sender, read(), 0)
  }
}

function bytesOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
