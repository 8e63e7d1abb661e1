/**
 * Reads single fields of a GoHighLevel body. Absent, null and "" mean the same: not stated. A field of the wrong type
 * counts as not stated, because the platform changes types without notice (`from: {}` with custom providers).
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js'
import type { CountryCode } from 'libphonenumber-js'
import { DateTime } from 'luxon'
import { isObject } from './body.ts'
import type { Json } from './body.ts'

/** Earliest and latest time taken for a real one: 2000-01-01 and 2100-01-01 UTC, in ms. */
const EARLIEST_MS = 946_684_800_000
const LATEST_MS = 4_102_444_800_000

/** Longest value of a short field (names, titles, custom fields), in UTF-16 units. */
export const SHORT_TEXT = 500

/** The first of these fields that states a text, trimmed; numbers count as text. */
export function textOf(body: Json, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = body[name]
    if (typeof value !== 'string' && typeof value !== 'number') continue
    const text = storable(String(value)).trim()
    if (text !== '') return cut(text, SHORT_TEXT)
  }
  return null
}

/** Text without what Postgres and Avro cannot hold: NUL characters and halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '').replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}

/** The first `length` UTF-16 units, never half a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}

/** What a table says of a word from outside; nothing of words that every object knows, as `constructor`. */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}

export function flagOf(body: Json, name: string): boolean | null {
  const value = body[name]
  if (typeof value === 'boolean') return value
  return value === 'true' ? true : value === 'false' ? false : null
}

/** A whole number >= 0, e.g. seconds. */
export function countOf(body: Json, name: string): number | null {
  const value = Number(textOf(body, name) ?? Number.NaN)
  return Number.isFinite(value) && value >= 0 && value <= 0x7fffffff ? Math.round(value) : null
}

/** An exact decimal as text, e.g. `450000` or `0.5`; null when it is not a plain finite number. */
export function decimalOf(body: Json, name: string): string | null {
  const value = body[name]
  if (typeof value === 'number') return Number.isFinite(value) ? plainDecimal(value) : null
  const text = textOf(body, name)
  return text !== null && /^-?\d{1,30}(\.\d{1,18})?$/.test(text) ? text : null
}

// String(1e21) is "1e+21" and String(1e-7) is "1e-7": neither is a decimal for Postgres numeric readers downstream.
function plainDecimal(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  return Math.abs(value) >= 1 ? BigInt(Math.trunc(value)).toString() : value.toFixed(18).replace(/\.?0+$/, '')
}

/** An ISO 8601 time or ms since the epoch. A time without offset is read as UTC, never as the zone of this machine. */
export function instantOf(body: Json, name: string): number | null {
  const value = body[name]
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? isoMs(value.trim(), 'utc') : Number.NaN
  return Number.isFinite(ms) && ms >= EARLIEST_MS && ms <= LATEST_MS ? Math.round(ms) : null
}

/** NaN where it is none. What has no day, as "10:00", is none: luxon would take the day from the clock of this machine. */
export function isoMs(text: string, zone: string): number {
  return /^\d{4}/.test(text) ? DateTime.fromISO(text, { zone }).toMillis() : Number.NaN
}

/** The texts of an array; null when the field is not stated. Items that are no texts are left out. */
export function listOf(body: Json, name: string): string[] | null {
  const value = body[name]
  if (!Array.isArray(value)) return null
  const items = value.map((item: unknown) => textOf({ item }, 'item')).filter((item) => item !== null)
  return [...new Set(items)]
}

export function objectOf(body: Json, name: string): Json | null {
  const value = body[name]
  return isObject(value) ? value : null
}

/** An IANA zone that this platform knows. */
export function zoneOf(body: Json, name: string): string | null {
  const zone = textOf(body, name)
  return zone !== null && zone.includes('/') && DateTime.fromMillis(EARLIEST_MS, { zone }).isValid ? zone : null
}

/**
 * E.164 when it is a number of the length that its country has, else as sent: "555-0101" is no +1 5550101, and "415-5512" is not from California.
 * Numbers without a country code are read as of `country`.
 */
export function phoneOf(body: Json, name: string, country: string | null): string | null {
  const text = textOf(body, name)
  if (text === null) return null
  const region = country !== null && /^[A-Z]{2}$/.test(country) ? (country as CountryCode) : 'US'
  const parsed = parsePhoneNumberFromString(text, region)
  return parsed?.isPossible() === true ? parsed.number : text
}

/** GHL id to value as text. Arrays are joined by ", ", objects are JSON. */
export function customFieldsOf(body: Json): Record<string, string> | null {
  const value = body['customFields']
  if (!Array.isArray(value)) return null
  const fields: Record<string, string> = {}
  for (const item of value as unknown[]) {
    if (!isObject(item)) continue
    const id = textOf(item, 'id')
    const text = customText(item['value'] ?? item['fieldValue'] ?? item['field_value'])
    if (id !== null && /^[A-Za-z0-9-]{1,64}$/.test(id) && text !== null) fields[id] = text
  }
  return Object.keys(fields).length === 0 ? null : fields
}

/** A value of any type as one text; null when it says nothing. */
export function customText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) {
    const parts = value.map(customText).filter((part) => part !== null)
    return parts.length === 0 ? null : cut(parts.join(', '), SHORT_TEXT)
  }
  return textOf({ value: typeof value === 'object' ? JSON.stringify(value) : value }, 'value')
}
