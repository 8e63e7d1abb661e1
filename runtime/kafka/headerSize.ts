/** How large the headers of a record are, told in a tenth of a microsecond: nearly always they are small, and no more has to be known. */
import type { OutgoingRecord } from './openTransactions.ts'

/** Characters of names and values, with room for their lengths; in UTF-8 at most three times as many bytes. */
export function headerCharacters(headers: OutgoingRecord['headers']): number {
  let characters = 0
  for (const name in headers) {
    const value = headers[name] ?? null
    characters += name.length + 4
    if (value === null) continue
    if (Array.isArray(value))
      for (const each of value as readonly (Buffer | string | null)[]) characters += name.length + 4 + (each?.length ?? 0)
    else characters += value.length
  }
  return characters
}
