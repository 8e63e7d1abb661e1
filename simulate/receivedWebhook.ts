/** A webhook of the sandbox tenant as the API puts it on its topic, for work that begins behind the API. */
import type { WebhookReceived } from '../schemas/generated/records.ts'
import { sandboxTenantId } from './sandboxTenant.ts'

export interface SimulatedWebhook {
  readonly webhookId: string
  readonly contactId: string
  readonly type: string
  readonly body: Buffer
  /** The post of a workflow. */
  readonly isReport?: boolean
}

/** `at` is when it was received, ms; `receivedId` tells repeated deliveries of one webhook apart. */
export function receivedWebhook(
  { webhookId, contactId, type, body, isReport = false }: SimulatedWebhook,
  at: number,
  receivedId: string = webhookId,
): WebhookReceived {
  return {
    receivedId,
    tenantId: sandboxTenantId,
    ...(isReport
      ? { origin: 'workflow', scheme: 'token', keyId: 'workflow', type: 'WorkflowWebhook', webhookId: null }
      : { origin: 'webhook', scheme: 'ed25519', keyId: 'sandbox', type, webhookId }),
    contactId,
    batchIndex: 0,
    receivedAt: at,
    body,
  }
}
