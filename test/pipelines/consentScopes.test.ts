/**
 * Permission has a channel and a purpose. What a location has set may narrow what is allowed and, where it says so, leave what an opt-out did
 * not name; nothing but the lead's own START restores.
 */
import fc from 'fast-check'
import t from 'tap'
import { permissionsInWords } from '../../api/pages/permissionWords.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { CONTACT_CHANNELS, blockedBecause, closedOnAllChannels } from '../../pipelines/enrich/consent.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { permissionChange } from '../../pipelines/enrich/optOut.ts'
import { optOutKeywords, purposeOptOuts } from '../../pipelines/enrich/optOutLexicon.ts'
import { optOutPhrases } from '../../pipelines/enrich/optOutPhrases.ts'
import { normalised } from '../../pipelines/enrich/normalForm.ts'
import { PURPOSES, purposeNow, purposeOfTemplate } from '../../pipelines/enrich/purposes.ts'
import { toldProvenance } from '../../pipelines/enrich/provenance.ts'
import { permissionDefaults, permissionsOf, settingsOf } from '../../pipelines/enrich/settings.ts'
import type { Settings } from '../../pipelines/enrich/settings.ts'
import { consent as consentGate } from '../../pipelines/followup/gates/consent.ts'
import { templates } from '../../pipelines/followup/templates.ts'
import { owed } from '../../pipelines/reconcile/owed.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import type { FollowUp, LeadEvent, LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import {
  DAY,
  MINUTE,
  followUpRecord,
  messageEvent,
  noContactFields,
  profileRecord,
  tenantRecord,
  tuesdayNoon,
} from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const field = { fieldId: 'box', wording: 'I agree to marketing texts and calls.' }
const byDefault: Settings = { ...permissionDefaults, humanQuietMs: null, inquiryConsentDays: 90, factNames: {} }
const byPurpose: Settings = { ...byDefault, revocation: 'purpose', written: field }

const says = (text: string, at: number, channel = 'sms'): LeadEvent => {
  const event = messageEvent({ occurredAt: at, eventId: `says ${text} ${at} ${channel}` }, text)
  return { ...event, message: event.message === null ? null : { ...event.message, channel, subject: null } }
}
const box = (value: string, at: number): LeadEvent => ({
  ...messageEvent({ occurredAt: at, eventId: `box ${value} ${at}` }, ''),
  ...noSections,
  kind: 'contact_updated',
  contact: { ...noContactFields, customFields: { box: value } },
})
const folded = (settings: Settings, ...events: LeadEvent[]): LeadProfile => {
  const lead = events.reduce<LeadProfile | undefined>((before, event) => applyEvent(before, event, settings), undefined)
  return { ...(lead ?? profileRecord()), phone: '+12125550101', email: 'maria@example.com' }
}
const at = tuesdayNoon
const asked = (purpose: (typeof PURPOSES)[number], marketingNeeds: Settings['marketingNeeds'] = 'inquiry') => ({ purpose, marketingNeeds })
const answers = (lead: LeadProfile, when = at + DAY) =>
  Object.fromEntries(
    PURPOSES.map((purpose) => [purpose, CONTACT_CHANNELS.map((channel) => blockedBecause(lead, channel, when, asked(purpose)) ?? 'open')]),
  )

t.test('an opt-out that names what it is about closes everything, unless the location has set that it closes what it names', async (t) => {
  const events = [says('hi', at), says('No more ads, please!', at + MINUTE)]
  const closed = ['revoked', 'revoked', 'revoked']
  t.strictSame(answers(folded(byDefault, ...events)), { marketing: closed, inquiry: closed, transactional: closed })
  const named = folded(byPurpose, ...events)
  const open = ['open', 'open', 'open']
  t.strictSame(answers(named), { marketing: Array(3).fill('marketing_revoked'), inquiry: open, transactional: open })
  t.match(named.consents['sms/marketing'], { status: 'revoked', at: at + MINUTE, expiresAt: null, words: 'no more ads' })
  t.equal(closedOnAllChannels(named), false)
  t.strictSame(
    answers(folded(byPurpose, ...events), at + 91 * DAY),
    {
      marketing: Array(3).fill('marketing_revoked'),
      inquiry: ['no_consent', 'open', 'no_consent'],
      transactional: ['no_consent', 'open', 'no_consent'],
    },
    'the inquiry has ended, the revocation never does',
  )
  t.strictSame(
    answers(folded(byPurpose, ...events, says('STOP', at + 2 * MINUTE))).transactional,
    closed,
    'a word that names nothing is of everything',
  )
  t.strictSame(
    answers(folded(byPurpose, says('stop reminders', at + MINUTE), says('hi', at))).transactional,
    Array(3).fill('transactional_revoked'),
  )
})

