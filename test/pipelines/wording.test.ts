/** A message and its wording: two decisions on one assessment, joined by the follow-up whichever comes first. */
import fc from 'fast-check'
import t from 'tap'
import { noOffice } from '../../bench/noOffice.ts'
import { templateIds } from '../../pipelines/agents/agent.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { messageCouldLeave } from '../../pipelines/consensus/gates.ts'
import { assessmentOf } from '../../pipelines/enrich/questions.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { endings, isApproach, openings } from '../../pipelines/followup/approachTexts.ts'
import { renderText, templateFor } from '../../pipelines/followup/renderText.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { emailFooter, smsFooter, templates } from '../../pipelines/followup/templates.ts'
import { textProblems } from '../../pipelines/followup/textProblems.ts'
import { drive } from '../../runtime/driver.ts'
import type { Line } from '../../runtime/driver.ts'
import type { Decision, FollowupState, LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import { decisions, erasures, followups, leadEvents, profiles, tenants } from '../../topics/index.ts'
import {
  DAY,
  decisionRecord,
  messageEvent,
  noContactFields,
  profileRecord,
  tenantId,
  tenantRecord,
  tuesdayNoon,
} from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { asked, hour, view } from './leads.ts'

const maria = `${tenantId}:maria`
const line = (): Line => drive(followup, { at: tuesdayNoon, tables: { [tenants.name]: [[tenantId, tenantRecord()]] } })
/** Decided the moment it was asked, so that its wording may be on its way. */
const message = (over: Partial<Decision> = {}) => decisionRecord({ askedAt: tuesdayNoon, ...over })
const wording = (chosen: string, over: Partial<Decision> = {}) =>
  decisionRecord({ decisionId: 'w1', type: 'content', chosen, params: {}, askedAt: tuesdayNoon, dueAt: null, ...over })
const sent = (l: Line) => l.outputs(followups).map(({ change, templateId }) => `${change} ${String(templateId)}`)
const stateOf = (l: Line) => l.state(maria) as FollowupState | undefined

t.test('a message is worded as the content decision on the same assessment says, whichever comes first', async (t) => {
  const orders = [
    [wording('soft_ask'), message()],
    [message(), wording('soft_ask')],
  ].map((order) => {
    const l = line()
    l.pipe(profiles, maria, profileRecord())
    for (const decision of order) l.pipe(decisions, maria, decision)
    return l
  })
  for (const l of orders) {
    t.strictSame(sent(l), ['planned nudge_24h.sms.soft_ask.1'])
    t.match(l.outputs(followups)[0], {
      decisionId: 'd1',
      text: 'Hi Maria, Example Homes here. Just checking in. If a short call would help, just tell us when. Reply STOP to opt out.',
      reason: 'A text message was decided (silence_24h, nudge_24h, soft_ask).',
    })
    t.strictSame(l.timers(maria), {})
    t.equal(stateOf(l)?.held, null)
  }
  t.strictSame(orders[1]?.outputs(followups), orders[0]?.outputs(followups))
})

t.test(
  'a message is not held back beyond the deadline of the assessment: then it is plain, and a late wording changes nothing',
  async (t) => {
    const l = line()
    l.pipe(decisions, maria, message())
    t.strictSame(sent(l), [], 'the wording may still come')
    t.strictSame(l.timers(maria), { wording: tuesdayNoon + 2_000 })
    l.restart()
    l.advance('1999ms')
    t.strictSame(sent(l), [])
    l.advance('1ms')
    t.strictSame(sent(l), ['planned nudge_24h.sms.1'])
    l.pipe(decisions, maria, wording('soft_ask'))
    l.pipe(decisions, maria, message())
    t.strictSame(sent(l), ['planned nudge_24h.sms.1'])
    t.match(l.drops.at(-1), { reason: 'already_planned' })
  },
)

t.test('a wording that is superseded, plain, unknown or of another assessment leaves the plain text', async (t) => {
  for (const content of [wording('wait', { stopReason: 'superseded' }), wording('wait'), wording('shout')]) {
    const l = line()
    l.pipe(decisions, maria, content)
    l.pipe(decisions, maria, message())
    t.strictSame(sent(l), ['planned nudge_24h.sms.1'], `${content.chosen} ${content.stopReason}: at once`)
  }
  const l = line()
  l.pipe(decisions, maria, wording('soft_ask', { assessmentId: 'a0' }))
  l.pipe(decisions, maria, message())
  t.strictSame(sent(l), [])
  l.advance('2s')
  t.strictSame(sent(l), ['planned nudge_24h.sms.1'])
  l.pipe(decisions, maria, wording('soft_ask', { epoch: 3, assessmentId: 'a2' }))
  t.notOk(isApproach('wait'))
})

t.test('only the latest assessments are remembered, each worded once', async (t) => {
  const l = line()
  for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) l.pipe(decisions, maria, wording('inform', { assessmentId: id, decisionId: `w-${id}` }))
  l.pipe(decisions, maria, wording('soft_ask', { assessmentId: 'a5' }))
  t.match(l.drops, [{ reason: 'already_worded' }])
  t.strictSame(
    stateOf(l)?.wordings.map(({ assessmentId }) => assessmentId),
    ['a2', 'a3', 'a4', 'a5'],
  )
})

