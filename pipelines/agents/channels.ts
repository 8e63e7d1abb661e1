/**
 * Ways to reach a lead as agents see them: open means an address is known and no veto stands. Agents prefer open ways so
 * that their vote is of use; whether a way may be used is for the gates, here and again at the instant of sending.
 */
import type { AgentView } from './agentView.ts'

export const contactOptions = ['sms', 'email', 'call'] as const
export type ContactOption = (typeof contactOptions)[number]

/** Fields that `openChannels` reads, for the `reads` of agents that use it. */
export const channelFields = ['hasPhone', 'hasEmail', 'blockedChannels'] as const

/** Is the option a written message? */
export function isMessage(option: string): boolean {
  return option === 'sms' || option === 'email'
}

/** Open ways, texts before e-mails before calls. */
export function openChannels(view: AgentView): ContactOption[] {
  return contactOptions.filter((option) => isOpen(view, option))
}

export function isOpen(view: AgentView, option: ContactOption): boolean {
  return (option === 'email' ? view.hasEmail : view.hasPhone) && !Object.hasOwn(view.blockedChannels, option)
}

/** The first of the wanted ways that is open, else the first open one. */
export function openOr(view: AgentView, ...wanted: readonly ContactOption[]): ContactOption | undefined {
  return wanted.find((option) => isOpen(view, option)) ?? openChannels(view)[0]
}

/** The contact option that answers on a message channel; `undefined` for chat and social channels, which have no option of their own. */
export function optionOfChannel(channel: string | undefined): ContactOption | undefined {
  return contactOptions.find((option) => option === channel)
}
