/**
 * LCEmailStats: what the mail service of the platform (Mailgun) tells of one e-mail. The body names the recipient's address
 * and no contact, so it waits in the raw lane until the contact is looked up.
 */
import type { Json } from '../body.ts'
import { countOf, entryOf, objectOf, textOf } from '../fields.ts'
import type { Translation, Translator } from './draft.ts'

/** @source documentation.mailgun.com, event types */
const KINDS: Readonly<Record<string, string>> = {
  delivered: 'email_delivered',
  opened: 'email_opened',
  clicked: 'email_clicked',
  failed: 'email_failed',
  complained: 'email_complained',
  unsubscribed: 'email_unsubscribed',
}
/** SMTP replies from here on are final (RFC 5321 4.2.1). */
const PERMANENT_FROM = 500

export const emailTranslators: Readonly<Record<string, Translator>> = {
  LCEmailStats: {
    translate: told,
    datedBy: [{ within: 'webhookPayload', field: 'timestamp', unit: 'seconds' }],
    mayLackContact: true,
  },
}

function told(body: Json): Translation {
  const payload = objectOf(body, 'webhookPayload') ?? {}
  const event = textOf(payload, 'event')?.toLowerCase() ?? null
  if (event === null) return { missing: 'webhookPayload.event' }
  const status = objectOf(payload, 'delivery-status') ?? {}
  const code = countOf(status, 'code')
  const severity = textOf(payload, 'severity')?.toLowerCase() ?? null
  const emailEventId = textOf(payload, 'id')
  return {
    kind: entryOf(KINDS, event) ?? 'email_other',
    factIds: emailEventId === null ? [] : [`mail:${emailEventId}`],
    sections: {
      emailEvent: {
        emailEventId,
        event,
        address: textOf(payload, 'recipient')?.toLowerCase() ?? null,
        mailId: textOf(objectOf(objectOf(payload, 'message') ?? {}, 'headers') ?? {}, 'message-id'),
        code,
        reason: event === 'failed' ? (textOf(payload, 'reason') ?? textOf(status, 'description', 'message')) : null,
        permanent: event === 'failed' && (severity === null ? (code ?? 0) >= PERMANENT_FROM : severity === 'permanent'),
      },
    },
  }
}
