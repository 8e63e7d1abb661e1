/** Nothing leaves while a switch is off: of the installation, of the channel, or of the location. */
import { allow, deny, denyUntil } from './gate.ts'
import type { Gate } from './gate.ts'

export const killSwitch: Gate = ({ at, followUp, tenant, limits }) => {
  if (limits.halted) return deny('installation_halted', 'Sending is switched off for this installation.')
  if (limits.haltedChannels.includes(followUp.channel))
    return deny('channel_halted', `Sending by ${followUp.channel} is switched off for this installation.`)
  // Not for good: the first leads of a new location are here before its own row, which comes by another partition.
  if (tenant === undefined) return denyUntil('tenant_unknown', at + limits.recheckMs, 'The copy has no such location yet.')
  if (tenant.status !== 'active') return deny(`tenant_${tenant.status}`, `The location is ${tenant.status}.`)
  return tenant.automation ? allow() : deny('automation_off', 'Automation is switched off for this location.')
}
