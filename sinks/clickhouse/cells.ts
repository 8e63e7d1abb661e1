/**
 * Values as ClickHouse reads them whatever its settings: total, so that no odd value of a record stops the stream. What no
 * column can hold is held at its bound (times) or left out (numbers, days).
 */
export type Cell = string | number | boolean | null | readonly (string | number | boolean | null | Readonly<Record<string, string>>)[]
export type Row = Readonly<Record<string, Cell>>

/** What DateTime64(3) and Date32 hold. A time beyond it is held at the bound: the row must not stop the stream. */
const EARLIEST_MS = Date.UTC(1900, 0, 1)
const LATEST_MS = Date.UTC(2299, 11, 31)

/** ms since the epoch as ClickHouse reads it whatever its settings: `2026-11-03 15:00:00.000`. */
export function time(ms: number): string {
  const held = Math.min(LATEST_MS, Math.max(EARLIEST_MS, ms))
  return new Date(held).toISOString().replace('T', ' ').slice(0, -1)
}

export function optionalTime(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : time(ms)
}

/** A day `YYYY-MM-DD` that the calendar has, as Date32; null for any other text. */
export function day(text: string): string | null {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN
  // The engine of the language reads February 30th as March 2nd.
  return ms >= EARLIEST_MS && ms <= LATEST_MS && new Date(ms).toISOString().startsWith(text) ? text : null
}

interface Digits {
  /** Digits before the point. */
  readonly whole: number
  /** Digits behind it; further ones are cut off. */
  readonly places: number
}
/** Of money: Decimal(18, 4). */
const MONEY: Digits = { whole: 18 - 4, places: 4 }

/**
 * A stated number as text of a Decimal column, cut to its places; null when it is no such number. Money unless told otherwise. Spaces around it
 * count nothing, as for who reckons with it (`centsOf`).
 */
export function decimal(text: string | null | undefined, { whole: most, places }: Digits = MONEY): string | null {
  const stated = text?.trim() ?? ''
  if (!/^-?\d+(\.\d+)?$/.test(stated)) return null
  const [whole = '', fraction] = stated.split('.')
  if (whole.replace('-', '').length > most) return null
  return fraction === undefined ? whole : `${whole}.${fraction.slice(0, places)}`
}
