/**
 * What the API refuses and why. Every answer that is not a success carries one of these codes, a sentence and what to
 * do; the HTTP status belongs to the code, so the same fault never answers differently on two routes.
 */
import { errorsOf } from '../runtime/errors.ts'
import type { ErrorEntry, RekindleError } from '../runtime/errors.ts'

export const apiErrors = {
  E_SIGNATURE_REFUSED: {
    scope: 'record',
    retriable: false,
    means: 'The webhook is not signed by a key this installation trusts.',
    remedy:
      'The log names the reason. Sign the raw body with Ed25519 and send it as X-GHL-Signature; further keys are given in GHL_PUBLIC_KEYS_FILE.',
  },
  E_CALLBACK_REFUSED: {
    scope: 'record',
    retriable: false,
    means: 'The callback is not signed by a secret of this installation, or was signed too long ago.',
    remedy:
      'The log names the reason. Twilio signs the URL as it was given to it: PUBLIC_URL must be its beginning, and TWILIO_AUTH_TOKENS hold the token of that account; SENDGRID_WEBHOOK_PUBLIC_KEYS holds the verification key of the event webhook.',
  },
  E_APP_FOREIGN: {
    scope: 'record',
    retriable: false,
    means: 'The webhook is signed by GoHighLevel but was made for another marketplace app.',
    remedy: 'Set GHL_APP_ID to the own app (the client id before the dash), or remove this URL from the other app.',
  },
  E_WORKFLOW_TOKEN_REFUSED: {
    scope: 'record',
    retriable: false,
    means: 'The URL of the workflow webhook carries no token of this installation.',
    remedy:
      'Give the workflow the URL that `rekindle tenants workflow-url <locationId>` prints; after a change of WORKFLOW_URL_SECRETS it is another one.',
  },
  E_LOCATION_FOREIGN: {
    scope: 'record',
    retriable: false,
    means: 'The body names another location than the one its URL belongs to.',
    remedy: 'Give each location its own URL: a snapshot copies workflows with the URL of the location they were made in.',
  },
  E_BODY_TOO_LARGE: {
    scope: 'record',
    retriable: false,
    means: 'The body is larger than the limit.',
    remedy: 'Raise WEBHOOK_BODY_LIMIT_BYTES if such bodies are expected.',
  },
  E_INTAKE_UNAVAILABLE: {
    scope: 'process',
    retriable: true,
    means: 'The event could not be stored durably, so it was not accepted.',
    remedy:
      'Send it again after the seconds in Retry-After; GoHighLevel and SendGrid do so by themselves, Twilio where its URL asks for it.',
  },
  E_STORE_UNAVAILABLE: {
    scope: 'process',
    retriable: true,
    means: 'The database that answers queries could not be reached.',
    remedy: 'See /readyz for what is down; the pipeline goes on without it.',
  },
  E_REQUEST_INVALID: {
    scope: 'record',
    retriable: false,
    means: 'A parameter of the request is not what the route takes.',
    remedy: 'Compare with /docs.',
  },
  E_LOCATION_UNKNOWN: {
    scope: 'record',
    retriable: false,
    means: 'No location has this id, so nothing can be said of it.',
    remedy: 'Locations are named by `rekindle tenants list`; one whose app was installed a moment ago may still be on its way.',
  },
  E_LEAD_UNKNOWN: {
    scope: 'record',
    retriable: false,
    means: 'No webhook, report or sweep has told of this lead.',
    remedy: 'Give the GoHighLevel contact id, or <locationId>:<contactId>; a webhook sent a moment ago may still be on its way.',
  },
  E_LEAD_ERASED: {
    scope: 'record',
    retriable: false,
    means: 'The lead was erased, so nothing is held of what it had stated.',
    remedy: 'Nothing brings it back. Permission that it took back is still honoured, without its words: see docs/privacy.md.',
  },
  E_LEAD_AMBIGUOUS: {
    scope: 'record',
    retriable: false,
    means: 'More than one location has a contact with this id.',
    remedy: 'Give <locationId>:<contactId>.',
  },
  E_DECISION_UNKNOWN: {
    scope: 'record',
    retriable: false,
    means: 'No decision has this id.',
    remedy: 'Give an id that `rekindle audit next` or `rekindle why --json` prints; decisions are kept for 365 days.',
  },
  E_VERDICT_REFUSED: {
    scope: 'record',
    retriable: false,
    means: 'This verdict cannot be given on this decision.',
    remedy: 'Give one of the options of the decision; what gates decided alone, or what was superseded, has no right option.',
  },
  E_ASK_CLOSED: {
    scope: 'record',
    retriable: false,
    means: 'No question about this decision is open.',
    remedy: 'See `rekindle asked list` for what is open, and `rekindle why <contact>` for what was done instead.',
  },
  E_FORM_FOREIGN: {
    scope: 'record',
    retriable: false,
    means: 'The form was not sent from a page of this installation, or by a browser that does not say so.',
    remedy:
      'Answer on /ui/asks in a browser of today, over https or on this machine (over plain http from elsewhere no browser says where a form is from), by `rekindle asked answer`, or by POST /asks/<decisionId>.',
  },
  E_ACCESS_DENIED: {
    scope: 'record',
    retriable: false,
    means: 'The read API needs the token of this installation.',
    remedy: 'Send `Authorization: Bearer <REKINDLE_API_TOKEN>`; a browser may give the token as the password.',
  },
  E_HOST_REFUSED: {
    scope: 'record',
    retriable: false,
    means: 'The open API of local mode answers loopback names only, so that no web page can reach it under another name.',
    remedy: 'Use http://127.0.0.1 or http://localhost, or set REKINDLE_API_TOKEN.',
  },
  E_AUTHORIZATION_UNKNOWN: {
    scope: 'record',
    retriable: false,
    means: 'A browser came back from GoHighLevel with a state that was not given here, was taken already, or is older than 15 minutes.',
    remedy:
      'Run `rekindle ghl authorize-url` and open what it prints, once, within 15 minutes. An installation that was begun in the marketplace comes without a state: if it was yours, trade the `code` in the address of this page by `rekindle ghl connect <code>`.',
  },
  E_AUTHORIZATION_DENIED: {
    scope: 'record',
    retriable: false,
    means: 'GoHighLevel sent the browser back without a code: access was not granted.',
    remedy: 'Begin again with `rekindle ghl authorize-url`, signed in as somebody who may install apps in the location or the agency.',
  },
  E_AUTHORIZATION_REFUSED: {
    scope: 'record',
    retriable: false,
    means: 'GoHighLevel gave no tokens for the code; it may have been used, or the app is not the one it was given for.',
    remedy:
      'Check GHL_CLIENT_ID, GHL_CLIENT_SECRET and GHL_REDIRECT_URL against the app, then begin again with `rekindle ghl authorize-url`.',
  },
  E_AUTHORIZATION_UNANSWERED: {
    scope: 'record',
    retriable: true,
    means: 'GoHighLevel did not answer when the code was to be traded for tokens, and the code may be used up.',
    remedy: 'Begin again with `rekindle ghl authorize-url` in a minute.',
  },
  E_RATE_LIMITED: {
    scope: 'record',
    retriable: true,
    means: 'Too many requests from this client.',
    remedy: 'Wait for the seconds in Retry-After.',
  },
  E_ROUTE_UNKNOWN: {
    scope: 'record',
    retriable: false,
    means: 'There is no such route.',
    remedy: 'The routes are listed at /docs.',
  },
  E_API_UNPROTECTED: {
    scope: 'process',
    retriable: false,
    means: 'The read API would listen beyond this machine without a token.',
    remedy: 'Set REKINDLE_API_TOKEN (at least 24 characters), or HOST=127.0.0.1.',
  },
  E_INTERNAL: {
    scope: 'process',
    retriable: true,
    means: 'The API met a fault of its own.',
    remedy: 'The log has the cause under the request id of this answer.',
  },
} as const satisfies Record<string, ErrorEntry>