t.test('what waits for its wording ends with a newer epoch, a deletion, a hand-over, a newer decision and an erasure', async (t) => {
  const after = (end: (l: Line) => void) => {
    const l = line()
    l.pipe(profiles, maria, profileRecord())
    l.pipe(decisions, maria, message())
    end(l)
    t.strictSame(l.timers(maria), {})
    l.pipe(decisions, maria, message({ epoch: 9 }))
    l.advance('3s')
    return l
  }
  t.match(after((l) => l.pipe(profiles, maria, profileRecord({ epoch: 5, version: 4 }))).drops.at(-1), { reason: 'taken_back' })
  t.match(after((l) => l.pipe(profiles, maria, profileRecord({ deletedAt: tuesdayNoon, version: 4 }))).drops.at(-1), {
    reason: 'contact_deleted',
  })
  const handed = after((l) =>
    l.pipe(decisions, maria, decisionRecord({ decisionId: 'd2', type: 'escalation', chosen: 'hand_over', params: {} })),
  )
  t.strictSame(
    handed.outputs(followups).map(({ action }) => action),
    ['hand_over'],
  )
  const calmed = after((l) => l.pipe(decisions, maria, message({ decisionId: 'd2', chosen: 'wait', dueAt: null, params: {} })))
  t.strictSame(sent(calmed), [])
  t.match(calmed.drops.at(-1), { reason: 'taken_back' })
  const called = after((l) => l.pipe(decisions, maria, message({ decisionId: 'd2', chosen: 'call', params: {} })))
  t.strictSame(
    called.outputs(followups).map(({ channel }) => channel),
    ['call'],
  )
  const erased = line()
  erased.pipe(decisions, maria, message())
  erased.pipe(erasures, maria, { requestId: 'r', tenantId, contactId: 'maria', erasedAt: tuesdayNoon, requestedBy: 'owner' })
  erased.advance('3s')
  t.strictSame(sent(erased), [])
  t.equal(stateOf(erased), undefined)
})

t.test('a location that goes while a message waits plans nothing and leaves nothing behind', async (t) => {
  const l = line()
  l.pipe(decisions, maria, message())
  l.table(tenants, tenantId, undefined)
  l.advance('2s')
  t.strictSame(sent(l), [])
  t.match(stateOf(l), { held: null })
})

t.test('a call and a hand-over do not wait for a wording', async (t) => {
  const l = line()
  l.pipe(decisions, maria, message({ chosen: 'call', params: {} }))
  t.equal(l.outputs(followups).length, 1)
})

