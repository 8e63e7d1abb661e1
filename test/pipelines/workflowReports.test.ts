/** Reports of workflows: unsigned, in their own shape, told as such, and without power over permission or address. */
import fc from 'fast-check'
import t from 'tap'
import { workflowEnvelope } from '../../api/envelope.ts'
import { signalNames, signals } from '../../pipelines/enrich/behaviour/signals.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { placeOf } from '../../pipelines/enrich/timeZones.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { assessments, leadEvents, leadKey, tenants, triggers, unrecognised, webhooks } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'
import { tenantRecord } from '../support/leadRecords.ts'
import { sample, stated } from './ghlSamples.ts'
import type { Body } from './ghlSamples.ts'

const start = Date.parse('2026-11-03T15:00:00Z')
const tenantId = 't9Ww7bY1xJJ6ThFHZVPC'
const contactId = 'gxGfB9wxEy3anxbHB4nT'
const lead = leadKey(tenantId, contactId)
let count = 0

const lineAtStart = () => drive([ingest, enrich], { at: start, tables: { tenants: [[tenantId, tenantRecord({ tenantId })]] } })
type Line = ReturnType<typeof lineAtStart>

/** Posts a body to the URL of the location. */
function report(line: Line, body: Body): void {
  const { envelope } = workflowEnvelope(Buffer.from(JSON.stringify(body)), tenantId)
  const { key, type, contactId: about, body: bytes } = envelope
  line.pipe(webhooks, key, {
    receivedId: `r-${++count}`,
    tenantId,
    origin: 'workflow',
    scheme: 'token',
    keyId: 'workflow',
    type,
    webhookId: null,
    contactId: about,
    batchIndex: 0,
    receivedAt: line.now,
    body: bytes,
  })
}
/** A webhook signed by the platform. */
function signed(line: Line, body: Body): void {
  const bytes = Buffer.from(
    JSON.stringify({ locationId: tenantId, webhookId: `w-${++count}`, timestamp: new Date(line.now).toISOString(), ...body }),
  )
  line.pipe(webhooks, lead, {
    receivedId: `r-${++count}`,
    tenantId,
    origin: 'webhook',
    scheme: 'ed25519',
    keyId: 'k',
    type: String(body['type']),
    webhookId: `w-${count}`,
    contactId,
    batchIndex: 0,
    receivedAt: line.now,
    body: bytes,
  })
}
const body = (changes: Body = {}): Body => ({ ...sample('WorkflowWebhook.ContactTag'), ...changes })
const told = (changes: Body = {}): LeadEvent | undefined => {
  const line = lineAtStart()
  report(line, body(changes))
  if (line.deadLetters.length > 0) throw new Error(JSON.stringify(line.deadLetters))
  return line.outputs(leadEvents)[0]
}
const profileOf = (line: Line) => line.state('enrich', lead) as LeadProfile

t.test('the two bodies as delivered become reports', async (t) => {
  t.match(told(), { kind: 'workflow_reported', source: 'ghl_workflow', rawType: 'WorkflowWebhook', occurredAt: start, contact: null })
  t.strictSame(stated(told()?.workflow), {
    workflowId: 'd325be72-ae1d-490a-b6e7-62b404ecd35b',
    workflowName: 'New Workflow : 1785854951058',
    contact: {
      firstName: 'Jane',
      lastName: 'Example',
      name: 'Jane Example',
      email: 'jane@example.com',
      country: 'BR',
      tags: ['example-tag'],
      createdAt: Date.parse('2026-08-04T14:53:09.703Z'),
      firstOrigin: { sessionSource: 'CRM UI', medium: 'manual' },
    },
    customFields: {},
    customData: { origin: 'capture-012' },
  })
  const { workflow } = told({
    ...sample('WorkflowWebhook.OpportunityStage'),
    contact_id: contactId,
    location: { id: tenantId },
  }) as LeadEvent
  t.match(workflow, {
    opportunityId: 'Dkje7AzwivlF1d2txxxx',
    opportunityName: 'Fname Lname',
    opportunityStatus: 'open',
    pipelineId: 'uNjYxt5aqbSaxe6hxxxx',
    pipelineName: 'Doomsday Funnel',
    stageName: 'New Leads',
    contact: { source: 'internal - testing', country: 'AU', tags: null },
    customData: { event_name: 'crm_stage_change', stage_name: 'New_Leads' },
  })
})

