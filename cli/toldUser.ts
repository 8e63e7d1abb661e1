/** A user of the platform as the webhook that would have told of them: who was there before the app has none. */
import type { GhlUser } from '../integrations/ghl/users.ts'
import type { WebhookReceived } from '../schemas/generated/records.ts'

/** What UserUpdate would have told of a user at `at` (ms). */
export function toldUser(tenantId: string, { userId, name, email, phone, role }: GhlUser, at: number, receivedId: string): WebhookReceived {
  const body = { type: 'UserUpdate', locationId: tenantId, id: userId, name, email, phone, role, timestamp: new Date(at).toISOString() }
  return {
    receivedId,
    tenantId,
    origin: 'reconcile',
    scheme: 'api',
    keyId: '',
    type: 'UserUpdate',
    webhookId: `reconcile:user:${userId}:${at}`,
    contactId: null,
    batchIndex: 0,
    receivedAt: at,
    body: Buffer.from(JSON.stringify(body)),
  }
}
