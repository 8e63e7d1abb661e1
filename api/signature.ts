/**
 * Proves that the raw bytes of a webhook were signed by a trusted key. Only the body is signed: replay protection is
 * the matter of webhookId and timestamp, later. A present but wrong Ed25519 header is never rescued by the legacy one.
 */
import { verify } from 'node:crypto'
import type { KeyRing, SigningKey } from './ghlKeys.ts'

export type SignatureFault =
  | 'header_missing'
  | 'header_not_applicable'
  | 'header_not_base64'
  | 'header_wrong_length'
  | 'body_not_signed_by_a_known_key'
  | 'legacy_header_refused'

export type Proof =
  | { readonly ok: true; readonly scheme: 'ed25519' | 'rsa'; readonly keyId: string }
  | { readonly ok: false; readonly reason: SignatureFault }

export interface TrustedKeys {
  readonly ed25519: KeyRing
  /** Set only when the installation accepts the retired header. */
  readonly legacyRsa?: SigningKey | undefined
}

/** Bytes of an Ed25519 signature (RFC 8032). */
const signatureBytes = 64
/** Standard base64 with its padding; Node's decoder would silently skip anything else. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** `headers` are Node's: lower-cased names, repeated ones joined by commas (which is then not base64). */
export function verifySignature(
  body: Uint8Array,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  keys: TrustedKeys,
): Proof {
  const current = single(headers['x-ghl-signature'])
  const legacy = single(headers['x-wh-signature'])
  if (current === undefined) {
    if (legacy === undefined) return refused('header_missing')
    if (keys.legacyRsa === undefined) return refused('legacy_header_refused')
    return verifyLegacy(body, legacy, keys.legacyRsa)
  }
  if (current.toUpperCase() === 'N/A') return refused('header_not_applicable')
  if (!base64.test(current)) return refused('header_not_base64')
  const signature = Buffer.from(current, 'base64')
  if (signature.length !== signatureBytes) return refused('header_wrong_length')
  const signer = keys.ed25519.signerOf(body, signature)
  return signer === undefined ? refused('body_not_signed_by_a_known_key') : { ok: true, scheme: 'ed25519', keyId: signer.id }
}

function verifyLegacy(body: Uint8Array, header: string, signer: SigningKey): Proof {
  if (header.toUpperCase() === 'N/A') return refused('header_not_applicable')
  if (!base64.test(header)) return refused('header_not_base64')
  return verify('RSA-SHA256', body, signer.key, Buffer.from(header, 'base64'))
    ? { ok: true, scheme: 'rsa', keyId: signer.id }
    : refused('body_not_signed_by_a_known_key')
}

function single(header: string | string[] | undefined): string | undefined {
  const text = (Array.isArray(header) ? header.join(', ') : header)?.trim()
  return text === '' ? undefined : text
}

function refused(reason: SignatureFault): Proof {
  return { ok: false, reason }
}