t.test('tags are one text, custom fields stand under their label, misspelt names are read', async (t) => {
  t.strictSame(told({ tags: 'hot, buyer ,hot' })?.workflow?.contact?.tags, ['hot', 'buyer'])
  t.strictSame(
    told({ 'Budget (max)': '450k', 'Must haves': ['pool', 'garage'], Score: 7, Nested: { a: 1 }, Empty: '', None: null })?.workflow
      ?.customFields,
    { 'Budget (max)': '450k', 'Must haves': 'pool, garage', Score: '7' },
  )
  t.match(told({ pipleline_stage: 'Tour', pipeline_id: 'p', id: 'o1', lead_value: 450_000.5 })?.workflow, {
    stageName: 'Tour',
    opportunityId: 'o1',
    opportunityValue: '450000.5',
  })
  t.equal(told({ pipeline_stage: 'Tour' })?.workflow?.stageName, 'Tour', 'and the right spelling too')
})

t.test('a time without an offset is read in the time zone that the body selects, across the change of the clocks', async (t) => {
  const at = (startTime: string, selectedTimezone?: string) =>
    told({ calendar: { appointmentId: 'a1', startTime, endTime: startTime, selectedTimezone, appoinmentStatus: 'Confirmed' } })?.workflow
  t.match(at('2026-11-02T10:00:00', 'America/Chicago'), {
    appointmentStartsAt: Date.parse('2026-11-02T16:00:00Z'),
    appointmentStatus: 'confirmed',
  })
  t.equal(at('2026-10-30T10:00:00', 'America/Chicago')?.appointmentStartsAt, Date.parse('2026-10-30T15:00:00Z'), 'summer time')
  t.equal(at('2026-11-02T10:00:00', 'Asia/Kolkata')?.appointmentEndsAt, Date.parse('2026-11-02T04:30:00Z'))
  t.equal(at('2026-11-02 10:00:00', 'America/Chicago')?.appointmentStartsAt, Date.parse('2026-11-02T16:00:00Z'))
  t.equal(
    at('2026-11-02T10:00:00+01:00', 'America/Chicago')?.appointmentStartsAt,
    Date.parse('2026-11-02T09:00:00Z'),
    'an offset is what it says',
  )
  t.equal(at('2026-11-02T10:00:00')?.appointmentStartsAt, null, 'no guess without a zone')
  t.equal(at('2026-11-02T10:00:00', 'Mars/Olympus')?.appointmentStartsAt, null)
  t.equal(at('10:00', 'America/Chicago')?.appointmentStartsAt, null, 'no guess without a day')
})

t.test('a report is nothing else, whatever type it states', async (t) => {
  const line = lineAtStart()
  for (const type of ['INSTALL', 'UNINSTALL', 'ContactDelete', 'InboundMessage', 'ContactDndUpdate'])
    report(line, body({ type, companyId: 'c', locationId: tenantId, id: contactId, contactId, messageType: 'SMS', body: 'STOP', n: type }))
  t.strictSame(
    line.outputs(leadEvents).map(({ kind }) => kind),
    Array.from({ length: 5 }, () => 'workflow_reported'),
  )
  t.strictSame(
    [line.outputs(tenants), profileOf(line).deletedAt, profileOf(line).consents, profileOf(line).counters.inbound],
    [[], null, {}, 0],
  )
  report(line, { workflow: { id: 'w' }, location: { id: tenantId } })
  t.match(line.outputs(unrecognised), [{ reason: 'contact_not_named', shape: 'WorkflowWebhook', tenantId }])
})

t.test('the same report within ten minutes is one; later, or with a new key of its author, it is another', async (t) => {
  const line = lineAtStart()
  const events = () => line.outputs(leadEvents).length
  report(line, body())
  report(line, body())
  line.advance('9m')
  report(line, Object.fromEntries(Object.entries(body()).reverse()))
  t.equal(events(), 1, 'also with its fields in another order')
  line.advance('2m')
  report(line, body())
  t.equal(events(), 2, 'a workflow may say the same again')
  report(line, body({ customData: { idempotency_key: 'k1' } }))
  line.advance('60m')
  report(line, body({ customData: { idempotency_key: 'k1' } }))
  t.equal(events(), 3)
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    ['duplicate_meaning', 'duplicate_meaning', 'duplicate_webhook'],
  )
})

