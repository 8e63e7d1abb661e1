/**
 * What the numbering plans say of a telephone number: whether there is such a number, and of which type. In the US and Canada
 * mobile and fixed lines share their numbers, so the type of most is not knowable without asking somebody; portability
 * makes tables of carriers wrong everywhere.
 * @source reference/safety-and-claude.md 10.5
 */
import { PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { NumberType } from 'libphonenumber-js/max'
import type { PhoneFacts } from '../../../schemas/generated/records.ts'

/** Our name of each type that libphonenumber tells apart. */
export const phoneTypes: Readonly<Record<Exclude<NumberType, undefined>, string>> = {
  MOBILE: 'mobile',
  FIXED_LINE: 'fixed_line',
  FIXED_LINE_OR_MOBILE: 'fixed_line_or_mobile',
  TOLL_FREE: 'toll_free',
  PREMIUM_RATE: 'premium_rate',
  VOIP: 'voip',
  SHARED_COST: 'shared_cost',
  PERSONAL_NUMBER: 'personal',
  PAGER: 'pager',
  UAN: 'uan',
  VOICEMAIL: 'voicemail',
}

/** Complete numbers of the US and of those that share its code. None begins with the 1 that is dialled before a number. */
const NORTH_AMERICAN = /^\+1[2-9]\d{9}$/

/** Facts about a number as it is stored (E.164, or as it was sent when it could not be read), stated at `at` (ms). */
export function phoneFactsOf(number: string, at: number): PhoneFacts {
  // The plan that is asked first of all that share the code is that of the US: a number that it knows needs no look at the others.
  const ofUs = NORTH_AMERICAN.test(number) ? new PhoneNumber(number).getType() : undefined
  if (ofUs !== undefined) return { number, valid: true, type: phoneTypes[ofUs], country: 'US', source: 'libphonenumber', at }
  const parsed = parsePhoneNumberFromString(number)
  const type = parsed?.getType()
  return {
    number,
    // A number of a known type is one that there is.
    valid: type !== undefined || (parsed?.isValid() ?? false),
    type: type === undefined ? 'unknown' : phoneTypes[type],
    country: parsed?.country ?? null,
    source: 'libphonenumber',
    at,
  }
}
