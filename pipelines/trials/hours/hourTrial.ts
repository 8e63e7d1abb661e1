/**
 * The trial of hours that is running: which local hours, how much is left to lot, and how rare an hour may become. A location has to
 * ask for it.
 * @source reference/consensus.md 10.2, 10.3
 */
import type { Tenant } from '../../../schemas/generated/records.ts'
import type { Share } from '../lot.ts'
import { floorMicroOf } from '../trial.ts'

/** The agent whose vote carries the lot, and under whose id the trial is stated. */
export const hourAgentId = 'timing_optimizer'
/** Below this probability of an hour the log cannot be evaluated for another policy. @source reference/consensus.md 10.3 */
export const HOUR_LEAST_MICRO = 20_000
/** From more results than these on week-ends are told apart. @source reference/consensus.md 10.2 */
export const SPLIT_SENT = 1_000

/** The local hours in which anybody may be written to: 9:00 to 20:00 by the own rule of `hoursTable`. At most 13, as many as are integrated. */
const clock = [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19] as const

/** From Monday to Friday, and the rest. */
export type DayKind = 'weekday' | 'weekend'

/** The name of an hour of the clock on such a day: `h09`, `w09`. */
export function hourOption(hour: number, day: DayKind): string {
  return `${day === 'weekday' ? 'h' : 'w'}${String(hour).padStart(2, '0')}`
}

/** The hour of the clock that an option names. */
export function clockHourOf(option: string): number {
  return Number(option.slice(1))
}

export const runningHours = {
  id: 'hour-1',
  /** Half: of less the floors would leave next to nothing to what was learned (11 hours at .02 are 22 points, of .3 these are 73 %). */
  exploreMicro: 500_000,
  arms: clock.map((hour) => hourOption(hour, 'weekday')),
  weekendArms: clock.map((hour) => hourOption(hour, 'weekend')),
} as const

/** Has the location asked that hours are left to lot? Off unless it has, and while its trials are off. */
export function wantsHours(tenant: Pick<Tenant, 'trials' | 'trialHours'> | undefined): boolean {
  // Rows that were stored before the field was known lack it.
  return tenant?.trialHours === true && tenant.trials?.enabled !== false
}

/** The least share of the lot that keeps an hour at the least probability: .02 / .5. */
export const hourFloorMicro = floorMicroOf(runningHours, HOUR_LEAST_MICRO)

/** Shares as they are for week-ends, where these are not told apart. */
export function atWeekend(shares: readonly Share[]): Share[] {
  return shares.map(({ option, shareMicro }) => ({ option: hourOption(clockHourOf(option), 'weekend'), shareMicro }))
}
