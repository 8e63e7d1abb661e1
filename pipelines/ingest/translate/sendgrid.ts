/**
 * Events of SendGrid about e-mails, in the kinds that the mail service of the platform tells. An open by a machine, a step on
 * the way and a permission that is given again tell nothing of the lead.
 */
import type { Json } from '../body.ts'
import { countOf, entryOf, flagOf, textOf } from '../fields.ts'
import type { CallbackReading } from './callbackReading.ts'

/**
 * What each `event` is told as; `null` for one that is no part of the story.
 * @source twilio.com/docs/sendgrid/for-developers/tracking-events/event. @checked 2026-11-27
 */
export const sendgridEvents: Readonly<Record<string, string | null>> = {
  delivered: 'delivered',
  open: 'opened',
  click: 'clicked',
  bounce: 'failed',
  dropped: 'failed',
  spamreport: 'complained',
  unsubscribe: 'unsubscribed',
  group_unsubscribe: 'unsubscribed',
  processed: null,
  deferred: null,
  // Permission is given by the lead's own words, never by a link that a program may have followed.
  group_resubscribe: null,
}

/**
 * `reason` of a dropped e-mail that says more than that it did not leave: what the recipient has said before, or that there is no
 * such address. All others (spam content, quota, bad header) are faults of the sender. @source docs.sendgrid.com/glossary/drops. @checked 2026-11-27
 */
export const sendgridDrops: Readonly<Record<string, { readonly event: string; readonly permanent: boolean }>> = {
  'unsubscribed address': { event: 'unsubscribed', permanent: false },
  'spam reporting address': { event: 'complained', permanent: false },
  'bounced address': { event: 'failed', permanent: true },
  invalid: { event: 'failed', permanent: true },
}

/** Reads one. */
export function readSendGrid(body: Json): CallbackReading {
  const id = textOf(body, 'sg_event_id')
  const stated = textOf(body, 'event')?.toLowerCase() ?? ''
  const told = entryOf(sendgridEvents, stated)
  if (told === undefined) return { id, stated, raw: 'unknown_type' }
  if (told === null || flagOf(body, 'sg_machine_open') === true) return { id, stated, raw: 'no_part_of_the_story' }
  const reason = textOf(body, 'reason')
  const drop = stated === 'dropped' ? entryOf(sendgridDrops, reason?.toLowerCase() ?? '') : undefined
  const event = drop?.event ?? told
  const isFailure = event === 'failed'
  const code = /^\d{3}(?=\D|$)/.exec(textOf(body, 'response', 'reason') ?? '')?.[0]
  return {
    id,
    stated,
    datedBy: [{ field: 'timestamp', unit: 'seconds' }],
    draft: {
      kind: `email_${event}`,
      sections: {
        emailEvent: {
          emailEventId: id,
          event,
          address: textOf(body, 'email')?.toLowerCase() ?? null,
          mailId: textOf(body, 'smtp-id', 'sg_message_id'),
          code: code === undefined ? null : countOf({ code }, 'code'),
          reason: isFailure ? reason : null,
          // A bounce of type "blocked" may pass; one without a type is hard.
          permanent: isFailure && (stated === 'bounce' ? textOf(body, 'type')?.toLowerCase() !== 'blocked' : drop?.permanent === true),
        },
      },
    },
  }
}
