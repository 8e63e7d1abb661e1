/** What a location sets by flags: permissions, and texts that a message cannot do without. */
import t from 'tap'
import { changed, workflowUrl } from '../../cli/verbs/tenants.ts'
import { loadConfig } from '../../config/config.ts'
import { tenantId, tenantRecord } from '../support/leadRecords.ts'

t.test('what can be no id of a location is refused: its leads would have keys of another one', async (t) => {
  const settings = { name: 'Realty', timeZone: 'America/Chicago', country: 'US', postalAddress: '1 Main St, Austin' }
  for (const wrong of ['', ' ', 'loc:maria', 'company:c1', `${tenantId} `, 'two words', 'a'.repeat(101)]) {
    t.throws(() => changed(wrong, undefined, settings, 5), { code: 'E_OPTION_INVALID', message: /is no id of a location/ }, wrong)
    t.throws(() => workflowUrl(loadConfig({}), wrong), { code: 'E_OPTION_INVALID', message: /is no id of a location/ }, wrong)
  }
  t.match(changed(tenantId, undefined, settings, 5), { tenantId, ...settings })
})

t.test('a text that is empty is refused, and what is not given stays', async (t) => {
  const before = tenantRecord()
  for (const [flag, name] of [
    ['name', '--name'],
    ['sender', '--sender'],
    ['postalAddress', '--postal-address'],
    ['app', '--app'],
  ] as const)
    for (const text of ['', '  '])
      t.throws(() => changed(tenantId, before, { [flag]: text }, 5), { code: 'E_OPTION_INVALID', message: new RegExp(`${name} is empty`) })
  t.match(changed(tenantId, before, { automation: false }, 5), { name: before.name, postalAddress: before.postalAddress })
})

t.test(
  'revocation, what marketing takes and the box are set by flags, stay when not given, and are refused with what is wrong',
  async (t) => {
    const before = tenantRecord()
    t.equal(changed(tenantId, before, { sender: 'Ann' }, 5).consent, null, 'nothing is set by default')
    t.strictSame(changed(tenantId, before, { revocation: 'purpose' }, 5).consent, {
      revocation: 'purpose',
      marketingNeeds: 'inquiry',
      written: null,
    })
    const set = changed(tenantId, before, { marketingNeeds: 'express_written', writtenField: 'box', writtenWording: 'I agree.' }, 5)
    t.strictSame(set.consent, {
      revocation: 'all',
      marketingNeeds: 'express_written',
      written: { fieldId: 'box', wording: 'I agree.' },
    })
    t.strictSame(changed(tenantId, set, { sender: 'Ann' }, 6).consent, set.consent, 'what is not given stays')
    t.match(changed(tenantId, set, { writtenWording: 'I do agree.' }, 6).consent?.written, { fieldId: 'box', wording: 'I do agree.' })
    t.match(changed(tenantId, set, { writtenField: false }, 6).consent, { marketingNeeds: 'express_written', written: null })
    const refused = (flags: Parameters<typeof changed>[2], words: RegExp) => t.throws(() => changed(tenantId, before, flags, 5), words)
    refused({ revocation: 'some' }, /--revocation some must be one of all, purpose\./)
    refused({ marketingNeeds: 'none' }, /--marketing-needs none must be one of inquiry, express, express_written\./)
    refused({ writtenField: 'box' }, /--written-field and --written-wording: both the field and the words beside its box are needed\./)
    refused({ writtenField: ' ', writtenWording: 'I agree.' }, /both the field/)
  },
)
