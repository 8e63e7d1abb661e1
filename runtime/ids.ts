/**
 * Deterministic ids: the same stage, key and parts give the same UUID (version 8, RFC 9562) on every machine and replay.
 */
import { hash } from 'node:crypto'

/** UUIDv8 of the parts. Each part is typed and length-prefixed, so `('ab', 'c')` and `('a', 'bc')`, 1 and '1' differ. */
export function deterministicId(...parts: readonly (string | number)[]): string {
  let text = ''
  for (const part of parts) {
    const shown = typeof part === 'number' ? String(part) : part
    text += `${shown.length + 1}:${typeof part === 'number' ? 'n' : 's'}${shown}`
  }
  const hex = hash('sha256', text, 'hex')
  // The 4 version bits become 8, the 2 variant bits become 10.
  const variant = '89ab'[parseInt(hex[16] as string, 16) & 3] as string
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
