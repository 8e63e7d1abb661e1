/**
 * What the platform is asked about a webhook that named no contact, and the record that tells it again once the contact is known.
 * Nothing is guessed: a body without what a call can be asked by has no question, and says why.
 */
import type { WebhookReceived, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import { parseBody } from '../ingest/body.ts'
import { objectOf, textOf } from '../ingest/fields.ts'

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
      readonly address: string
      /** Whether it is told of every contact that has the address: a refusal is a refusal by all of them. */
      readonly ofEach: boolean
    }

/** A question, why there is none, or undefined for what waits for no contact. */
export type Asked = Question | { readonly kind: 'none'; readonly because: string } | undefined

/** Types of webhooks that are asked about. */
export const askedTypes = ['TaskCreate', 'TaskComplete', 'TaskDelete', 'LCEmailStats'] as const

/** Events after which the person must not be written to: better told of one contact too many than of one too few. */
const REFUSALS: ReadonlySet<string> = new Set(['unsubscribed', 'complained'])

/** What to ask about a webhook that was kept raw. */
export function questionOf({ reason, shape, body }: Pick<WebhookUnrecognised, 'reason' | 'shape' | 'body'>): Asked {
  if (reason !== 'contact_not_named' || !askedTypes.some((type) => type === shape)) return undefined
  const parsed = parseBody(body)
  if ('problem' in parsed) return none(parsed.problem)
  if (shape === 'LCEmailStats') {
    const payload = objectOf(parsed.body, 'webhookPayload') ?? {}
    const address = textOf(payload, 'recipient')?.toLowerCase()
    if (address === undefined) return none('the body names no recipient')
    return { kind: 'address', address, ofEach: REFUSALS.has(textOf(payload, 'event')?.toLowerCase() ?? '') }
  }
  const taskId = textOf(parsed.body, 'id')
  if (taskId === null) return none('the body names no task')
  // Lists of tasks hold what exists.
  if (shape === 'TaskDelete') return none('a deleted task is in no list')
  return { kind: 'task', taskId, ownerId: textOf(parsed.body, 'assignedTo'), completed: shape === 'TaskComplete' }
}

/** The webhook as the writer of lead events takes it: the same bytes, of this contact, known again by the same id. */
export function toldOf(raw: WebhookUnrecognised, contactId: string): WebhookReceived {
  const { receivedId, tenantId, webhookId, receivedAt, body, batchIndex, scheme, keyId, shape, rawType } = raw
  return {
    receivedId,
    tenantId,
    origin: 'lookup',
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
