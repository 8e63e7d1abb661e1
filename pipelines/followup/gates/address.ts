/**
 * Nothing goes to a number or an e-mail address from which permission was taken back and not given again, whichever lead of the location said so. The
 * person who did is not named. Another lead may be on any partition, so every one of the copy must be complete.
 * @source reference/safety-and-claude.md 2.1: opt-out follows the number, not the person
 */
import { isContactChannel, refusalOf } from '../../enrich/consent.ts'
import { addressRefusalInWords, refusalFrom } from '../../enrich/addressRefusals.ts'
import { purposeOf } from './consent.ts'
import { isFresh } from './freshness.ts'
import { allow, deny, denyUntil, isContact, withLead } from './gate.ts'

export const address = withLead((lead, input) => {
  if (!isContact(input)) return allow('no_contact')
  const {
    followUp: { channel },
    addressLedgers,
  } = input
  if (!isContactChannel(channel)) return deny('channel_unknown', `There are no rules for ${channel}.`)
  const purpose = purposeOf(lead, input)
  for (const ledger of addressLedgers) {
    const refusal = refusalOf(ledger, channel, purpose)
    if (refusal === undefined) continue
    const closed = refusal.because === 'revoked' ? null : purpose
    return deny(`address_${refusal.because}`, addressRefusalInWords(refusalFrom(channel, closed, refusal.stated)))
  }
  return isFresh(input.allCompleteAt, input)
    ? allow()
    : denyUntil(
        'copies_stale',
        input.at + input.limits.recheckMs,
        'The copy of all leads is not known to be complete: another one with this address may have opted out.',
      )
})