t.test(
  'a report tells what the lead did on a website: the signal, what it was about and the price, with the report beside it',
  async (t) => {
    const of = (customData: Body) => told({ customData })
    t.match(of({ rekindle_signal: 'property_view', subject: 'oak-12', price: '$450,000' }), {
      ...{ kind: 'behaviour_observed', source: 'ghl_workflow', occurredAt: start },
      behaviour: { signal: 'property_view', subject: 'oak-12', price: 450_000 },
      workflow: { contact: { firstName: 'Jane' }, customData: { rekindle_signal: 'property_view' } },
    })
    t.strictSame({ ...of({ rekindle_signal: ' Page_View ' })?.behaviour }, { signal: 'page_view', subject: null, price: null })
    for (const price of ['on request', '0', '', '9'.repeat(400)])
      t.equal(of({ rekindle_signal: 'price_click', price })?.behaviour?.price, null, price)
    t.match(of({ subject: 'oak-12', price: '1' }), { kind: 'workflow_reported', behaviour: null })
  },
)

t.test('P-37: each signal that no webhook of the platform brings can be stated by a report, and what one brings cannot', async (t) => {
  const line = lineAtStart()
  for (const rekindle_signal of signalNames) report(line, body({ customData: { rekindle_signal } }))
  const own = signalNames.filter((name) => signals[name].source === 'behaviour_observed')
  t.equal(own.length, 22)
  t.strictSame(
    line.outputs(leadEvents).flatMap(({ behaviour }) => (behaviour === null ? [] : [behaviour.signal])),
    own,
  )
  t.strictSame(new Set(profileOf(line).behaviour?.seen.map(({ signal }) => signal)), new Set(own), 'and each is folded')
  t.equal(line.outputs(unrecognised).length, signalNames.length - own.length)
})

t.test(
  'a signal that is not known is not guessed: the report is told without it, and kept raw with the words that are known',
  async (t) => {
    const line = lineAtStart()
    report(
      line,
      body({ customData: { rekindle_signal: 'property views' }, message: { direction: 'inbound', body: 'please stop texting me' } }),
    )
    t.match(line.outputs(leadEvents), [{ kind: 'workflow_reported', behaviour: null }])
    t.match(line.outputs(unrecognised), [
      {
        ...{ tenantId, reason: 'signal_unknown', shape: 'WorkflowWebhook' },
        detail: /^rekindle_signal property views must be one of page_view, property_view, .*device_switch\.$/,
      },
    ])
    t.equal(profileOf(line).behaviour, null)
    t.match(profileOf(line).humanOwnership, { reason: 'opt_out_unclear' }, 'the rest of it counts')
    report(
      line,
      body({ customData: { rekindle_signal: 'property views' }, message: { direction: 'inbound', body: 'please stop texting me' } }),
    )
    t.equal(line.outputs(unrecognised).length, 1, 'and once')
  },
)

t.test(
  'a stated signal has the power of a report: no permission, one within ten minutes, and no question within an hour of the last',
  async (t) => {
    const line = lineAtStart()
    const visit = (customData: Body, more: Body = {}) =>
      report(line, body({ customData: { rekindle_signal: 'calculator_usage', ...customData }, ...more }))
    signed(line, { type: 'ContactCreate', id: contactId, firstName: 'Jane', phone: '+15125550101', tags: ['a'] })
    const { consents } = profileOf(line)
    const before = profileOf(line)
    const times = { ...before.fieldTimes }
    visit({ subject: 'a' }, { phone: '+19005550100', email: 'x@example.com', timezone: 'America/New_York' })
    line.advance('1m')
    visit({ subject: 'a' })
    t.match(profileOf(line), { phone: '+15125550101', email: null, consents, tags: ['a'], reportedTimeZone: 'America/New_York' })
    t.strictSame(before.fieldTimes, times, 'the profile of before is not written to')
    line.advance('9m')
    visit({ subject: 'a' })
    t.equal(profileOf(line).behaviour?.seen.length, 2, 'the e-mail of the second makes another report; the third is that one')
    visit({ subject: 'a', idempotency_key: 'view-2' })
    t.equal(profileOf(line).behaviour?.seen.length, 3, 'unless its author says that it is another')
    for (let n = 0; n < 12; n++)
      for (const signal of ['price_click', 'form_submitted', 'market_report_view']) visit({ rekindle_signal: signal, n: String(n) })
    t.not(profileOf(line).level, before.level)
    t.strictSame(
      line.outputs(assessments).map(({ reason }) => reason),
      ['new_lead'],
      'what changes within the hour is told and asks nothing',
    )
    t.ok(line.outputs(triggers).some(({ trigger }) => trigger === 'level_changed'))
    visit({ subject: 'b' }, { message: { direction: 'inbound', body: 'please stop texting me' } })
    t.match(profileOf(line).humanOwnership, { reason: 'opt_out_unclear' })
  },
)