t.test('START opens its channel again for everything, a later one and no older one', async (t) => {
  const taken = says('stop marketing', at + MINUTE)
  t.strictSame(answers(folded(byPurpose, taken, says('START', at + 2 * MINUTE))).marketing, [
    'open',
    'marketing_revoked',
    'marketing_revoked',
  ])
  t.strictSame(answers(folded(byPurpose, taken, says('START', at))).marketing, Array(3).fill('marketing_revoked'))
})

t.test('every wording is known by itself, with politeness and a signature; whatever says more closes everything', async (t) => {
  for (const { purpose, words } of purposeOptOuts)
    for (const wording of words) {
      t.equal(normalised(wording), wording)
      for (const text of [wording, `${wording.toUpperCase()}!`, `Please, ${wording}. Thanks`, `${wording}\n\nMaria Lopez`])
        t.match(permissionChange(text), { change: 'opt_out', words: wording, purpose }, text)
    }
  t.match(permissionChange('', 'Unsubscribe from marketing'), { change: 'opt_out', purpose: 'marketing' })
  for (const text of [
    'stop marketing and never contact me again',
    'no more ads\nand stop texting me',
    'STOP',
    'please stop',
    'stop sending me anything',
  ])
    t.match(permissionChange(text), { change: 'opt_out', purpose: undefined }, text)
  for (const [text, purpose] of [
    ['No ads.\nNo promotions, please.\n\nMaria Lopez', 'marketing'],
    ['No more marketing\nNo more reminders', undefined],
    ['no more reminders\nno ads\nthanks', undefined],
    ['no ads\nmaybe stop?', undefined],
    ['stop ads\nstart', undefined],
  ] as const)
    t.match(permissionChange(text), { change: 'opt_out', purpose }, `line by line: ${text}`)
  t.equal(permissionChange('no listings'), undefined, 'it answers a question of ours')
  t.equal(permissionChange('is there no marketing budget?'), undefined)
  const general = new Set([...optOutKeywords, ...optOutPhrases].flatMap((row) => row.words))
  t.ok(general.has('newsletter abbestellen'), 'a wording may stand in both lists')
})

t.test('every text has one purpose, and what is no answer and about no appointment that is ahead is marketing', async (t) => {
  const of = (occasion: string) => [...new Set(templates.filter((one) => one.occasion === occasion).map(({ id }) => purposeOfTemplate(id)))]
  t.strictSame(
    [...new Set(templates.map(({ occasion }) => occasion))].map((occasion) => [occasion, ...of(occasion)]),
    [
      ['first_touch', 'inquiry'],
      ['reply', 'inquiry'],
      ['nudge_24h', 'marketing'],
      ['nudge_48h', 'marketing'],
      ['nudge_72h', 'marketing'],
      ['reengage', 'marketing'],
      ['appointment_confirm', 'transactional'],
      ['appointment_missed', 'marketing'],
    ],
  )
  t.equal(purposeOfTemplate(null), 'marketing')
  const appointment = appointmentAt(at + DAY)
  const now = (over: Partial<LeadProfile>) => purposeNow(profileRecord({ lastInboundAt: null, lastOutboundAt: null, ...over }), at)
  t.equal(now({}), 'inquiry', 'nobody has written yet')
  t.equal(now({ lastOutboundAt: at - 1 }), 'marketing')
  t.equal(now({ lastOutboundAt: at - 2, lastInboundAt: at - 1 }), 'inquiry')
  t.equal(now({ lastOutboundAt: at - 1, lastInboundAt: at - 2 }), 'marketing', 'it has been answered')
  t.equal(now({ lastOutboundAt: at - 1, appointment }), 'transactional')
  t.equal(now({ lastOutboundAt: at - 1, appointment: appointmentAt(at) }), 'marketing', 'it is over')
})

