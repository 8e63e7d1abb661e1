/**
 * Outside lawful hours nothing reaches the lead; it is moved to when they begin. E-mail keeps the same hours. They count for where the lead
 * may be by what is known here, and for where the platform shows it at this moment: that is where its message goes.
 * @source reference/gohighlevel.md 5 (#77, #126: no webhook tells a time zone), 6.3 (where candidates disagree, lawful in all)
 */
import { IANAZone } from 'luxon'
import type { LeadProfile } from '../../../schemas/generated/records.ts'
import type { Place } from '../../enrich/areaCodes.ts'
import { placeOf } from '../../enrich/timeZones.ts'
import type { HoursRule } from '../hours/hoursTable.ts'
import { earliestLawfulInstant, rulesFor, statesIn } from '../hours/lawfulHours.ts'
import { allow, deny, denyUntil, isContact, withLead } from './gate.ts'
import type { FenceInput } from './gate.ts'

const MINUTE_MS = 60_000
const BY_TELEPHONE: ReadonlySet<string> = new Set(['sms', 'call', 'voicemail'])

export const hours = withLead((lead, input) => {
  if (!isContact(input)) return allow('no_contact')
  const { at, tenant, followUp } = input
  if (followUp.action === 'send_message' && answersAtOnce(lead, input)) return allow('reply_exempt')
  const places = placesOf(lead, input)
  const rules = new Set<HoursRule>()
  for (const place of places) {
    const states = statesIn(place.states, tenant?.country)
    const there = rulesFor(states)
    if (there === undefined) return deny('no_rules', `There are no hours for ${states.join(', ')}: nothing is sent there.`)
    for (const rule of there) rules.add(rule)
  }
  const zones = [...new Set(places.flatMap((place) => place.zones))]
  const opensAt = earliestLawfulInstant(at, zones, [...rules])
  if (opensAt === undefined) return deny('no_lawful_hour', `No hour within 7 days is lawful in all of ${zones.join(', ')}.`)
  return opensAt === at ? allow() : denyUntil('outside_hours', opensAt, `Outside lawful hours in ${zones.join(', ')}.`)
})

/**
 * An answer to what the lead wrote a few minutes ago belongs to a conversation it began, in the place in which it began it: who sends an e-mail by night
 * has not asked for the telephone to ring.
 */
function answersAtOnce({ recentMessages }: LeadProfile, { at, tenant, followUp: { channel } }: FenceInput): boolean {
  const replyMs = (tenant?.replyExemptMinutes ?? 0) * MINUTE_MS
  return recentMessages.some(
    (message) =>
      message.direction === 'inbound' &&
      at >= message.at &&
      at - message.at < replyMs &&
      (channel !== 'sms' || BY_TELEPHONE.has(message.channel)),
  )
}

/** What the platform leaves out, or nobody can read, is as it is known here. */
function placesOf(lead: LeadProfile, { provider, tenant }: Pick<FenceInput, 'provider' | 'tenant'>): readonly Place[] {
  const known = placeOf(lead, tenant)
  if (typeof provider === 'string' || !provider.exists) return [known]
  const { phone, timeZone, country, state, postalCode } = provider
  const shown = {
    phone: phone?.startsWith('+') === true ? phone : lead.phone,
    timeZone: timeZone !== null && IANAZone.isValidZone(timeZone) ? timeZone : lead.timeZone,
    country: country ?? lead.country,
    state: state ?? lead.state,
    postalCode: postalCode ?? lead.postalCode,
  }
  return [known, placeOf({ ...shown, reportedTimeZone: lead.reportedTimeZone }, tenant)]
}
