/** While a person leads the conversation the machine is silent. */
import { allow, deny, denyUntil, isContact, withLead } from './gate.ts'

export const humanOwnership = withLead((lead, input) => {
  const owned = lead.humanOwnership
  if (!isContact(input) || owned === null) return allow()
  if (owned.untilAt === null) return deny(owned.reason, 'A person leads this conversation until they hand it back.')
  return owned.untilAt > input.at ? denyUntil(owned.reason, owned.untilAt, 'A person leads this conversation.') : allow('quiet_time_over')
})
