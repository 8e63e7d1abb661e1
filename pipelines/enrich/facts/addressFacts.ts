/**
 * Keeps what rules say of the telephone number and the e-mail address of a profile beside them, with the time of the address
 * they are about. A function of the two and of their times, so the order of events changes nothing.
 */
import type { EmailFacts, PhoneFacts } from '../../../schemas/generated/records.ts'
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
  else if (phoneFacts.at !== phoneAt) profile.phoneFacts = phoneFactsAt(phoneFacts, phoneAt)
  if (email === null) profile.emailFacts = null
  else if (emailFacts?.address !== email) profile.emailFacts = emailFactsOf(email, emailAt)
  else if (emailFacts.at !== emailAt) profile.emailFacts = emailFactsAt(emailFacts, emailAt)
}

// Every update of a contact states its addresses again. Field by field: a copy with a spread costs many times as much.
function phoneFactsAt({ number, valid, type, country, source }: PhoneFacts, at: number): PhoneFacts {
  return { number, valid, type, country, source, at }
}

function emailFactsAt({ address, valid, kind, role, suggestion, identity, source }: EmailFacts, at: number): EmailFacts {
  return { address, valid, kind, role, suggestion, identity, source, at }
}
