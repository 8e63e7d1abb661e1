/**
 * Fields of an answer, read tolerantly: they come and go, and `null`, absent and `""` mean the same. Nothing here throws,
 * whatever the platform says.
 */

export type Fields = Readonly<Record<string, unknown>>

/** Items of a list; those that lack what every item has are counted, not dropped in silence. */
export interface Listed<T> {
  readonly items: readonly T[]
  readonly unreadable: number
}

export function fieldsOf(value: unknown): Fields | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : undefined
}

/** The first of these fields that holds a text. */
export function text(fields: Fields | undefined, ...names: string[]): string | null {
  for (const name of names) {
    const value = fields?.[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}

/** A number, also one written as text. */
export function number(fields: Fields | undefined, name: string): number | null {
  const value = fields?.[name]
  const read = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  return Number.isFinite(read) ? read : null
}

/** ms since the epoch, from the first of these fields that holds a time: ISO 8601 with an offset, or milliseconds, also as a text. */
export function time(fields: Fields | undefined, ...names: string[]): number | null {
  for (const name of names) {
    const value = fields?.[name]
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (typeof value === 'string' && /^\d{12,14}$/.test(value)) return Number(value)
    const read = typeof value === 'string' && /(Z|[+-]\d\d:?\d\d)$/.test(value) ? Date.parse(value) : Number.NaN
    if (!Number.isNaN(read)) return read
  }
  return null
}

export function flag(fields: Fields | undefined, name: string): boolean {
  return fields?.[name] === true
}

export function texts(fields: Fields | undefined, name: string): readonly string[] {
  const value = fields?.[name]
  return Array.isArray(value) ? (value as unknown[]).filter((one): one is string => typeof one === 'string') : []
}

/** Every item that can be read. `undefined` when it is no list at all. */
export function listOf<T>(value: unknown, read: (item: Fields) => T | undefined): Listed<T> | undefined {
  if (!Array.isArray(value)) return undefined
  const items = (value as unknown[]).flatMap((item) => {
    const fields = fieldsOf(item)
    const one = fields === undefined ? undefined : read(fields)
    return one === undefined ? [] : [one]
  })
  return { items, unreadable: value.length - items.length }
}

/** The object of an answer, an empty one where there is no body. A proxy's page or a body that was cut off is no answer of the platform. */
export function answerOf(body: string): Fields | undefined {
  if (body.trim() === '') return {}
  try {
    return fieldsOf(JSON.parse(body)) ?? {}
  } catch {
    return undefined
  }
}
