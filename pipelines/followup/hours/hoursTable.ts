/**
 * When a lead may be contacted, local to the recipient, as data: one row per rule, every row that may apply holds at
 * once. Nothing here is legal advice: `unverified` rows come from lists that disagree and apply because they restrict.
 * @source reference/safety-and-claude.md 3.1, reference/gohighlevel.md 6.3
 */

/** 1 = Monday … 7 = Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7

export interface HoursWindow {
  readonly days: readonly Weekday[]
  /** `HH:MM`, included. */
  readonly from: string
  /** `HH:MM`, excluded. */
  readonly to: string
}

export interface HoursRule {
  /** `*` everywhere, a country (`US`) or a state (`US-TX`). */
  readonly jurisdiction: string
  /** A day without a window is closed. */
  readonly windows: readonly HoursWindow[]
  readonly holidays: 'open' | 'closed'
  readonly effectiveFrom: string | null
  readonly source: string
  readonly checkedOn: string | null
  readonly checkedBy: string | null
  readonly status: 'unverified' | 'verified' | 'superseded'
}

const weekdays: readonly Weekday[] = [1, 2, 3, 4, 5]
const toSaturday: readonly Weekday[] = [...weekdays, 6]
const daily: readonly Weekday[] = [...toSaturday, 7]

const window = (days: readonly Weekday[], from: string, to: string): HoursWindow => ({ days, from, to })
const rule = (
  jurisdiction: string,
  windows: readonly HoursWindow[],
  source: string,
  more: { holidays?: 'closed'; effectiveFrom?: string } = {},
): HoursRule => ({
  jurisdiction,
  windows,
  holidays: more.holidays ?? 'open',
  effectiveFrom: more.effectiveFrom ?? null,
  source,
  checkedOn: null,
  checkedBy: null,
  status: 'unverified',
})

const lists = 'secondary lists, which disagree'

export const hoursTable: readonly HoursRule[] = [
  {
    jurisdiction: '*',
    windows: [window(toSaturday, '09:00', '20:00'), window([7], '12:00', '18:00')],
    holidays: 'closed',
    effectiveFrom: null,
    source: 'own rule of Rekindle: no law asks for it',
    checkedOn: '2026-11-22',
    checkedBy: 'Rekindle',
    status: 'verified',
  },
  rule('US', [window(daily, '08:00', '21:00')], '47 CFR 64.1200(c)(1)'),
  rule('US-AL', [window(toSaturday, '08:00', '20:00')], lists, { holidays: 'closed' }),
  rule('US-CA', [window(daily, '09:00', '21:00')], lists),
  rule('US-CT', [window(daily, '09:00', '20:00')], 'Conn. Gen. Stat. 42-288a as amended (SB 1058)', { effectiveFrom: '2023-10-01' }),
  rule('US-FL', [window(daily, '08:00', '20:00')], 'Fla. Stat. 501.059, 501.616 (FTSA)'),
  rule('US-IL', [window(daily, '09:00', '21:00')], lists),
  rule('US-KY', [window(daily, '10:00', '21:00')], lists),
  rule('US-LA', [window(toSaturday, '08:00', '20:00')], lists, { holidays: 'closed' }),
  rule('US-MA', [window(daily, '08:00', '20:00')], lists),
  rule('US-MD', [window(daily, '08:00', '20:00')], 'Md. Com. Law 14-3201 ff. (Stop the Spam Calls Act)'),
  rule('US-MI', [window(daily, '09:00', '21:00')], lists),
  rule('US-MN', [window(daily, '09:00', '21:00')], lists),
  rule('US-MS', [window(toSaturday, '08:00', '20:00')], 'Mississippi telephone solicitation act'),
  rule('US-NJ', [window(daily, '08:00', '20:00')], lists, { effectiveFrom: '2024-01-01' }),
  rule('US-NM', [window(daily, '09:00', '21:00')], lists),
  rule('US-NV', [window(daily, '09:00', '20:00')], lists),
  rule('US-OK', [window(daily, '08:00', '20:00')], 'Okla. Stat. tit. 15, 775C (OTSA)'),
  rule('US-PA', [window(weekdays, '08:00', '21:00'), window([6], '08:00', '12:00')], lists, { holidays: 'closed' }),
  rule('US-RI', [window(weekdays, '09:00', '18:00'), window([6], '10:00', '17:00')], 'R.I. Gen. Laws 5-61', { holidays: 'closed' }),
  rule('US-TX', [window(toSaturday, '09:00', '21:00'), window([7], '12:00', '21:00')], 'Tex. Bus. & Com. Code, SB 140 (2025)', {
    effectiveFrom: '2025-09-01',
  }),
  rule('US-UT', [window(daily, '08:00', '21:00')], lists, { holidays: 'closed' }),
  rule('US-WA', [window(daily, '08:00', '20:00')], 'RCW 80.36.390', { effectiveFrom: '2022-06-09' }),
]

/** Everything that is wrong with a table, one sentence each; a table with problems is not used. */
export function hoursProblems(table: readonly HoursRule[]): string[] {
  return table.flatMap((row) => {
    const problems: string[] = []
    if (row.source.trim() === '') problems.push(`${row.jurisdiction} has no source.`)
    if (!['unverified', 'verified', 'superseded'].includes(row.status)) problems.push(`${row.jurisdiction} has no status.`)
    const days = row.windows.flatMap((one) => one.days)
    if (new Set(days).size !== days.length) problems.push(`${row.jurisdiction} has two windows on one day.`)
    for (const { from, to } of row.windows)
      if (!/^\d\d:\d\d$/.test(from) || !/^\d\d:\d\d$/.test(to) || from >= to)
        problems.push(`${row.jurisdiction} has the window ${from}-${to}.`)
    return problems
  })
}

/** Rows in force that nobody has checked against the primary text: shown in the log at start. */
export function unverifiedJurisdictions(table: readonly HoursRule[] = hoursTable): string[] {
  return table.filter(({ status }) => status === 'unverified').map(({ jurisdiction }) => jurisdiction)
}
