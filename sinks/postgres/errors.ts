/** Errors of the Postgres side, each with what to do. */
import { errorsOf } from '../../runtime/errors.ts'

export const postgresErrors = {
  E_MIGRATION_FAILED: {
    scope: 'process',
    retriable: false,
    means: 'A migration of the database failed; nothing of the run was kept.',
    remedy: 'Read the cause, mend the database or the migration, then start again.',
  },
  E_CURSOR_INVALID: {
    scope: 'step',
    retriable: false,
    means: 'A cursor for the next page is not one that this store gave.',
    remedy: 'Start again without a cursor.',
  },
  E_SEARCH_INVALID: {
    scope: 'step',
    retriable: false,
    means: 'The text to search for is not one that can be searched for.',
    remedy: 'Give 1 to 12 words, or phrases in double quotes; a minus before one leaves out what has it.',
  },
  E_SINK_TOPIC_UNKNOWN: {
    scope: 'process',
    retriable: false,
    means: 'The Postgres sink was handed a topic that it has no table for.',
    remedy: 'Run the sink with the topics it declares.',
  },
  E_RETENTION_FAILED: {
    scope: 'step',
    retriable: true,
    means:
      'Rows of a table that are past their retention could not be deleted; those of the other tables are. It is tried again every hour.',
    remedy: 'Read the cause; run `rekindle retention` when it is mended, or wait.',
  },
  E_SECRET_UNREADABLE: {
    scope: 'step',
    retriable: false,
    means: 'A stored token cannot be decrypted with the keys that are configured.',
    remedy:
      'Put the key it was sealed by back into GHL_TOKEN_KEYS, behind the first one, and run `rekindle ghl reseal`; or connect the location anew.',
  },
} as const

export const postgresError = errorsOf(postgresErrors)
