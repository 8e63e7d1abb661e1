/**
 * Values on their way into Postgres. It takes neither NUL nor half a surrogate pair, in text or in jsonb; a lead that
 * writes one must not stop the sink, so they become U+FFFD.
 */

/** The text as Postgres takes it. */
export function storableText(text: string): string {
  return text.replace(/\p{Surrogate}|\0/gu, '\ufffd')
}

/** The same for a column that may be null. */
export function storable(text: string | null): string | null {
  return text === null ? null : storableText(text)
}

/** A record as jsonb. */
export function storableJson(record: unknown): string {
  const json = JSON.stringify(record)
  // JSON writes both as escapes; without one there is nothing to mend, and mending costs three times the writing.
  if (!/\\u(0000|d[89a-f][0-9a-f]{2})/.test(json)) return json
  return JSON.stringify(record, (_, value: unknown) => {
    if (typeof value === 'string') return storableText(value)
    // Keys of maps come from outside too.
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [storableText(key), item]))
    return value
  })
}

/** ms as a timestamptz parameter. */
export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

/** The same for a column that may be null. */
export function instantOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : instant(ms)
}

/** A timestamptz column as ms. */
export function ms(value: Date | null): number | null {
  return value === null ? null : value.getTime()
}
