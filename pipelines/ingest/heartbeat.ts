/**
 * Webhooks about the heartbeat contact of a location: kept raw under the reason `heartbeat`, so that the beat can be read, and
 * never part of the story of a lead. Known by its e-mail address, and from then on by its key: messages carry no address. A form
 * takes any address from anybody, so a contact with a number or with another name is somebody's, and its messages are heard.
 */
import type { IngestState, WebhookReceived } from '../../schemas/generated/records.ts'
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { unrecognised } from '../../topics/index.ts'
import { HEARTBEAT_FIRST_NAME, beatOf, isHeartbeatEmail } from '../heartbeat/beat.ts'
import type { Json } from './body.ts'
import { textOf } from './fields.ts'
import { isSeen, mark } from './seen.ts'

/** Is this about the heartbeat contact? Of other types the address is another one's: that of a user, of a sender. */
export function isHeartbeat(type: string, body: Json, seen: IngestState['seen'], now: number): boolean {
  return (isOfContact(type) && isHeartbeatContact(body)) || isSeen(seen, mark.heartbeat, now)
}

/** Does the body of a contact, or of a report on one, show ours? What we never gave it makes it somebody's; what is left out says nothing. */
export function isHeartbeatContact(body: Json): boolean {
  const firstName = textOf(body, 'firstName', 'first_name')
  const lastName = textOf(body, 'lastName', 'last_name')
  return (
    isHeartbeatEmail(textOf(body, 'email')) &&
    !hasNumber(body) &&
    (firstName === null || firstName.toLowerCase() === HEARTBEAT_FIRST_NAME.toLowerCase()) &&
    (lastName === null || beatOf(lastName) !== undefined)
  )
}

/** The memory of the key, which is not the heartbeat's any more once its contact has a number. */
export function withoutHeartbeat(state: IngestState, type: string, body: Json): IngestState {
  if (state.seen[mark.heartbeat] === undefined || !(isOfContact(type) && hasNumber(body))) return state
  return { ...state, seen: Object.fromEntries(Object.entries(state.seen).filter(([id]) => id !== mark.heartbeat)) }
}

function isOfContact(type: string): boolean {
  return type.startsWith('Contact') || type === 'WorkflowWebhook'
}

function hasNumber(body: Json): boolean {
  return textOf(body, 'phone') !== null
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
