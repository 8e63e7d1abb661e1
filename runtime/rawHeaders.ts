/** Headers as they stand on a log, bytes and repetitions included, and as the text that folds read. */

export type RawHeaders = Readonly<Record<string, Buffer | string | null | (Buffer | string | null)[] | undefined>>

/** As text; of a repeated header the first, without one of null. */
export function textHeaders(headers: RawHeaders): Record<string, string> {
  const text: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    const first = Array.isArray(value) ? value[0] : value
    if (first !== undefined && first !== null) text[name] = typeof first === 'string' ? first : first.toString('utf8')
  }
  return text
}
