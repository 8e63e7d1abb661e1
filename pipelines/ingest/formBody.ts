/**
 * A form-encoded body as its fields. Signatures are made over bytes, so names and values stay bytes until they are read; total:
 * no input makes it throw.
 */
import type { ParsedBody } from './body.ts'

/** Name and value of each field in the order sent, decoded; one character is one byte (Latin-1), whatever the bytes mean. */
export function formFields(body: Uint8Array): [string, string][] {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString('latin1')
    .split('&')
    .filter((field) => field !== '')
    .map((field) => {
      const end = field.indexOf('=')
      return end < 0 ? [decoded(field), ''] : [decoded(field.slice(0, end)), decoded(field.slice(end + 1))]
    })
}

/** A percent sign that begins no escape stands for itself. @source url.spec.whatwg.org, application/x-www-form-urlencoded parsing */
function decoded(text: string): string {
  return text.replaceAll('+', ' ').replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** The fields as an object of texts. Of a field that is sent twice the first counts. */
export function parseForm(body: Uint8Array): ParsedBody {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    const fields = formFields(body).map((field) => field.map((text) => utf8.decode(Buffer.from(text, 'latin1'))) as [string, string])
    return { body: Object.fromEntries(fields.reverse()) }
  } catch {
    return { problem: 'not_utf8' }
  }
}
