/**
 * How often and how soon a location writes, by flags: whole numbers within what the safety rules allow. A location can ask for
 * more care than they do, never for less.
 * @source reference/safety-and-claude.md 1.4 (3 in 24 hours, 10 in 14 days), 2.1 (an inquiry: 3 months), 2.3 (a reply within minutes)
 */
import { contactCeiling } from '../pipelines/followup/gates/contactBudget.ts'
import type { Tenant } from '../schemas/generated/records.ts'
import { cliError } from './errors.ts'

interface Limit {
  readonly flag: string
  readonly from: number
  readonly to: number
  readonly means: string
}

export const tenantLimits = {
  maxPer24h: {
    flag: '--max-per-24h',
    from: 0,
    to: contactCeiling.per24h,
    means: 'messages and calls to a lead in 24 hours at most, whoever makes them',
  },
  maxPer14d: { flag: '--max-per-14d', from: 0, to: contactCeiling.per14d, means: 'the same in 14 days' },
  // At 0 the machine would talk over the person who has just written.
  humanQuietHours: { flag: '--human-quiet-hours', from: 1, to: 720, means: 'hours of silence after a person of the team wrote' },
  replyExemptMinutes: {
    flag: '--reply-exempt-minutes',
    from: 0,
    to: 30,
    means:
      'minutes after a message of the lead in which an answer may leave outside lawful hours, a text if it wrote or called by telephone',
  },
  inquiryConsentDays: { flag: '--inquiry-consent-days', from: 0, to: 90, means: 'days for which an inquiry permits contact' },
} as const satisfies Partial<Record<keyof Tenant, Limit>>

type LimitName = keyof typeof tenantLimits
export type LimitFlags = { readonly [name in LimitName]?: string }
type Limits = Pick<Tenant, LimitName>

export const limitNames = Object.keys(tenantLimits) as LimitName[]

/** For the help of a flag. */
export function limitHelp(name: LimitName, byDefault: number): string {
  const { from, to, means } = tenantLimits[name]
  return `${means}, ${from} to ${to} (default ${byDefault})`
}

/** The limits as the flags leave them; throws `E_OPTION_INVALID` with what a number must be. */
export function limitsOf(before: Limits, flags: LimitFlags): Limits {
  const { maxPer24h, maxPer14d, humanQuietHours, replyExemptMinutes, inquiryConsentDays } = before
  const after = { maxPer24h, maxPer14d, humanQuietHours, replyExemptMinutes, inquiryConsentDays }
  for (const name of limitNames) {
    const text = flags[name]
    if (text === undefined) continue
    const { flag, from, to } = tenantLimits[name]
    const number = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
    if (!(number >= from && number <= to))
      throw cliError('E_OPTION_INVALID', `${flag} ${text} must be a whole number from ${from} to ${to}.`)
    after[name] = number
  }
  return after
}

/** In one line. */
export function limitsText({ maxPer24h, maxPer14d, humanQuietHours, replyExemptMinutes, inquiryConsentDays }: Limits): string {
  return `${maxPer24h} in 24 h, ${maxPer14d} in 14 days, ${humanQuietHours} h after a person, replies ${replyExemptMinutes} min, inquiries ${inquiryConsentDays} days`
}
