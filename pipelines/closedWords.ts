/**
 * Why a channel may not be used, as a sentence: one for the gates over the frozen view, the send fence and the page of what a lead permits,
 * so that a rule reads the same wherever it holds. The sentences are in stored decisions: a changed one is another decision, byte for byte.
 */
const beginnings = {
  dnd: 'Do not disturb is set for',
  revoked: 'The lead has revoked permission for',
  no_address: 'No address is known for',
  no_consent: 'There is no permission for',
  marketing_revoked: 'The lead has revoked permission for marketing by',
  inquiry_revoked: 'The lead has revoked permission for answers by',
  transactional_revoked: 'The lead has revoked permission for messages about appointments by',
  marketing_not_covered: 'The permission of the lead does not cover marketing by',
  address_revoked: 'Permission was revoked from this number or e-mail address for',
  address_marketing_revoked: 'Permission for marketing was revoked from this number or e-mail address by',
  address_inquiry_revoked: 'Permission for answers was revoked from this number or e-mail address by',
  address_transactional_revoked: 'Permission for messages about appointments was revoked from this number or e-mail address by',
  provider_dnd: 'The provider has do not disturb set for',
} as const

export type ClosedRule = keyof typeof beginnings

/** The sentence of a rule that closes a channel. One that this build does not know is named. */
export function closedInWords(rule: string, channel: string): string {
  const beginning = Object.hasOwn(beginnings, rule) ? beginnings[rule as ClosedRule] : `Blocked (${rule}):`
  return `${beginning} ${channel}.`
}
