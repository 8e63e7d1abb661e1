/** What the custom fields of a location are named by flags, the limits of a location, and that a name makes an agent speak. */
import t from 'tap'
import { fieldFacts, fieldNamesOf, suggestedFact } from '../../cli/fieldNames.ts'
import { limitNames, limitsOf, tenantLimits } from '../../cli/tenantLimits.ts'
import { tenantHead, tenantLine, tenantLines, tenantRow } from '../../cli/tenantText.ts'
import { fieldLines } from '../../cli/verbs/tenantFields.ts'
import { changed } from '../../cli/verbs/tenants.ts'
import { permittedFacts } from '../../pipelines/agents/agentView.ts'
import { tenantDefaults } from '../../pipelines/ingest/installation.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { drive } from '../../runtime/driver.ts'
import type { Tenant } from '../../schemas/generated/records.ts'
import { sandboxFieldRows, sandboxFields, sandboxTenant } from '../../simulate/sandboxTenant.ts'
import { ballots, leadEvents, leadKey, profiles, tenants, webhooks } from '../../topics/index.ts'
import { tenantId, tenantRecord } from '../support/leadRecords.ts'

const start = Date.parse('2026-11-03T15:00:00Z')
const because = (act: () => unknown) => {
  try {
    act()
    return 'taken'
  } catch (error) {
    return (error as Error).message
  }
}

t.test('fields are named one by one, keep what is not given, and are taken back', async (t) => {
  const named = changed(tenantId, tenantRecord(), { field: ['f1=budget', ' f2=timeline '] }, 5).customFieldNames
  t.strictSame(named, { f1: 'budget', f2: 'timeline' })
  t.strictSame(fieldNamesOf(named, []), named)
  t.strictSame(fieldNamesOf(named, ['f1=']), { f2: 'timeline' })
  t.strictSame(fieldNamesOf(named, ['f1=income', 'f3=budget']), { f1: 'income', f2: 'timeline', f3: 'budget' })
  t.strictSame(fieldNamesOf({}, ['f1=utm_source']), { f1: 'utm_source' }, 'the link that a lead came by is named as well')
  t.ok(permittedFacts.every((fact) => fieldFacts.includes(fact)))
})

t.test('a name that nothing reads is refused with those that are read, and so are two fields of one name', async (t) => {
  for (const fact of ['age', 'zip', 'Budget', 'must_haves']) {
    const said = because(() => fieldNamesOf({}, [`f1=${fact}`]))
    t.match(said, new RegExp(`--field f1=${fact}: ${fact} must be one of job_title, `))
    for (const known of fieldFacts) t.ok(said.includes(known), known)
  }
  for (const flag of ['f1', '=budget', 'f 1=budget', '__proto__=budget', ''])
    t.match(
      because(() => fieldNamesOf({}, [flag])),
      /must be <customFieldId>=<fact>, or <customFieldId>= to take it back/,
    )
  t.match(
    because(() => fieldNamesOf({ f1: 'budget' }, ['f2=budget'])),
    /budget is field f1 already; --field f1= takes that back first/,
  )
  t.equal(
    because(() => fieldNamesOf({ f1: 'budget' }, ['f1=budget', 'f1=', 'f2=budget'])),
    'taken',
  )
})

t.test('limits are set within the safety rules and refused outside of them, with what they may be', async (t) => {
  const before = tenantRecord({ customFieldNames: { f1: 'budget' } })
  const set = changed(tenantId, before, { maxPer24h: '2', inquiryConsentDays: '30' }, 5)
  t.match(set, { maxPer24h: 2, inquiryConsentDays: 30, maxPer14d: 10, humanQuietHours: 24, replyExemptMinutes: 10 })
  t.match(changed(tenantId, set, { sender: 'Ann' }, 6), { maxPer24h: 2, inquiryConsentDays: 30, customFieldNames: { f1: 'budget' } })
  // reference/safety-and-claude.md 1.4 and 2: 3 in 24 hours, 10 in 14 days, an inquiry permits for 3 months.
  t.strictSame([tenantLimits.maxPer24h.to, tenantLimits.maxPer14d.to, tenantLimits.inquiryConsentDays.to], [3, 10, 90])
  t.ok(tenantLimits.humanQuietHours.from > 0, 'a person who has written is never talked over')
  for (const name of limitNames) {
    const { flag, from, to } = tenantLimits[name]
    for (const text of [String(to + 1), String(from - 1), '1.5', 'many', '', '1e1'])
      t.match(
        because(() => limitsOf(before, { [name]: text })),
        `${flag} ${text} must be a whole number from ${from} to ${to}.`,
      )
    for (const number of [from, to]) t.equal(limitsOf(before, { [name]: String(number) })[name], number)
    t.ok(tenantDefaults[name] >= from && tenantDefaults[name] <= to)
  }
})

t.test('the list and the answer show names and limits', async (t) => {
  const row = tenantRow(sandboxTenant(0))
  t.match(tenantLines([]), [/^No location is known\. /])
  t.equal(tenantLines([sandboxTenant(0)]).length, 2)
  t.equal(row.length, tenantHead.length)
  t.equal(row.at(-1), String(Object.keys(sandboxFields).length))
  t.equal(row.at(-2), '3 in 24 h, 10 in 14 days, 24 h after a person, replies 30 min, inquiries 90 days')
  t.match(tenantLine(tenantRecord({ customFieldNames: { f2: 'timeline', f1: 'budget' } })), /named fields: budget, timeline$/)
})

