/** US federal holidays by local date, the day itself and the working day it is observed on. @source 5 U.S.C. 6103 */
import { DateTime } from 'luxon'

/** [month, day] of holidays with a fixed date: New Year, Juneteenth, Independence, Veterans, Christmas. */
const fixed: readonly (readonly [number, number])[] = [
  [1, 1],
  [6, 19],
  [7, 4],
  [11, 11],
  [12, 25],
]
/** [month, weekday (1 = Monday), which one]: King, Washington, Labor, Columbus, Thanksgiving. Memorial Day is the last Monday of May. */
const floating: readonly (readonly [number, number, number])[] = [
  [1, 1, 3],
  [2, 1, 3],
  [9, 1, 1],
  [10, 1, 2],
  [11, 4, 4],
]

/** Is this local date a federal holiday, or the Friday or Monday one is observed on? */
export function isFederalHoliday(year: number, month: number, day: number): boolean {
  const date = DateTime.utc(year, month, day)
  if (isFixed(date)) return true
  if (date.weekday === 5 && isFixed(date.plus({ days: 1 }))) return true
  if (date.weekday === 1 && isFixed(date.minus({ days: 1 }))) return true
  if (month === 5 && date.weekday === 1 && day > 24) return true
  return floating.some(([m, weekday, nth]) => m === month && weekday === date.weekday && Math.ceil(day / 7) === nth)
}

function isFixed(date: DateTime): boolean {
  return fixed.some(([month, day]) => date.month === month && date.day === day)
}