t.test('the order of the two decisions of an assessment never changes what is planned', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.record({
          chosen: fc.constantFrom('sms', 'email', 'call', 'wait'),
          approach: fc.constantFrom('wait', ...Object.keys(endings)),
          occasion: fc.constantFrom(...templateIds),
          swapped: fc.boolean(),
          gapMs: fc.integer({ min: 0, max: 1_900 }),
          pauseMs: fc.integer({ min: 0, max: 200_000_000 }),
          bumps: fc.boolean(),
        }),
        { maxLength: 8 },
      ),
      (assessments) => {
        const outcome = (swap: boolean) => {
          const l = line()
          let epoch = 4
          assessments.forEach(({ chosen, approach, occasion, swapped, gapMs, pauseMs, bumps }, index) => {
            l.advance(`${pauseMs}ms`)
            if (bumps) l.pipe(profiles, maria, profileRecord({ epoch: ++epoch, version: epoch }))
            const shared = { assessmentId: `a${index}`, epoch, askedAt: l.now, decidedAt: l.now }
            const pair = [
              decisionRecord({ ...shared, decisionId: `w${index}`, type: 'content', chosen: approach, params: {}, dueAt: null }),
              decisionRecord({ ...shared, decisionId: `d${index}`, chosen, params: { templateId: occasion }, dueAt: l.now + DAY }),
            ]
            const [first, second] = swapped !== swap ? pair.reverse() : pair
            l.pipe(decisions, maria, first as Decision)
            l.advance(`${gapMs}ms`)
            l.pipe(decisions, maria, second as Decision)
          })
          // A call waits for nothing, so when it was planned may differ; of a message nothing may.
          return JSON.stringify([
            l.outputs(followups).map((one) => (one.channel === 'call' ? { ...one, plannedAt: 0 } : one)),
            stateOf(l)?.held ?? null,
            l.timers(maria),
          ])
        }
        return outcome(false) === outcome(true)
      },
    ),
    { numRuns: 300 },
  ),
)

t.test('every wording has two texts for every occasion but those of an appointment, on both ways, and each is fit to leave', async (t) => {
  const fields = { firstName: 'Maximiliana', senderName: 'Sandbox Realty Group', postalAddress: '1 Main Street' }
  for (const occasion of templateIds)
    for (const channel of ['sms', 'email'] as const)
      for (const approach of Object.keys(endings))
        t.equal(
          templates.filter((one) => one.occasion === occasion && one.channel === channel && one.approach === approach).length,
          occasion.startsWith('appointment_') ? 0 : 2,
          `${occasion} ${channel} ${approach}`,
        )
  t.equal(Object.keys(openings).length, templateIds.length - 2)
  t.equal(templateFor('appointment_confirm', 'sms', {}, 'soft_ask')?.id, 'appointment_confirm.sms.1')
  t.equal(templateFor('reply', 'sms', { 'reply.sms.inform.1': 1 }, 'inform')?.id, 'reply.sms.inform.2')
  for (const template of templates) {
    t.match(template.id, /^[a-z_0-9]+\.(sms|email)(\.[a-z_]+)?\.\d+$/)
    const rendered = renderText(template, fields)
    if (!rendered.ok) throw new TypeError(rendered.reason)
    t.strictSame(textProblems({ channel: template.channel, ...rendered }, Object.values(fields)), [], template.id)
    if (template.channel === 'sms') t.ok(rendered.text.length <= 160, `${template.id}: ${rendered.text.length} characters`)
  }
})