t.test('a label suggests a fact, a protected one none, and what is suggested is never more than shown', async (t) => {
  const of = (name: string, key: string | null = null) => suggestedFact({ key, name })
  t.strictSame(
    [
      'Budget',
      'Minimum price',
      'Budget (max)',
      'When do you want to move?',
      'Pre-Approved?',
      'Are you buying or selling?',
      'Home Type',
      'Job Title',
      'UTM Campaign',
      'Anything else?',
    ].map((name) => of(name)),
    [
      'budget',
      'budget_min',
      'budget_max',
      'timeline',
      'pre_approved',
      'lead_type',
      'property_type',
      'job_title',
      'utm_campaign',
      'form_message',
    ],
  )
  t.equal(of('Wunschpreis', 'contact.budget_max'), 'budget_max', 'the key says it as well')
  for (const name of ['Family size', 'Age', 'ZIP of the home type', 'Reason for school district', 'Favourite colour'])
    t.equal(of(name), undefined, name)
  const fields = [
    { id: 'f1', name: 'Budget', key: 'contact.budget', dataType: 'TEXT', model: 'contact', options: [] },
    { id: 'f2', name: 'Price range', key: 'contact.price_range', dataType: 'TEXT', model: 'contact', options: [] },
    { id: 'f3', name: 'Bedrooms', key: null, dataType: null, model: 'contact', options: [] },
  ]
  const lines = fieldLines({ tenantId: 'loc', customFieldNames: { f1: 'budget', f9: 'goal' } }, fields)
  t.match(lines, [
    /^field +key +label +type +is named +its label suggests$/,
    /^f1 +contact\.budget +Budget +TEXT +budget +-$/,
    /^f2 +contact\.price_range +Price range +TEXT +- +-$/,
    /^f3 +- +Bedrooms +- +- +bedrooms$/,
    /^f9 is named goal, and GoHighLevel has no such field: --field f9= takes the name back\.$/,
    /^Name one with: rekindle tenants set loc --field <field>=<fact>\. Facts: job_title,/,
  ])
  t.strictSame(fieldLines({ tenantId: 'loc', customFieldNames: {} }, []), ['Contacts of loc have no custom fields.'])
  for (const { id, name, fieldKey } of sandboxFieldRows())
    t.equal(suggestedFact({ key: String(fieldKey), name: String(name) }), sandboxTenant(0).customFieldNames[id], id)
})

t.test('once an operator has named a field, a change of the contact reaches the agents that read it', async (t) => {
  const speaks = (tenant: Tenant) => {
    const line = drive(pipeline, { at: start, tables: { [tenants.name]: [[tenant.tenantId, tenant]] } })
    const tell = (type: string, body: Record<string, unknown>) => {
      const told = { type, locationId: tenant.tenantId, timestamp: new Date(line.now).toISOString(), webhookId: type, ...body }
      line.pipe(webhooks, leadKey(tenant.tenantId, 'contactMaria'), {
        ...{ receivedId: type, tenantId: tenant.tenantId, origin: 'webhook', scheme: 'ed25519', keyId: 'k', type, webhookId: type },
        ...{ contactId: 'contactMaria', batchIndex: 0, receivedAt: line.now, body: Buffer.from(JSON.stringify(told)) },
      })
    }
    const contact = { id: 'contactMaria', email: 'maria@example.com', phone: '+15125550100', country: 'US', source: 'form' }
    tell('ContactUpdate', {
      ...contact,
      customFields: [
        { id: 'fieldIncome', value: '120000' },
        { id: 'fieldBudget', value: '450000' },
      ],
    })
    tell('InboundMessage', {
      ...{ contactId: 'contactMaria', messageType: 'SMS', direction: 'inbound', body: 'Hello, is the house still there?', messageId: 'm1' },
    })
    t.strictSame(line.deadLetters, [])
    t.equal(line.outputs(leadEvents).length, 2)
    const cast = line.outputs(ballots).flatMap(({ votes }) => votes.filter(({ agentId }) => agentId === 'demographic_analyzer'))
    return { fit: line.outputs(profiles).at(-1)?.scoring?.fit, said: cast.map(({ kind, reasonCode }) => `${kind} ${reasonCode}`).at(-1) }
  }
  const fresh = changed('loc', undefined, { name: 'Oak', timeZone: 'America/Chicago', country: 'US', postalAddress: '1 A St' }, start)
  // Phone and e-mail are two of seven things known, 30 points; a budget is the third, 50 (docs/scoring.md).
  t.strictSame(speaks(fresh), { fit: 30, said: 'abstain no_money_facts' })
  const named = changed('loc', fresh, { field: ['fieldIncome=income', 'fieldBudget=budget'] }, start)
  const { fit, said } = speaks(named)
  t.equal(fit, 50)
  t.match(said, /^vote (strong_buying_power|middle_buying_power|early_stage_budget)$/)
})
