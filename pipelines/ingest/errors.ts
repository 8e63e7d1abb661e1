/**
 * Why a webhook goes to the dead letters of ingest. A body that is well formed but has no translation is none of these:
 * it goes to `ghl.unrecognised`.
 */
import type { ErrorEntry } from '../../runtime/errors.ts'

export const ingestErrors = {
  E_WEBHOOK_MALFORMED: {
    scope: 'record',
    retriable: false,
    means: 'The body of a webhook is not UTF-8, not JSON, nested too deeply, or not an object.',
    remedy:
      'Look at the raw body in the dead letter; the detail names the problem. A verified body that is malformed is a fault of the sender.',
  },
  E_WEBHOOK_TENANT_MISSING: {
    scope: 'record',
    retriable: false,
    means: 'A webhook about a lead names no location.',
    remedy: 'Look at the raw body in the dead letter. Without a location it belongs to nobody; replay it only after the sender is mended.',
  },
  E_WEBHOOK_CONTACT_MISSING: {
    scope: 'record',
    retriable: false,
    means: 'A webhook about a lead names no contact.',
    remedy:
      'Look at the raw body in the dead letter; when the platform has begun to name the contact elsewhere, extend `pipelines/ingest/subject.ts` and replay.',
  },
  E_WEBHOOK_FIELD_MISSING: {
    scope: 'record',
    retriable: false,
    means: 'A webhook lacks a field without which it says nothing, e.g. the id of an appointment.',
    remedy: 'The detail names the field. Look at the raw body; extend the translation when the platform has moved the field, then replay.',
  },
  E_WEBHOOK_KEY_DIFFERS: {
    scope: 'record',
    retriable: false,
    means: 'A webhook lies under another key than that of the lead it is about, so its order among the events of that lead is lost.',
    remedy:
      'Writers of ghl.webhooks must key with `leadKey(locationId, contactId)` as `pipelines/ingest/subject.ts` reads them; replay after the writer is mended.',
  },
} as const satisfies Record<string, ErrorEntry>

export type IngestErrorCode = keyof typeof ingestErrors
