/**
 * Changes to a decoded value as people write them: a JSON merge patch or a single path. Values are never changed in
 * place, and bytes stay bytes: text given for them is taken as UTF-8, or as base64 after `base64:`.
 * @source RFC 7396, JSON Merge Patch
 */
type Fields = Readonly<Record<string, unknown>>

export interface FieldChange {
  /** Names and indices joined by dots; empty for the value as a whole. */
  readonly path: string
  /** `undefined` when the field was not there. */
  readonly before: unknown
  /** `undefined` when the field is not there any more. */
  readonly after: unknown
}

const BASE64 = 'base64:'

/** The value with the patch merged in: objects are merged, `null` takes a member away, anything else replaces. */
export function merged(value: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return asGiven(value, patch)
  const result: Record<string, unknown> = isFields(value) ? { ...value } : {}
  for (const [name, part] of Object.entries(patch)) {
    if (part === null) delete result[name]
    else result[name] = merged(result[name], part)
  }
  return result
}

/**
 * The value with one place changed by `change`. `path` names members and, in lists, indices. Throws a `RangeError` that names
 * a wrong step.
 */
export function withPath(value: unknown, path: readonly string[], change: (before: unknown) => unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return change(value)
  if (Array.isArray(value)) {
    const index = Number(step)
    if (!Number.isInteger(index) || index < 0 || index >= value.length)
      throw new RangeError(`${step} is no index of a list of ${value.length}`)
    return value.map((item: unknown, at) => (at === index ? withPath(item, rest, change) : item))
  }
  if (value !== undefined && value !== null && !isFields(value)) throw new RangeError(`${step} is looked for in something without members`)
  return { ...value, [step]: withPath(value?.[step], rest, change) }
}

/** The bytes that a text stands for. */
export function bytesOf(text: string): Buffer {
  return text.startsWith(BASE64) ? Buffer.from(text.slice(BASE64.length), 'base64') : Buffer.from(text, 'utf8')
}

/** Where two values differ, in the order of the fields. */
export function changesBetween(before: unknown, after: unknown, path: readonly string[] = []): FieldChange[] {
  if (isFields(before) && isFields(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return names.flatMap((name) => changesBetween(before[name], after[name], [...path, name]))
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item: unknown, index) => changesBetween(item, after[index], [...path, String(index)]))
  return isSame(before, after) ? [] : [{ path: path.join('.'), before, after }]
}

function asGiven(value: unknown, given: unknown): unknown {
  return Buffer.isBuffer(value) && typeof given === 'string' ? bytesOf(given) : given
}

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value)
}

function isSame(a: unknown, b: unknown): boolean {
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return a.equals(b)
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  if (isFields(a) && isFields(b)) return changesBetween(a, b).length === 0
  return Object.is(a, b)
}
