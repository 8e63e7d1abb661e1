/** Why a channel is closed reads the same at the gates and at the fence, and each rule that can close one has its sentence. */
import t from 'tap'
import { closedInWords } from '../../pipelines/closedWords.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import type { ClosedBecause } from '../../pipelines/enrich/closures.ts'
import type { BlockedBecause } from '../../pipelines/enrich/consent.ts'
import { tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { view as viewOf } from './leads.ts'

/** Those of a call: exhaustive by its type. */
const sentences: Readonly<Record<BlockedBecause | ClosedBecause, string>> = {
  dnd: 'Do not disturb is set for call.',
  revoked: 'The lead has revoked permission for call.',
  no_address: 'No address is known for call.',
  no_consent: 'There is no permission for call.',
  marketing_revoked: 'The lead has revoked permission for marketing by call.',
  inquiry_revoked: 'The lead has revoked permission for answers by call.',
  transactional_revoked: 'The lead has revoked permission for messages about appointments by call.',
  marketing_not_covered: 'The permission of the lead does not cover marketing by call.',
  address_revoked: 'Permission was revoked from this number or e-mail address for call.',
  address_marketing_revoked: 'Permission for marketing was revoked from this number or e-mail address by call.',
  address_inquiry_revoked: 'Permission for answers was revoked from this number or e-mail address by call.',
  address_transactional_revoked: 'Permission for messages about appointments was revoked from this number or e-mail address by call.',
  provider_dnd: 'The provider has do not disturb set for call.',
}

t.test('each rule has its sentence, and the gates say it', (t) => {
  for (const [rule, sentence] of Object.entries(sentences)) {
    t.equal(closedInWords(rule, 'call'), sentence)
    const view = viewOf({ blockedChannels: { call: rule } })
    const { results } = evaluateGates({ view, at: tuesdayNoon, tenant: tenantRecord() }, ['wait', 'call'])
    t.strictSame(
      results.flatMap(({ gateId, ruleId, reason }) => (gateId === 'consent' ? [[ruleId, reason]] : [])),
      [[rule, sentence]],
    )
  }
  t.equal(closedInWords('of_a_later_build', 'sms'), 'Blocked (of_a_later_build): sms.')
  t.equal(closedInWords('toString', 'sms'), 'Blocked (toString): sms.')
  t.end()
})