export type ApiErrorCode = keyof typeof apiErrors
export const apiError = errorsOf(apiErrors)

/** HTTP status of each code. */
export const statusOf: Readonly<Record<ApiErrorCode, number>> = {
  E_SIGNATURE_REFUSED: 401,
  E_CALLBACK_REFUSED: 401,
  E_APP_FOREIGN: 403,
  E_WORKFLOW_TOKEN_REFUSED: 401,
  E_LOCATION_FOREIGN: 403,
  E_BODY_TOO_LARGE: 413,
  E_INTAKE_UNAVAILABLE: 503,
  E_STORE_UNAVAILABLE: 503,
  E_REQUEST_INVALID: 400,
  E_LOCATION_UNKNOWN: 404,
  E_LEAD_UNKNOWN: 404,
  E_LEAD_ERASED: 410,
  E_DECISION_UNKNOWN: 404,
  E_VERDICT_REFUSED: 409,
  E_ASK_CLOSED: 409,
  E_FORM_FOREIGN: 403,
  E_LEAD_AMBIGUOUS: 409,
  E_ACCESS_DENIED: 401,
  E_HOST_REFUSED: 421,
  E_AUTHORIZATION_UNKNOWN: 403,
  E_AUTHORIZATION_DENIED: 403,
  E_AUTHORIZATION_REFUSED: 400,
  E_AUTHORIZATION_UNANSWERED: 503,
  E_RATE_LIMITED: 429,
  E_ROUTE_UNKNOWN: 404,
  E_API_UNPROTECTED: 500,
  E_INTERNAL: 500,
}

/** The body of every answer that is not a success. */
export interface Refusal {
  code: string
  /** What happened. */
  message: string
  /** What to do. */
  remedy: string
  /** A machine-readable reason inside the code, when there is one. */
  reason?: string
  requestId: string
}

/** The answer for a code; `detail` goes before the general sentence. */
export function refusal(code: ApiErrorCode, requestId: string, detail: { sentence?: string; reason?: string } = {}): Refusal {
  const { means, remedy } = apiErrors[code]
  return {
    code,
    message: detail.sentence === undefined ? means : `${detail.sentence} ${means}`,
    remedy,
    ...(detail.reason === undefined ? {} : { reason: detail.reason }),
    requestId,
  }
}

/** Narrows an unknown error to one of this table. */
export function isApiError(error: unknown): error is RekindleError<ApiErrorCode> {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && Object.hasOwn(apiErrors, error.code) && 'remedy' in error
  )
}