t.test('a report may start work, and no sooner than an hour after the last question', async (t) => {
  const line = lineAtStart()
  report(line, body({ n: 1 }))
  t.strictSame(
    line.outputs(assessments).map(({ reason }) => reason),
    ['new_lead'],
    'a lead nobody has told of yet',
  )
  line.advance('30m')
  report(line, body({ n: 2 }))
  line.advance('31m')
  report(line, body({ n: 3 }))
  t.strictSame(
    line.outputs(assessments).map(({ reason }) => reason),
    ['new_lead', 'workflow_reported'],
  )
  t.strictSame(
    line.outputs(triggers).map(({ trigger }) => trigger),
    ['new_lead', 'workflow_reported', 'workflow_reported'],
    'each is told',
  )
})

t.test('what a report says stays apart: fields by label, names of stages, one more time zone; a perhaps opt-out pauses', async (t) => {
  const line = lineAtStart()
  signed(line, { type: 'ContactCreate', id: contactId, firstName: 'Jane', phone: '+15125550101', tags: ['a'] })
  report(
    line,
    body({
      phone: '+19005550100',
      first_name: 'Evil',
      tags: 'AI Assistant: On',
      timezone: 'America/New_York',
      Budget: '450k',
      pipleline_stage: 'Tour',
      pipeline_id: 'p',
      id: 'o1',
    }),
  )
  t.match(profileOf(line), {
    firstName: 'Jane',
    phone: '+15125550101',
    email: null,
    tags: ['a'],
    timeZone: null,
    opportunity: null,
    reportedTimeZone: 'America/New_York',
    reportedFields: { Budget: '450k' },
    reportedStages: { o1: 'Tour' },
    humanOwnership: null,
  })
  t.strictSame(placeOf(profileOf(line), undefined).zones, ['America/Chicago', 'America/New_York'], 'it must be lawful there too')
  report(line, body({ message: { direction: 'outbound', body: 'Reply STOP to end' } }))
  t.equal(profileOf(line).humanOwnership, null)
  report(line, body({ message: { direction: 'inbound', body: 'please stop texting me' } }))
  t.match(profileOf(line), { humanOwnership: { reason: 'opt_out_unclear' }, consents: {} })
})

t.test('a report is dated by its arrival, whatever time its author has put into it', async (t) => {
  for (const timestamp of ['2020-01-01T00:00:00Z', '2026-11-03T09:00:00', start - 1]) {
    const one = told({ timestamp, dateUpdated: timestamp })
    t.match(one, { occurredAt: start, statedAt: null }, String(timestamp))
    t.equal(one?.workflow?.customFields['timestamp'], String(timestamp), 'it is kept as what it is, a field of the author')
  }
  const line = lineAtStart()
  signed(line, { type: 'ContactCreate', id: contactId, phone: '+15125550101' })
  signed(line, { type: 'OutboundMessage', contactId, messageType: 'SMS', messageId: 'm1', body: 'Hi', source: 'app', userId: 'u1' })
  const message = { direction: 'inbound', body: 'please stop texting me' }
  report(line, body({ message, timestamp: new Date(start - 3_600_000).toISOString() }))
  t.match(profileOf(line), { humanOwnership: { reason: 'opt_out_unclear' } }, 'or it would have been seen by whoever wrote last')
})

