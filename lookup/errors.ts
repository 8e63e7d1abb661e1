/** Errors of looking up whom a webhook is about. */
import { errorsOf } from '../runtime/errors.ts'

export const lookupErrors = {
  E_LOOKUP_UNANSWERED: {
    scope: 'record',
    retriable: true,
    means: 'GoHighLevel gave no answer to whom a webhook is about; it is asked again, and what comes behind it in the partition waits.',
    remedy:
      'Read the detail. Where the platform is down for everybody nothing is to be done; a location that alone gets no answer is given up after a few tries, with `lookup_failed` on `ghl.unrecognised`.',
  },
} as const

export const lookupError = errorsOf(lookupErrors)
