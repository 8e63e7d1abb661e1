/**
 * An assignment takes room with a realtor, in the transaction that reserves it. It is denied when the lead has a realtor by
 * now, when the location assigns nothing, and when the office does not give this realtor leads or they have no room. Where
 * the platform did not tell who has the lead, it waits.
 * @source reference/lead-domain.md 5.2: the decision must reserve capacity atomically
 */
import { counted } from '../../counted.ts'
import { allow, deny, denyUntil, unreadableBecause, withLead } from './gate.ts'

const taking: ReadonlySet<string> = new Set(['available', 'busy'])

/** Denials that are about the realtor alone, in words: another one may be given the lead. */
export const aboutTheRealtor: ReadonlyMap<string, string> = new Map([
  ['at_capacity', 'has no room'],
  ['not_taking_leads', 'is given no leads at the moment'],
])

export const capacity = withLead((lead, { at, limits, followUp, tenant, assignee, isAssigning, provider }) => {
  if (followUp.action !== 'assign') return allow('no_assignment')
  if (tenant?.routing !== 'assign') return deny('routing_off', 'This location gives no leads to realtors by itself.')
  if (lead.ownerId !== null) return deny('has_owner', 'The lead has a realtor by now.')
  if (isAssigning) return deny('being_assigned', 'Another assignment of this lead is on its way.')
  // Whoever has it on the platform is not written over unseen.
  const because = unreadableBecause(provider)
  if (because !== undefined)
    return denyUntil('provider_unreadable', at + limits.providerRecheckMs, `The provider did not tell who has the lead (${because}).`)
  if (typeof provider === 'object' && provider.assignedTo !== null)
    return deny('has_owner', 'The platform has a realtor for this lead by now.')
  if (assignee === undefined || !taking.has(assignee.availability))
    return deny('not_taking_leads', 'The office gives this realtor no leads at the moment.')
  return assignee.load < assignee.capacity
    ? allow()
    : deny('at_capacity', `The realtor has ${assignee.load} of at most ${counted(assignee.capacity, 'lead')}.`)
})