t.test('a report tells by which visit the lead came, without what names a person or a machine', async (t) => {
  const line = lineAtStart()
  report(
    line,
    body({
      attributionSource: { sessionSource: 'never read' },
      contact: {
        attributionSource: {
          sessionSource: 'Paid Search',
          medium: 'form',
          utmMedium: 'cpc',
          utmSource: 'adwords',
          campaign: 'Austin buyers',
          utmKeyword: 'homes austin',
          referrer: 'https://www.google.com/search?q=jane+doe',
          url: 'https://team.example/homes/austin?email=jane@example.com&gclid=abc',
          gclid: 'Cj0KCQ',
          ip: '203.0.113.7',
          userAgent: 'Mozilla/5.0',
        },
        lastAttributionSource: {},
      },
    }),
  )
  const { firstOrigin, lastOrigin } = profileOf(line)
  t.strictSame(
    { ...firstOrigin },
    {
      sessionSource: 'Paid Search',
      source: 'adwords',
      medium: 'cpc',
      campaign: 'Austin buyers',
      content: null,
      term: 'homes austin',
      referrer: 'www.google.com',
      page: 'team.example/homes/austin',
      click: 'google',
    },
  )
  t.equal(lastOrigin, null)
  t.notMatch(JSON.stringify(line.outputs(leadEvents)), /email=|gclid=|203\.0|Mozilla|Cj0KCQ|jane\+doe/)
  line.advance('1m')
  report(line, body({ attributionSource: {}, gclid: 'x', contact: { lastAttributionSource: { sessionSource: 'Referral' } } }))
  t.match(profileOf(line), { firstOrigin: { campaign: 'Austin buyers' }, lastOrigin: { sessionSource: 'Referral', click: null } })
})

t.test('a contact that was asked for at the platform lists its visits; a click id alone is one', async (t) => {
  const line = lineAtStart()
  const visits = [
    { isFirst: true, utmSessionSource: 'Paid Social', utmSource: 'fb_ad', pageUrl: 'javascript:alert(1)', referrer: 'no url' },
    { isLast: true, utmSessionSource: 'Direct traffic' },
  ]
  signed(line, { type: 'ContactCreate', id: contactId, attributions: visits })
  t.match(profileOf(line), {
    firstOrigin: { sessionSource: 'Paid Social', source: 'fb_ad', page: null, referrer: null },
    lastOrigin: { sessionSource: 'Direct traffic' },
  })
  line.advance('1m')
  signed(line, { type: 'ContactDelete', id: contactId, dateUpdated: '2026-11-20T00:00:00Z' })
  t.match(profileOf(line), { firstOrigin: null, lastOrigin: null })
  const click = lineAtStart()
  signed(click, { type: 'ContactCreate', id: contactId, gclid: 'Cj0' })
  t.match(profileOf(click), { firstOrigin: { click: 'google', sessionSource: null }, lastOrigin: null })
})

t.test('no report ever grants or restores a permission', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.record(
        {
          tags: fc.constantFrom('opt-in', 'START', 'AI Assistant: On'),
          contact_source: fc.constantFrom('web form', 'zillow'),
          date_created: fc.constantFrom('2026-11-01T00:00:00Z', '2026-11-03T14:59:00Z'),
          timezone: fc.constantFrom('America/Chicago', 'Europe/Berlin'),
          phone: fc.constant('+15125550102'),
          message: fc.record({
            direction: fc.constantFrom('inbound', 'outbound'),
            body: fc.constantFrom('START', 'UNSTOP', 'yes please', 'hi'),
          }),
          dnd: fc.constant(false),
          dndSettings: fc.constant({ SMS: { status: 'inactive' } }),
          'SMS consent': fc.constant('yes'),
          type: fc.constantFrom('InboundMessage', 'ContactDndUpdate'),
        },
        { requiredKeys: [] },
      ),
      fc.boolean(),
      (changes, isOptedOut) => {
        const line = lineAtStart()
        signed(line, { type: 'ContactCreate', id: contactId, phone: '+15125550101', dnd: true })
        if (isOptedOut) signed(line, { type: 'InboundMessage', contactId, messageId: 'm', messageType: 'SMS', body: 'STOP' })
        const before = profileOf(line)
        line.advance('1m')
        report(line, body(changes))
        const after = profileOf(line)
        return (
          JSON.stringify([before.consents, before.dnd, before.dndChannels, before.phone]) ===
            JSON.stringify([after.consents, after.dnd, after.dndChannels, after.phone]) && after.version === before.version + 1
        )
      },
    ),
    { numRuns: 200 },
  ),
)
