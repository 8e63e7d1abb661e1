/**
 * Keeps what rules say of the telephone number and the e-mail address of a profile beside them, with the time of the address
 * they are about. A function of the two and of their times, so the order of events changes nothing.
 */
import type { Draft } from '../lastWriter.ts'
import { emailFactsOf } from './emailFacts.ts'
import { phoneFactsOf } from './phoneFacts.ts'

/** Brings the facts of a profile up to date; an address that stays is not looked at again. */
export function describeAddresses(profile: Draft): void {
  const { phone, email, phoneFacts, emailFacts, fieldTimes, firstSeenAt } = profile
  const phoneAt = fieldTimes['phone'] ?? firstSeenAt
  const emailAt = fieldTimes['email'] ?? firstSeenAt
  if (phone === null) profile.phoneFacts = null
  else if (phoneFacts?.number !== phone) profile.phoneFacts = phoneFactsOf(phone, phoneAt)
  else if (phoneFacts.at !== phoneAt) profile.phoneFacts = { ...phoneFacts, at: phoneAt }
  if (email === null) profile.emailFacts = null
  else if (emailFacts?.address !== email) profile.emailFacts = emailFactsOf(email, emailAt)
  else if (emailFacts.at !== emailAt) profile.emailFacts = { ...emailFacts, at: emailAt }
}