t.test('the fence judges each text by what it is about, and a call by what would be said', async (t) => {
  const lead = folded(byPurpose, says('hi', at - DAY), says('no more marketing', at - DAY + MINUTE))
  const judged = (followUp: Partial<FollowUp>, over: Partial<LeadProfile> = {}, tenant: Tenant = tenantRecord()) =>
    consentGate({
      ...{
        at,
        followUp: followUpRecord(followUp),
        lead: { ...lead, ...over },
        tenant,
        copyCompleteAt: at,
        allCompleteAt: at,
        addressLedgers: [],
        ownSends: [],
        locationSends: { count: 0, oldestAt: null },
        textsOfWeek: { sent: 0, optOuts: 0, failures: 0 },
        provider: 'unread',
      },
      limits: {
        maxCopyAgeMs: 1,
        recheckMs: 1,
        providerRecheckMs: 1,
        halted: false,
        haltedChannels: [],
        messagesPer24h: 500,
        optOutShare: 0.025,
        failureShare: 0.08,
      },
      ...{ assignee: undefined, isAssigning: false },
    })
  t.match(judged({ templateId: 'nudge_24h.sms.1' }), {
    ...{ verdict: 'deny', ruleId: 'marketing_revoked', liftsAt: null },
    reason: 'The lead has revoked permission for marketing by sms.',
  })
  t.match(judged({ templateId: 'reengage.email.1', channel: 'email' }), { ruleId: 'marketing_revoked' })
  t.match(judged({ templateId: null }), { ruleId: 'marketing_revoked' }, 'a text that is not known')
  t.match(judged({ templateId: 'reply.sms.1' }), { verdict: 'allow' })
  t.match(judged({ templateId: 'appointment_confirm.sms.1' }), { verdict: 'allow' })
  const call = { action: 'create_task', channel: 'call', templateId: null }
  t.match(judged(call), { verdict: 'allow' }, 'the lead waits for an answer')
  t.match(judged(call, { lastOutboundAt: at }), { ruleId: 'marketing_revoked' }, 'it has one')
  const strict = tenantRecord({ consent: { revocation: 'all', marketingNeeds: 'express_written', written: null } })
  t.match(judged({ templateId: 'nudge_24h.sms.1' }, { consents: profileRecord().consents }, strict), {
    ...{ verdict: 'deny', ruleId: 'marketing_not_covered' },
    reason: 'The permission of the lead does not cover marketing by sms.',
  })
  t.match(
    judged({ templateId: 'nudge_24h.email.1', channel: 'email' }, { consents: {} }, strict),
    { verdict: 'allow' },
    'an e-mail needs none',
  )
  t.match(judged({ templateId: 'reply.sms.1' }, { consents: profileRecord().consents }, strict), { verdict: 'allow' })
})

t.test('agents and gates see what is closed for what would be said now, in words', async (t) => {
  const lead = { ...folded(byPurpose, says('hi', at - DAY), says('no more marketing', at - DAY + MINUTE)), lastOutboundAt: at - MINUTE }
  const view = leadView(lead, tenantRecord(), at)
  t.strictSame(view.blockedChannels, { sms: 'marketing_revoked', email: 'marketing_revoked', call: 'marketing_revoked' })
  const { results, eligible } = evaluateGates({ view, at, tenant: tenantRecord() }, ['wait', 'sms', 'email'])
  t.strictSame([...eligible], ['wait'])
  t.strictSame(
    results.filter(({ gateId }) => gateId === 'consent').map(({ reason }) => reason),
    ['The lead has revoked permission for marketing by sms.', 'The lead has revoked permission for marketing by email.'],
  )
  t.strictSame(leadView({ ...lead, appointment: appointmentAt(at + DAY) }, tenantRecord(), at).blockedChannels, {})
  const strict = tenantRecord({ consent: { revocation: 'all', marketingNeeds: 'express', written: null } })
  const inquired = { ...folded(byDefault, says('hi', at - DAY)), lastOutboundAt: at - MINUTE }
  t.strictSame(leadView(inquired, strict, at).blockedChannels, { sms: 'marketing_not_covered', call: 'marketing_not_covered' })
  t.strictSame(leadView(inquired, tenantRecord(), at).blockedChannels, {})
})

