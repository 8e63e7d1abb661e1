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
    ...(subject === null ? [] : [`of ${subject}`]),
    ...(price === null ? [] : [`for ${price}`]),
    `at ${instantInWords(at)}`,
  ].join(' ')
}

/** `2026-11-03 15:02 UTC`; with seconds where there are some. */
export function instantInWords(at: number): string {
  const text = DateTime.fromMillis(at, { zone: 'utc' }).toISO() ?? ''
  return `${text.slice(0, 10)} ${text.slice(11, text.slice(17, 19) === '00' ? 16 : 19)} UTC`
}

export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
