/**
 * Raw bytes to a JSON object, or the reason why not. Total: no input makes it throw. Nesting is measured before parsing,
 * so a hostile body costs one pass over its bytes.
 */

/** Deepest nesting accepted. The deepest documented body (OrderCreate) has 7 levels. */
export const MAX_DEPTH = 32

export type Json = Readonly<Record<string, unknown>>
export type ParsedBody = { readonly body: Json } | { readonly problem: BodyProblem }
export type BodyProblem = 'not_utf8' | 'too_deep' | 'not_json' | 'not_an_object'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Parses one webhook body. */
export function parseBody(bytes: Uint8Array): ParsedBody {
  if (deeperThan(MAX_DEPTH, bytes)) return { problem: 'too_deep' }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { problem: 'not_utf8' }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'not_json' }
  }
  return isObject(value) ? { body: value } : { problem: 'not_an_object' }
}

export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

// Bytes above 0x7f are never brackets or quotes in UTF-8, so this may run before the text is known to be valid.
function deeperThan(limit: number, bytes: Uint8Array): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}
