/**
 * Spend out of a CSV file: each row is a statement or a problem with its line and reason; nothing is guessed and nothing is left
 * out without being told.
 */
import { parse } from 'csv-parse/sync'
import { channels, isChannel } from '../pipelines/attribution/channels.ts'
import { CAMPAIGN_LENGTH, dayOfText } from '../pipelines/attribution/window.ts'
import type { MarketingSpend } from '../schemas/generated/records.ts'
import { cliError } from './errors.ts'

export const spendColumns = ['channel', 'campaign', 'day', 'amount', 'currency'] as const

export interface SpendProblem {
  /** Line of the file on which the row ends, from 1. */
  readonly line: number
  readonly reason: string
}

export interface SpendFile {
  readonly rows: readonly MarketingSpend[]
  readonly problems: readonly SpendProblem[]
}

/** Ten years: an older day is a mistyped one. */
const OLDEST_DAYS = 3_653

/** The rows of `text` as statements of `at` (ms) about a location. Throws E_SPEND_FILE_INVALID for what is no CSV with the header. */
export function readSpend(text: string, tenantId: string, at: number): SpendFile {
  const [header, ...records] = recordsOf(text)
  const names = header?.record.map((name) => name.trim().toLowerCase()) ?? []
  const missing = spendColumns.filter((name) => !names.includes(name))
  if (missing.length > 0)
    throw cliError('E_SPEND_FILE_INVALID', `The first line must name ${spendColumns.join(',')}; missing: ${missing.join(', ')}.`)
  const rows: MarketingSpend[] = []
  const problems: SpendProblem[] = []
  const seen = new Map<string, number>()
  for (const { record, info } of records) {
    const line = info.lines
    const of = (name: (typeof spendColumns)[number]) => record[names.indexOf(name)]?.trim() ?? ''
    const row = {
      channel: of('channel').toLowerCase(),
      campaign: of('campaign'),
      day: of('day'),
      amount: of('amount'),
      currency: of('currency'),
    }
    const which = [row.channel, row.campaign, row.day].join('\n')
    const reason =
      record.length === names.length ? problemOf(row, seen.get(which), at) : `has ${record.length} cells, the header has ${names.length}`
    if (reason !== undefined) problems.push({ line, reason })
    else {
      seen.set(which, line)
      rows.push({ tenantId, ...row, statedAt: at })
    }
  }
  return { rows, problems }
}

function problemOf(
  { channel, campaign, day, amount, currency }: Omit<MarketingSpend, 'tenantId' | 'statedAt'>,
  before: number | undefined,
  at: number,
): string | undefined {
  if (!isChannel(channel)) return `channel ${channel === '' ? 'is missing' : `${channel} is none`} of ${channels.join(', ')}`
  if (campaign.length > CAMPAIGN_LENGTH) return `campaign is longer than ${CAMPAIGN_LENGTH} characters`
  const number = dayOfText(day)
  if (number === undefined) return `day ${day === '' ? 'is missing' : `${day} is no date`} such as 2026-11-03`
  // A day later than in UTC is today's somewhere.
  if (number > Math.floor(at / 86_400_000) + 1) return `day ${day} lies in the future`
  if (number < Math.floor(at / 86_400_000) - OLDEST_DAYS) return `day ${day} is more than ten years ago`
  if (!/^\d{1,12}(\.\d{1,2})?$/.test(amount)) return `amount ${amount === '' ? 'is missing' : `${amount} is none`} such as 1250.00`
  if (!/^[A-Z]{3}$/.test(currency)) return `currency ${currency === '' ? 'is missing' : `${currency} is none`} such as USD`
  return before === undefined ? undefined : `says again what line ${before} says of this channel, campaign and day`
}

function recordsOf(text: string): readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[] {
  try {
    return parse(text, { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true }) as unknown as {
      record: string[]
      info: { lines: number }
    }[]
  } catch (error) {
    throw cliError('E_SPEND_FILE_INVALID', (error as Error).message)
  }
}
