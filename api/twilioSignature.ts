/**
 * Proves that Twilio made a request: HMAC-SHA1 with the auth token of the account over the URL it was given and every parameter of
 * the form. Made over bytes, compared in constant time. The URL is ours by configuration, never what the request says of itself.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { formFields } from '../pipelines/ingest/formBody.ts'

export interface TwilioTrust {
  /** Auth tokens, each of which may sign, so that one can be changed. Never empty. */
  readonly tokens: readonly string[]
  /** The beginning of every URL that is given to Twilio, http(s), up to the path of the route. */
  readonly publicUrl: string
}

export type TwilioFault = 'header_missing' | 'algorithm_not_supported' | 'body_hash_differs' | 'not_signed_by_a_known_token'

export type TwilioProof = { readonly ok: true; readonly keyId: string } | { readonly ok: false; readonly reason: TwilioFault }

/**
 * `target` is the raw request target, path and query as they came. A body that is no form is signed by its hash, which stands in the
 * query. @source twilio.com/docs/usage/webhooks/webhooks-security; twilio-node src/webhooks/webhooks.ts. @checked 2026-11-27
 */
export function verifyTwilio(
  { tokens, publicUrl }: TwilioTrust,
  target: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): TwilioProof {
  const header = headers['x-twilio-signature']
  if (typeof header !== 'string' || header === '') return { ok: false, reason: 'header_missing' }
  if (headers['x-twilio-webhooks-signature-settings'] !== undefined) return { ok: false, reason: 'algorithm_not_supported' }
  const hash = queryOf(target).get('bodySHA256')
  if (hash !== null && !isSame(hash.toLowerCase(), createHash('sha256').update(body).digest('hex')))
    return { ok: false, reason: 'body_hash_differs' }
  const parameters = hash === null ? signedParameters(body) : ''
  const urls = spellings(publicUrl).map((base) => `${base}${target}`)
  const signer = tokens.findIndex((token) => urls.some((url) => isSame(header, signatureOf(token, url, parameters))))
  if (signer < 0) return { ok: false, reason: 'not_signed_by_a_known_token' }
  return { ok: true, keyId: signer === 0 ? 'twilio' : `twilio-${signer + 1}` }
}

/** The query of a request target. */
export function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : target.slice(start + 1))
}

/** Name and value of each parameter, sorted by name; the values of one name once each, sorted. One character is one byte. */
function signedParameters(body: Uint8Array): string {
  const values = new Map<string, Set<string>>()
  for (const [name, value] of formFields(body)) values.set(name, (values.get(name) ?? new Set()).add(value))
  return [...values.keys()]
    .sort()
    .flatMap((name) => [...(values.get(name) as Set<string>)].sort().map((value) => `${name}${value}`))
    .join('')
}

function signatureOf(token: string, url: string, parameters: string): string {
  return createHmac('sha1', token).update(url, 'utf8').update(parameters, 'latin1').digest('base64')
}

/** With its port as configured, with the default one named, and without: the signing side is inconsistent. @source twilio-node, as above */
function spellings(publicUrl: string): string[] {
  const base = publicUrl.replace(/\/+$/, '')
  const [, host, path = ''] = /^(https?:\/\/[^/]*?)(?::\d+)?(\/.*)?$/.exec(base) as RegExpExecArray
  return [...new Set([base, `${host}${path}`, `${host}:${base.startsWith('https:') ? 443 : 80}${path}`])]
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)]
  return one.length === other.length && timingSafeEqual(one, other)
}
