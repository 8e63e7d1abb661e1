/** Nothing leaves while a switch is off: of the installation, of the channel, or of the location. */
import { allow, deny } from './gate.ts'
import type { Gate } from './gate.ts'

export const killSwitch: Gate = ({ followUp, tenant, limits }) => {
  if (limits.halted) return deny('installation_halted', 'Sending is switched off for this installation.')
  if (limits.haltedChannels.includes(followUp.channel))
    return deny('channel_halted', `Sending by ${followUp.channel} is switched off for this installation.`)
  if (tenant === undefined) return deny('tenant_unknown', 'The location is not configured.')
  if (tenant.status !== 'active') return deny(`tenant_${tenant.status}`, `The location is ${tenant.status}.`)
  return tenant.automation ? allow() : deny('automation_off', 'Automation is switched off for this location.')
}
