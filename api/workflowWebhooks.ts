/**
 * `POST /webhooks/workflow/<token>`: what a workflow of a tenant posts. The platform does not sign these, so the token of the
 * URL names the tenant and is all the proof there is. What comes this way is marked so on its topic and trusted less.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import { workflowEnvelope } from './envelope.ts'
import { intakeReplies } from './intake.ts'
import type { Intake, Sender } from './intake.ts'
import type { ApiDeps } from './ports.ts'
import { requestTrace } from './requestTrace.ts'
import type { ApiInstance } from './typeProvider.ts'
import { tenantOfToken } from './workflowToken.ts'
import type { WorkflowSecrets } from './workflowToken.ts'

const source = 'workflow'
const route = '/webhooks/workflow'

/** The intake route of workflow webhooks. Its scope must keep bodies as raw bytes. */
export function workflowRoutes(app: ApiInstance, deps: ApiDeps, secrets: WorkflowSecrets, intake: Intake, bodyLimit: number): void {
  app.post(
    `${route}/:token`,
    {
      bodyLimit,
      config: { rateLimit: false },
      schema: {
        tags: ['webhooks'],
        summary: 'Receive webhooks of workflows',
        description:
          'The JSON body of the workflow actions "Webhook" and "Custom Webhook". The URL of a location is given by `rekindle tenants workflow-url`.',
        params: Type.Object({ token: Type.String({ description: 'The token of the location.' }) }),
        response: intakeReplies,
      },
    },
    async (request, reply) => receive(request, reply, request.params.token),
  )

  async function receive(request: FastifyRequest, reply: FastifyReply, token: string): Promise<FastifyReply> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const receivedAt = deps.now()
    const tenantId = tenantOfToken(secrets, token)
    if (tenantId === undefined) {
      const seen = { bytes: body.length }
      return intake.refuse(request, reply, 'E_WORKFLOW_TOKEN_REFUSED', { source, reason: 'token_unknown', types: [''], seen })
    }
    const trace = requestTrace(request.headers, route, deps.tracer)
    const { envelope, stated } = workflowEnvelope(body, tenantId)
    if (stated !== null && stated !== tenantId) {
      trace.end(403)
      const seen = { locationId: stated, expected: tenantId, ...intake.traceOf(trace) }
      return intake.refuse(request, reply, 'E_LOCATION_FOREIGN', { source, reason: 'foreign_location', types: [envelope.type], seen })
    }
    const sender: Sender = { source, origin: 'workflow', scheme: 'token', keyId: 'workflow', receivedAt, trace }
    const wanted = intake.isInstalled(request, sender, tenantId, envelope.type) ? [envelope] : []
    return intake.store(request, reply, sender, wanted, 1 - wanted.length)
  }
}