t.test('P-41: each thing that must not leave is found', async (t) => {
  const sms = (text: string) => textProblems({ channel: 'sms', text: `${text} ${smsFooter}`, subject: null }, ['Maria'])
  t.strictSame(sms('Hi Maria, any questions so far?'), [])
  t.strictSame(sms('x'.repeat(320)), ['too_long'])
  t.strictSame(sms('See www.homes.example'), ['link'])
  t.strictSame(sms('See homes.com for more'), ['link'])
  t.strictSame(textProblems({ channel: 'sms', text: 'Any questions?', subject: null }, []), ['no_opt_out'])
  t.strictSame(sms('This is your last chance.'), ['pressing_words'])
  t.strictSame(sms('Perfect for families.'), ['words_about_people'])
  t.strictSame(sms('Quiet, safe street'), ['words_about_people'])
  t.strictSame(sms('It costs $ 350,000.'), ['unbound_fact'])
  t.strictSame(sms('¿Tiene preguntas?'), ['other_letters'])
  const mail = (text: string, subject: string) => textProblems({ channel: 'email', text: text + emailFooter, subject }, [])
  t.strictSame(mail('hello', 'Act now'), ['pressing_words'])
  t.strictSame(mail('x'.repeat(1_000), 'Hello'), ['too_long'])
  const l = drive(followup, {
    at: tuesdayNoon,
    tables: { [tenants.name]: [[tenantId, tenantRecord({ senderName: 'Homes at www.homes.com' })]] },
  })
  l.pipe(decisions, maria, decisionRecord())
  t.match(l.drops, [{ reason: 'text_link' }], 'a sender name brings no link along')
  const families = drive(followup, {
    at: tuesdayNoon,
    tables: { [tenants.name]: [[tenantId, tenantRecord({ senderName: 'Family Homes' })]] },
  })
  families.pipe(decisions, maria, decisionRecord())
  t.strictSame(sent(families), ['planned nudge_24h.sms.1'], 'a name is a name')
})

const could = (changes: Parameters<typeof view>[0], tenant?: Partial<Tenant>) =>
  messageCouldLeave({ view: view(changes), at: asked, tenant: tenantRecord(tenant) })

t.test('how a message would be worded is asked only where one could leave', async (t) => {
  t.ok(could({}))
  t.ok(could({ hasPhone: false }))
  t.ok(could({ blockedChannels: { sms: 'dnd', call: 'dnd' } }))
  t.notOk(could({ hasPhone: false, hasEmail: false }))
  t.notOk(could({ blockedChannels: { sms: 'dnd', email: 'revoked' } }))
  t.notOk(could({ humanOwned: true }))
  t.notOk(could({ humanOwnedUntil: asked + hour }))
  t.notOk(could({ status: 'converted' }))
  t.notOk(could({ opportunityStatus: 'won' }))
  t.notOk(could({ outboundLast24h: 3 }))
  t.notOk(could({}, { automation: false }))
  t.notOk(could({}, { status: 'uninstalled' }))
  const types = (profile: LeadProfile) =>
    assessmentOf({ trigger: 'new_lead', anchor: 'e' }, profile, {
      key: maria,
      at: tuesdayNoon,
      tables: { tenants: { get: () => tenantRecord(), entries: () => [] }, ...noOffice },
      id: (...parts) => parts.join(),
    }).value?.decisionTypes
  t.strictSame(types(profileRecord()), ['content', 'follow_up', 'escalation'])
  t.strictSame(types(profileRecord({ dnd: true })), ['follow_up', 'escalation'])
})

t.test('through the whole line a reply is worded by what the lead said, at once', async (t) => {
  const l = drive([enrich, agents, consensus, followup], { at: tuesdayNoon, tables: { [tenants.name]: [[tenantId, tenantRecord()]] } })
  const created = { ...noContactFields, firstName: 'Maria', phone: '+12125550101', email: 'maria@example.com', source: 'form' }
  l.pipe(leadEvents, maria, { ...messageEvent({ eventId: 'e0', kind: 'contact_created', message: null }), contact: created })
  l.advance('1h')
  const text = 'I am confused, how does this work? It is too expensive.'
  l.pipe(leadEvents, maria, messageEvent({ eventId: 'e1', occurredAt: l.now, receivedAt: l.now }, text))
  const decided = l.outputs(decisions).filter(({ reason }) => reason === 'inbound_message')
  t.strictSame(
    decided.map(({ type, chosen }) => `${type} ${chosen}`),
    ['content inform', 'follow_up sms', 'escalation wait'],
    'the wording comes first',
  )
  t.match(l.outputs(followups).at(-1), {
    change: 'planned',
    templateId: 'reply.sms.inform.1',
    text: 'Hi Maria, Example Homes here. Thank you for your message. Shall we send a short overview of the next steps? Reply STOP to opt out.',
    plannedAt: tuesdayNoon + hour,
  })
  t.strictSame(l.timers('followup', maria), {})
})
