/** The fencing counter: what was decided before the lead or a person acted does not leave. A copy that is behind the decision is waited for. */
import { allow, deny, denyUntil, withLead } from './gate.ts'

export const epoch = withLead((lead, { followUp, at, limits }) => {
  if (lead.epoch > followUp.epoch)
    return deny('superseded', `Decided at epoch ${followUp.epoch}, the lead is at ${lead.epoch}: something has happened since.`)
  if (lead.epoch < followUp.epoch)
    return denyUntil(
      'copy_behind',
      at + limits.recheckMs,
      `The copy of the lead is at epoch ${lead.epoch}, the decision at ${followUp.epoch}.`,
    )
  return allow()
})
