/**
 * Webhooks about the heartbeat contact of a location: kept raw under the reason `heartbeat`, so that the beat can be read, and
 * never part of the story of a lead. Known by its e-mail address, and from then on by its key: messages carry no address.
 */
import type { IngestState, WebhookReceived } from '../../schemas/generated/records.ts'
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { unrecognised } from '../../topics/index.ts'
import { isHeartbeatEmail } from '../heartbeat/beat.ts'
import type { Json } from './body.ts'
import { textOf } from './fields.ts'
import { isSeen, mark } from './seen.ts'

/** Is this about the heartbeat contact? Of other types the address is another one's: that of a user, of a sender. */
export function isHeartbeat(type: string, body: Json, seen: IngestState['seen'], now: number): boolean {
  const isOfContact = type.startsWith('Contact') || type === 'WorkflowWebhook'
  return (isOfContact && isHeartbeatEmail(textOf(body, 'email'))) || isSeen(seen, mark.heartbeat, now)
}

/** Only the platform's own webhook shows that webhooks arrive. Nothing else is remembered of the key: beats may be told twice. */
export function tellHeartbeat(
  state: IngestState,
  received: WebhookReceived,
  told: { readonly type: string; readonly tenantId: string; readonly webhookId: string | null },
  now: number,
): Outcome<IngestState, typeof unrecognised> {
  const { receivedId, receivedAt, body, batchIndex, scheme, keyId } = received
  if (received.origin !== 'webhook') return drop('heartbeat')
  const raw = {
    ...{ receivedId, receivedAt, body, batchIndex, scheme, keyId },
    ...{ tenantId: told.tenantId, rawType: told.type, reason: 'heartbeat', webhookId: told.webhookId, shape: null, detail: null },
  }
  return next({ ...state, seen: { [mark.heartbeat]: now } }, { emit: [emit(unrecognised, raw)] })
}
