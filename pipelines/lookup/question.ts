/**
 * What the platform is asked about a webhook that named no contact, and the record that tells it again once the contact is known.
 * Nothing is guessed: a body without what a call can be asked by has no question, and says why.
 */
import type { WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { parseBody } from '../ingest/body.ts'
import { objectOf, textOf } from '../ingest/fields.ts'
import { callbackTypes, isCallbackType } from '../ingest/translate/callback.ts'
import { sayingOf } from './saidByAddress.ts'
import type { Saying } from './saidByAddress.ts'

export type Question =
  | {
      readonly kind: 'task'
      readonly taskId: string
      /** Whose tasks are looked through; null: everybody's. */
      readonly ownerId: string | null
      readonly completed: boolean
    }
  | {
      readonly kind: 'address'
      readonly by: 'number' | 'email'
      readonly address: string
      /** Whether it is told of every contact that has the address: a refusal is a refusal by all of them. */
      readonly ofEach: boolean
    }

/** A question, why there is none, or undefined for what waits for no contact. */
export type Asked = Question | { readonly kind: 'none'; readonly because: string } | undefined

/** Why a webhook has no contact: it named none, and then what came of asking. */
export const unnamedReasons = ['contact_not_named', 'contact_not_found', 'contact_ambiguous', 'lookup_failed'] as const

/** Types of webhooks that are asked about. */
const askedWebhooks = ['TaskCreate', 'TaskComplete', 'TaskDelete', 'LCEmailStats'] as const

/** All types that are asked about; of callbacks those alone that say something of permission. */
export const askedTypes = [...askedWebhooks, ...callbackTypes] as const

/** What to ask about a webhook that was kept raw. */
export function questionOf({ reason, shape, body }: Pick<WebhookUnrecognised, 'reason' | 'shape' | 'body'>): Asked {
  if (reason !== 'contact_not_named' || shape === null) return undefined
  if (isCallbackType(shape)) return questionOfCallback(sayingOf({ shape, body }))
  if (!askedWebhooks.some((type) => type === shape)) return undefined
  const parsed = parseBody(body)
  if ('problem' in parsed) return none(parsed.problem)
  if (shape === 'LCEmailStats') {
    const payload = objectOf(parsed.body, 'webhookPayload') ?? {}
    const address = textOf(payload, 'recipient')?.toLowerCase()
    if (address === undefined) return none('the body names no recipient')
    return { kind: 'address', by: 'email', address, ofEach: sayingOf({ shape, body })?.change === 'opt_out' }
  }
  const taskId = textOf(parsed.body, 'id')
  if (taskId === null) return none('the body names no task')
  // Lists of tasks hold what exists.
  if (shape === 'TaskDelete') return none('a deleted task is in no list')
  return { kind: 'task', taskId, ownerId: textOf(parsed.body, 'assignedTo'), completed: shape === 'TaskComplete' }
}

/** Whoever sent it has proved nobody, so only what must not be missed is asked about: what takes permission back, may do so, or gives it again. */
function questionOfCallback(saying: Saying | undefined): Asked {
  if (saying === undefined) return undefined
  const { by, address, change } = saying
  if (address === null) return none(`the callback names no ${by === 'number' ? 'number' : 'e-mail address'}`)
  return { kind: 'address', by, address, ofEach: change === 'opt_out' }
}

/** The webhook as the writer of lead events takes it: the same bytes, of this contact, known again by the same id. */
export function toldOf(raw: WebhookUnrecognised, contactId: string): WebhookReceived {
  const { receivedId, tenantId, webhookId, receivedAt, body, batchIndex, scheme, keyId, shape, rawType } = raw
  return {
    receivedId,
    tenantId,
    origin: shape !== null && isCallbackType(shape) ? 'callback' : 'lookup',
    scheme: scheme === '' ? 'none' : scheme,
    keyId,
    type: shape ?? rawType,
    webhookId,
    contactId,
    batchIndex,
    receivedAt,
    body,
  }
}

function none(because: string): Asked {
  return { kind: 'none', because }
}
