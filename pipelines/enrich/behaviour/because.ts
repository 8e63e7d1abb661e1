/** Why a behavioural rule fired, in a sentence with what it rests on: values and times. */
import { DateTime } from 'luxon'
import type { Observed } from '../../../schemas/generated/records.ts'
import type { Firing } from './engine.ts'

/** The reason of a firing. */
export function firingInWords({ rule, evidence, dueAt }: Firing): string {
  const rests = `${sentenceCase(rule.words)}: ${listed(evidence.map(observedInWords))}`
  return rule.condition.kind === 'absence' ? `${rests}, nothing until ${instantInWords(dueAt)}.` : `${rests}.`
}

/** `property view of 12-oak-st for 450000 at 2026-11-03 15:02 UTC`. */
export function observedInWords({ signal, subject, price, at }: Observed): string {
  return [
    signal.replaceAll('_', ' '),
    // The id of an appointment says nothing to people.
    ...(subject === null || signal === 'appointment_booked' ? [] : [`of ${subject}`]),
    ...(price === null ? [] : [`for ${price}`]),
    `at ${instantInWords(at)}`,
  ].join(' ')
}

const DAY_MS = 86_400_000
/** Years of four digits; the calendar library writes the others. */
const PLAIN_FROM_MS = -62_167_219_200_000
const PLAIN_BEFORE_MS = 253_402_300_800_000

/** `2026-11-03 15:02 UTC`; with seconds where there are some. By arithmetic: every score tells some of these. */
export function instantInWords(at: number): string {
  if (!(at >= PLAIN_FROM_MS && at < PLAIN_BEFORE_MS)) return outsideInWords(at)
  const days = Math.floor(at / DAY_MS)
  const second = Math.floor((at - days * DAY_MS) / 1_000)
  const time = `${two(Math.floor(second / 3_600))}:${two(Math.floor(second / 60) % 60)}`
  return `${dateOf(days)} ${time}${second % 60 === 0 ? '' : `:${two(second % 60)}`} UTC`
}

/** Of days since 1970, in eras of 400 years that begin on 1 March, so that a leap day is the last. @source Howard Hinnant, civil_from_days */
function dateOf(days: number): string {
  const fromMarch = days + 719_468
  const era = Math.floor(fromMarch / 146_097)
  const dayOfEra = fromMarch - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`
}

function outsideInWords(at: number): string {
  const text = DateTime.fromMillis(at, { zone: 'utc' }).toISO() ?? ''
  return `${text.slice(0, 10)} ${text.slice(11, text.slice(17, 19) === '00' ? 16 : 19)} UTC`
}

export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
