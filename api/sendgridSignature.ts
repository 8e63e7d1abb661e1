/**
 * Proves that SendGrid made a request: ECDSA on P-256 with SHA-256 over the time of signing and the raw body. What was signed longer
 * ago than ingest remembers is refused: everything younger that comes twice is known again, so a replay changes nothing.
 */
import { createPublicKey } from 'node:crypto'
import { CLOCK_TOLERANCE_MS } from '../pipelines/ingest/eventTime.ts'
import { REMEMBERED_MS } from '../pipelines/ingest/seen.ts'
import type { KeyRing, SigningKey } from './ghlKeys.ts'

export type SendGridFault =
  | 'header_missing'
  | 'header_not_base64'
  | 'timestamp_malformed'
  | 'body_not_signed_by_a_known_key'
  | 'signed_too_long_ago'
  | 'signed_in_the_future'

export type SendGridProof = { readonly ok: true; readonly keyId: string } | { readonly ok: false; readonly reason: SendGridFault }

/** Oldest signature taken: a day less than is remembered, in ms. SendGrid sends again for 24 hours at most. */
export const SIGNED_WITHIN_MS = REMEMBERED_MS - 24 * 3_600_000

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * `now` in ms. @source twilio.com/docs/sendgrid, event webhook security features; sendgrid-nodejs packages/eventwebhook.
 * @checked 2026-11-27
 */
export function verifySendGrid(
  keys: KeyRing,
  body: Uint8Array,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  now: number,
): SendGridProof {
  const signature = headers['x-twilio-email-event-webhook-signature']
  const timestamp = headers['x-twilio-email-event-webhook-timestamp']
  if (typeof signature !== 'string' || signature === '' || typeof timestamp !== 'string') return refused('header_missing')
  if (!base64.test(signature)) return refused('header_not_base64')
  if (!/^\d{1,11}$/.test(timestamp)) return refused('timestamp_malformed')
  const signer = keys.signerOf(Buffer.concat([Buffer.from(timestamp), body]), Buffer.from(signature, 'base64'))
  if (signer === undefined) return refused('body_not_signed_by_a_known_key')
  const ageMs = now - Number(timestamp) * 1000
  if (ageMs > SIGNED_WITHIN_MS) return refused('signed_too_long_ago')
  if (ageMs < -CLOCK_TOLERANCE_MS) return refused('signed_in_the_future')
  return { ok: true, keyId: signer.id }
}

/** Public keys as SendGrid shows them: base64 of a SubjectPublicKeyInfo. Throws when one is no key of P-256. */
export function sendgridKeys(given: readonly string[]): SigningKey[] {
  return given.map((text, index) => {
    const id = index === 0 ? 'sendgrid' : `sendgrid-${index + 1}`
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new TypeError(`Key ${id} is no key of the curve P-256.`)
    return { id, key }
  })
}

function refused(reason: SendGridFault): SendGridProof {
  return { ok: false, reason }
}
