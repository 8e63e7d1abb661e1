/**
 * Nothing goes to a number or an e-mail address from which permission was taken back and not given again, whichever lead of the location said so, or
 * nobody who is known. The person who did is not named. It may stand on any partition of any topic on the way, so all of them must be in the copy.
 * @source reference/safety-and-claude.md 2.1: opt-out follows the number, not the person
 */
import { isContactChannel } from '../../enrich/consent.ts'
import { addressRefusalInWords, closedByAddress } from '../../enrich/addressRefusals.ts'
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
  const closed = closedByAddress(addressLedgers, channel, purposeOf(lead, input))
  if (closed !== undefined) return deny(`address_${closed.because}`, addressRefusalInWords(closed.refusal))
  return isFresh(input.allCompleteAt, input)
    ? allow()
    : denyUntil(
        'copies_stale',
        input.at + input.limits.recheckMs,
        'The copy of what all leads and unknown numbers have said is not known to be complete: this address may have opted out.',
      )
})
