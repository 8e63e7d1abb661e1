/**
 * A JSON list as the bytes of its elements. Sliced, not serialised again: an element must stay what was signed, and a deeply
 * nested one would overflow the stack of a serialiser.
 */

/** Not all of JSON's lists are deliveries, but all of them start with a bracket. */
export function startsList(body: Buffer): boolean {
  return trimmed(body)[0] === code.openList
}

/** The list that a body is; undefined when it is not UTF-8, not JSON or no list. */
export function listOf(body: Buffer): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return Array.isArray(value) ? value : undefined
  } catch {
    // Not UTF-8 or not JSON: said by the absence of a list, the bytes are kept by the caller.
    return undefined
  }
}

const code = { quote: 0x22, backslash: 0x5c, comma: 0x2c, openList: 0x5b, closeList: 0x5d, openObject: 0x7b, closeObject: 0x7d } as const

/** The bytes of each element of a JSON array that `listOf` could read, so that its brackets are known to match. */
export function elementsOf(body: Buffer): Buffer[] {
  const slices: Buffer[] = []
  let depth = 0
  let start = -1
  let inString = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (inString) {
      if (byte === code.backslash) i++
      else if (byte === code.quote) inString = false
    } else if (byte === code.quote) inString = true
    else if (byte === code.openList || byte === code.openObject) {
      depth++
      if (depth === 1) start = i + 1
    } else if (byte === code.closeList || byte === code.closeObject) {
      depth--
      if (depth === 0) slices.push(trimmed(body.subarray(start, i)))
    } else if (byte === code.comma && depth === 1) {
      slices.push(trimmed(body.subarray(start, i)))
      start = i + 1
    }
  }
  return slices
}

/** Drops JSON white space (space, tab, line ends) at both ends. */
function trimmed(bytes: Buffer): Buffer {
  let from = 0
  let to = bytes.length
  const blank = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
  while (from < to && blank(bytes[from])) from++
  while (to > from && blank(bytes[to - 1])) to--
  return bytes.subarray(from, to)
}