t.test('a lead that only wants no marketing is still owed an answer', async (t) => {
  const lead = folded(byPurpose, says('no more marketing', at), says('what does it cost?', at + MINUTE))
  const facts = { knownAt: undefined, decision: undefined, followUp: undefined, foundAt: undefined }
  t.match(owed({ profile: lead, ...facts }, at + DAY), { cause: 'no_decision' })
  t.equal(owed({ profile: folded(byDefault, says('no more marketing', at), says('what?', at + MINUTE)), ...facts }, at + DAY), undefined)
})

t.test('a ticked box is an agreement to marketing by text and call, and to nothing that was taken back', async (t) => {
  const needs = (lead: LeadProfile, purpose: (typeof PURPOSES)[number] = 'marketing') =>
    CONTACT_CHANNELS.map((channel) => blockedBecause(lead, channel, at + 200 * DAY, asked(purpose, 'express_written')) ?? 'open')
  const ticked = folded(byPurpose, says('hi', at), box('Yes', at + MINUTE))
  t.match(ticked.consents['call/marketing'], { status: 'express_written', expiresAt: null, words: field.wording })
  t.strictSame(needs(ticked), ['open', 'open', 'open'], 'long after the inquiry has ended')
  t.strictSame(needs(ticked, 'transactional'), ['no_consent', 'open', 'no_consent'], 'the words spoke of marketing')
  for (const value of ['', ' no ', 'False', '0', 'off'])
    t.strictSame(needs(folded(byPurpose, box('Yes', at), box(value, at + MINUTE))), ['no_consent', 'open', 'no_consent'], `then ${value}`)
  t.strictSame(needs(folded(byDefault, box('Yes', at))), ['no_consent', 'open', 'no_consent'], 'no field is read unless it is named')
  const stopped = [box('Yes', at), says('STOP', at + MINUTE), box('Yes', at + 2 * MINUTE)]
  t.strictSame(needs(folded(byPurpose, ...stopped)), Array(3).fill('revoked'), 'an update tells the box again')
  t.strictSame(
    needs(folded(byPurpose, ...stopped, says('START', at + 3 * MINUTE), box('Yes', at + 4 * MINUTE))),
    ['marketing_not_covered', 'revoked', 'revoked'],
    'START permits texts again; the box may be older than the STOP',
  )
  t.strictSame(needs(folded(byPurpose, says('no more marketing', at), box('Yes', at + MINUTE))), Array(3).fill('marketing_revoked'))
})

t.test('settings: nothing set is what it was, and a word that is not known is read as the narrower one', async (t) => {
  t.strictSame(permissionsOf(undefined), permissionDefaults)
  t.strictSame(permissionsOf({} as Tenant), permissionDefaults, 'a row of before')
  t.match(settingsOf(tenantRecord()), { revocation: 'all', marketingNeeds: 'inquiry', written: null })
  const odd = { revocation: 'some', marketingNeeds: 'maybe', written: null }
  t.strictSame(permissionsOf({ consent: odd }), { revocation: 'all', marketingNeeds: 'express_written', written: null })
})

t.test('the ledger is told in words: what, since when, until when and by which words', async (t) => {
  const lead = folded(
    byPurpose,
    says('hi', at),
    says('no more ads', at + MINUTE),
    says('START', at + 2 * MINUTE),
    box('no', at + 3 * MINUTE),
  )
  t.strictSame(permissionsInWords(lead), [
    'sms: express 2026-11-10 17:02 UTC, "start"',
    'marketing by call, email, sms: revoked 2026-11-10 17:01 UTC, "no more ads"',
    'call: inquiry 2026-11-10 17:00 UTC, ends 2027-02-08 17:00 UTC',
  ])
  t.strictSame(permissionsInWords(folded(byPurpose, box('no', at))), [
    `marketing by call, sms: not agreed to 2026-11-10 17:00 UTC, "${field.wording}"`,
  ])
  t.ok(
    toldProvenance(lead)
      .flatMap(({ groups }) => groups)
      .includes('permission for marketing by sms'),
  )
})

