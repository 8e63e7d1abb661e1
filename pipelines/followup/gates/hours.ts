/** Outside lawful hours nothing reaches the lead; it is moved to when they begin. E-mail keeps the same hours. */
import { placeOf } from '../../enrich/timeZones.ts'
import { earliestLawfulInstant, rulesFor, statesIn } from '../hours/lawfulHours.ts'
import { allow, deny, denyUntil, isContact, withLead } from './gate.ts'

const MINUTE_MS = 60_000

export const hours = withLead((lead, input) => {
  if (!isContact(input)) return allow('no_contact')
  const { at, tenant, followUp } = input
  const replyMs = (tenant?.replyExemptMinutes ?? 0) * MINUTE_MS
  // An answer to what the lead wrote a few minutes ago belongs to a conversation it began.
  if (followUp.action === 'send_message' && lead.lastInboundAt !== null && at >= lead.lastInboundAt && at - lead.lastInboundAt < replyMs)
    return allow('reply_exempt')
  const place = placeOf(lead, tenant)
  const states = statesIn(place.states, tenant?.country)
  const rules = rulesFor(states)
  if (rules === undefined) return deny('no_rules', `There are no hours for ${states.join(', ')}: nothing is sent there.`)
  const opensAt = earliestLawfulInstant(at, place.zones, rules)
  if (opensAt === undefined) return deny('no_lawful_hour', `No hour within 7 days is lawful in all of ${place.zones.join(', ')}.`)
  return opensAt === at ? allow() : denyUntil('outside_hours', opensAt, `Outside lawful hours in ${place.zones.join(', ')}.`)
})