const channel = fc.constantFrom('sms', 'email', 'call', 'whatsapp')
const texts = ['hi', 'yes', 'STOP', 'no more ads', 'stop reminders', 'stop marketing and texts', 'START', 'unstop', 'please stop']
const minute = fc.nat({ max: 50 })
const step = fc.oneof(
  fc.record({ text: fc.constantFrom(...texts), channel, minute }).map((drawn) => ({
    event: says(drawn.text, at + drawn.minute * MINUTE, drawn.channel),
    opens: /^(START|unstop)$/.test(drawn.text) ? drawn.channel : undefined,
  })),
  fc.record({ value: fc.constantFrom('yes', 'no', ''), minute }).map((drawn) => ({
    event: box(drawn.value, at + drawn.minute * MINUTE),
    opens: undefined,
  })),
)
const settingsDrawn = fc.constantFrom(byDefault, byPurpose, { ...byPurpose, revocation: 'all' as const })
const isRevoked = (lead: LeadProfile | undefined, one: (typeof CONTACT_CHANNELS)[number], purpose: (typeof PURPOSES)[number]) =>
  lead !== undefined && (blockedBecause(lead, one, at + DAY, asked(purpose)) ?? '').endsWith('revoked')

t.test('whatever is told in whatever order: nothing but START on its own channel restores a channel for any purpose', (t) => {
  let restored = 0
  return assertProperty(
    t,
    fc.property(settingsDrawn, fc.array(step, { minLength: 2, maxLength: 15 }), (settings, steps) => {
      let lead: LeadProfile | undefined
      return steps.every(({ event, opens }, place) => {
        const before = lead
        lead = applyEvent(before, { ...event, eventId: `event-${place}` }, settings)
        const after = lead
        return CONTACT_CHANNELS.every((one) =>
          PURPOSES.every((purpose) => {
            const isRestored = isRevoked(before, one, purpose) && !isRevoked(after, one, purpose)
            if (isRestored) restored++
            return !isRestored || opens === one
          }),
        )
      })
    }),
    { numRuns: 500 },
  ).then(() => t.ok(restored > 0, 'some of them were restored, so the rule was asked'))
})

t.test('any order and any repetition of the same statements give one ledger', (t) =>
  assertProperty(
    t,
    fc.property(settingsDrawn, fc.array(step, { maxLength: 10 }), fc.infiniteStream(fc.nat()), (settings, steps, shuffle) => {
      const events = steps.map(({ event }, place) => ({ ...event, eventId: `event-${place}` }))
      const disturbed = [...events, ...events]
        .map((event) => ({ event, rank: shuffle.next().value ?? 0 }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ event }) => event)
      const ledger = (told: LeadEvent[]) => Object.entries(folded(settings, ...told).consents).sort(([a], [b]) => (a < b ? -1 : 1))
      return events.length === 0 || JSON.stringify(ledger(events)) === JSON.stringify(ledger(disturbed))
    }),
    { numRuns: 300 },
  ),
)

t.test('by default a purpose changes nothing: a channel is open for each or for none, as its own entry says', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(step, { maxLength: 12 }), fc.nat({ max: 120 }), (steps, days) => {
      const lead = folded(byDefault, ...steps.map(({ event }) => event))
      const when = at + days * DAY
      return CONTACT_CHANNELS.every((one) => {
        const entry = steps.length === 0 ? profileRecord().consents[one] : lead.consents[one]
        const permits = entry !== undefined && (entry.expiresAt === null || entry.expiresAt > when)
        const expected = entry?.status === 'revoked' ? 'revoked' : one === 'email' || permits ? undefined : 'no_consent'
        return PURPOSES.every((purpose) => blockedBecause(lead, one, when, asked(purpose)) === expected)
      })
    }),
    { numRuns: 500 },
  ),
)

t.test('asking for more of marketing only closes, and never an answer or a word about an appointment', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat({ max: 120 }), (steps, days) => {
      const lead = folded(byPurpose, ...steps.map(({ event }) => event))
      const when = at + days * DAY
      return CONTACT_CHANNELS.every((one) =>
        PURPOSES.every((purpose) => {
          const [any, express, written] = (['inquiry', 'express', 'express_written'] as const).map((needs) =>
            blockedBecause(lead, one, when, asked(purpose, needs)),
          )
          if (purpose !== 'marketing') return any === express && express === written
          return (any === undefined || express !== undefined) && (express === undefined || written !== undefined)
        }),
      )
    }),
    { numRuns: 500 },
  ),
)

function appointmentAt(startsAt: number): LeadProfile['appointment'] {
  return { appointmentId: 'a', calendarId: null, status: 'confirmed', title: null, startsAt, endsAt: null, assignedUserId: null }
}
