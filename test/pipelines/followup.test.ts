import t from 'tap'
import fc from 'fast-check'
import { drive } from '../../runtime/driver.ts'
import { decisions, followups, profiles, tenants } from '../../topics/index.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { emailFooter, smsFooter, templates } from '../../pipelines/followup/templates.ts'
import { renderText, spokenName, templateFor } from '../../pipelines/followup/renderText.ts'
import { intentKeyOf, priorityOf } from '../../pipelines/followup/planFollowUp.ts'
import { templateIds } from '../../pipelines/agents/agent.ts'
import type { Contribution, Decision, GateResult, Tenant } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { DAY, HOUR, MINUTE, decisionRecord, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

const maria = `${tenantId}:maria`

function line(tenant: Tenant | undefined = tenantRecord()) {
  return drive(followup, { at: tuesdayNoon, tables: { [tenants.name]: tenant === undefined ? [] : [[tenant.tenantId, tenant]] } })
}

t.test('a decision to text becomes one planned message with bound fields and a way to stop', async (t) => {
  const l = line()
  l.pipe(profiles, maria, profileRecord())
  l.pipe(decisions, maria, decisionRecord())
  const [planned, ...more] = l.outputs(followups)
  t.equal(more.length, 0)
  t.match(planned, {
    change: 'planned',
    action: 'send_message',
    channel: 'sms',
    epoch: 4,
    decisionId: 'd1',
    intentKey: `${tenantId}:maria:d1:sms`,
    templateId: 'nudge_24h.sms.1',
    text: 'Hi Maria, Example Homes here. Just checking in: do you have any questions so far? Reply STOP to opt out.',
    subject: null,
    priority: 4,
    plannedAt: tuesdayNoon,
    dueAt: tuesdayNoon + 5 * MINUTE,
    expiresAt: tuesdayNoon + 5 * MINUTE + 96 * HOUR,
  })
})

t.test('an e-mail carries its subject and the postal address, a call becomes a task, a hand-over a task of high priority', async (t) => {
  const l = line()
  l.pipe(profiles, maria, profileRecord({ level: 'COLD' }))
  l.pipe(decisions, maria, decisionRecord({ chosen: 'email', params: { templateId: 'reply' } }))
  const says = (nats: string, reasonText: string, blocked = false) => ({ ...contribution(), option: 'call', nats, reasonText, blocked })
  const contributions = [
    says('500000000000000000', 'A HOT lead deserves a call.'),
    says('800000000000000000', 'The lead asked to be called: "tomorrow at 5".'),
    says('-900000000000000000', 'It never answers calls.'),
    says('900000000000000000', 'What no gate lets through.', true),
  ]
  l.pipe(decisions, maria, decisionRecord({ decisionId: 'd2', chosen: 'call', params: {}, contributions }))
  const vote = { option: 'hand_over', blocked: false, reasonCode: 'asked_for_a_person' } as Contribution
  l.pipe(
    decisions,
    maria,
    decisionRecord({
      decisionId: 'd3',
      type: 'escalation',
      chosen: 'hand_over',
      contributions: [{ ...contribution(), ...vote }],
      params: {},
    }),
  )
  const planned = l.outputs(followups).filter(({ change }) => change === 'planned')
  t.match(planned[0], { channel: 'email', subject: 'Thank you for your message', priority: 1 })
  t.match(
    planned[0]?.text,
    /^Hi Maria,\n\nthank you[\s\S]*Example Homes\n1 Main Street, Springfield\nTo stop these e-mails, reply with the word STOP\.$/,
  )
  t.match(planned[1], {
    action: 'create_task',
    channel: 'call',
    text: 'Call Maria',
    reason: 'A call was decided (silence_24h, intent level COLD). The lead asked to be called: "tomorrow at 5".',
    templateId: null,
    expiresAt: tuesdayNoon + 5 * MINUTE + DAY,
  })
  t.match(planned[2], { action: 'hand_over', channel: 'none', priority: 4, reason: 'A person should take over (asked_for_a_person).' })
})

function contribution(): Contribution {
  return {
    agentId: 'a',
    agentVersion: 1,
    family: 'f',
    option: 'wait',
    bin: 3,
    rank: 1,
    lambdaMicro: 1,
    deltaMicro: 1,
    tauMicro: 1,
    nats: '1',
    blocked: false,
    reasonCode: 'r',
    reasonText: null,
  }
}

t.test('a newer epoch, a newer decision, a hand-over and a deletion cancel what is open', async (t) => {
  const epoch = line()
  epoch.pipe(profiles, maria, profileRecord())
  epoch.pipe(decisions, maria, decisionRecord())
  epoch.pipe(profiles, maria, profileRecord({ epoch: 5, version: 4 }))
  const [planned, cancelled] = epoch.outputs(followups)
  t.match(cancelled, {
    change: 'cancelled',
    followupId: planned?.followupId,
    intentKey: planned?.intentKey,
    epoch: 4,
    text: null,
    reason: /Superseded/,
  })
  epoch.pipe(decisions, maria, decisionRecord({ decisionId: 'late' }))
  t.match(epoch.drops, [{ reason: 'superseded' }], 'a decision from before is not planned')

  const newer = line()
  newer.pipe(decisions, maria, decisionRecord())
  newer.pipe(decisions, maria, decisionRecord({ decisionId: 'd2', chosen: 'wait', dueAt: null, params: {} }))
  t.strictSame(
    newer.outputs(followups).map(({ change, decisionId }) => [change, decisionId]),
    [
      ['planned', 'd1'],
      ['cancelled', 'd1'],
    ],
  )

  const over = line()
  over.pipe(decisions, maria, decisionRecord())
  over.pipe(decisions, maria, decisionRecord({ decisionId: 'd2', type: 'escalation', chosen: 'hand_over', params: {} }))
  over.pipe(decisions, maria, decisionRecord({ decisionId: 'd3' }))
  t.strictSame(
    over.outputs(followups).map(({ change, decisionId }) => [change, decisionId]),
    [
      ['planned', 'd1'],
      ['cancelled', 'd1'],
      ['planned', 'd2'],
    ],
  )
  t.match(over.drops, [{ reason: 'handed_over_to_a_person' }])

  const gone = line()
  gone.pipe(profiles, maria, profileRecord())
  gone.pipe(decisions, maria, decisionRecord())
  gone.pipe(profiles, maria, profileRecord({ deletedAt: tuesdayNoon, version: 4 }))
  gone.pipe(decisions, maria, decisionRecord({ decisionId: 'd2' }))
  t.strictSame(
    gone
      .outputs(followups)
      .map(({ change, reason }) => [change, reason])
      .at(-1),
    ['cancelled', 'The contact was deleted.'],
  )
  t.match(gone.drops, [{ reason: 'contact_deleted' }])
  t.match(gone.state(maria), { deleted: true, firstName: null })
})

t.test('what cannot be written lawfully is not planned, with a reason', async (t) => {
  const reasons = (tenant: Tenant | undefined, over: Parameters<typeof decisionRecord>[0]) => {
    const l = drive(followup, { at: tuesdayNoon, tables: { [tenants.name]: tenant === undefined ? [] : [[tenantId, tenant]] } })
    l.pipe(decisions, maria, decisionRecord(over))
    return l.drops.map(({ reason }) => reason)
  }
  t.strictSame(reasons(undefined, {}), ['tenant_unknown'])
  t.strictSame(reasons(tenantRecord({ senderName: ' ' }), {}), ['sender_name_missing'])
  t.strictSame(reasons(tenantRecord({ postalAddress: '' }), { chosen: 'email' }), ['postal_address_missing'])
  t.strictSame(reasons(tenantRecord({ senderName: 'x'.repeat(400) }), {}), ['text_too_long'])
  t.strictSame(reasons(tenantRecord(), { chosen: 'fax' }), ['option_unknown'])
  t.strictSame(reasons(tenantRecord(), { type: 'parking' }), ['decision_type_of_others'])
  t.strictSame(reasons(tenantRecord(), { chosen: 'wait' }), ['nothing_to_do'])
  t.strictSame(reasons(tenantRecord(), { type: 'escalation', chosen: 'wait' }), ['nothing_to_do'])
})

t.test('a decision that cannot be carried out still ends the older one', async (t) => {
  const l = line()
  l.pipe(decisions, maria, decisionRecord())
  l.table(tenants, tenantId, undefined)
  l.pipe(decisions, maria, decisionRecord({ decisionId: 'd2' }))
  t.strictSame(
    l.outputs(followups).map(({ change, decisionId }) => [change, decisionId]),
    [
      ['planned', 'd1'],
      ['cancelled', 'd1'],
    ],
  )
})

t.test('the same decision again plans nothing, and a restart changes nothing', async (t) => {
  const l = line()
  l.pipe(profiles, maria, profileRecord())
  l.pipe(decisions, maria, decisionRecord())
  l.restart()
  l.pipe(decisions, maria, decisionRecord())
  l.pipe(profiles, maria, profileRecord({ version: 4 }))
  t.equal(l.outputs(followups).length, 1)
  t.strictSame(
    l.drops.map(({ reason }) => reason),
    ['already_planned', 'profile_without_news'],
  )
})

t.test('the second nudge of a kind has other words; what has expired is no longer cancelled', async (t) => {
  const l = line()
  l.pipe(decisions, maria, decisionRecord())
  l.advance('5d')
  l.pipe(decisions, maria, decisionRecord({ decisionId: 'd2', dueAt: null }))
  t.strictSame(
    l.outputs(followups).map(({ change, templateId }) => [change, templateId]),
    [
      ['planned', 'nudge_24h.sms.1'],
      ['planned', 'nudge_24h.sms.2'],
    ],
  )
})

t.test('every occasion the agents know has texts on both channels that fit, name no people and can be stopped', async (t) => {
  for (const occasion of templateIds)
    for (const channel of ['sms', 'email'])
      t.ok(templates.filter((one) => one.occasion === occasion && one.channel === channel).length >= 2, `${occasion} ${channel}`)
  t.equal(new Set(templates.map(({ id }) => id)).size, templates.length)
  for (const template of templates) {
    const rendered = renderText(template, { firstName: 'Maximiliana', senderName: 'Sandbox Realty Group', postalAddress: '1 Main Street' })
    t.ok(rendered.ok && !/[{}]/.test(rendered.text), `${template.id} has no open slot`)
    if (rendered.ok && template.channel === 'sms') {
      t.ok(rendered.text.length <= 160, `${template.id}: ${rendered.text.length} characters`)
      t.ok(rendered.text.endsWith(smsFooter))
    }
    t.notMatch(template.body, /famil|child|safe|neighbo|school|church|guarantee|\$|%|last chance|another buyer/i)
  }
  t.match(emailFooter, /postalAddress/)
  t.equal(templateFor('no_such_occasion', 'sms', {}), undefined)
})

t.test('a name that is none is left out', async (t) => {
  t.equal(spokenName(' José  María '), 'José María')
  t.equal(spokenName("O'Neil-Smith"), "O'Neil-Smith")
  for (const bad of ['http://x.example', 'win.example', 'Maria 50% off', '', '{senderName}', 'x'.repeat(31), null])
    t.equal(spokenName(bad), undefined, String(bad))
  // What stands where nobody knows the name, as callers, chats and forms leave it.
  for (const standIn of [
    'Unknown',
    'GUEST',
    'guest visitor kqzd',
    'Wireless Caller',
    'WIRELESS',
    'Facebook User',
    'No Name',
    'null',
    'N.A.',
    'Test',
  ])
    t.equal(spokenName(standIn), undefined, standIn)
  for (const title of ['Dr.', 'Mr', 'Mrs.', 'Miss']) t.equal(spokenName(title), undefined, title)
  for (const name of ['Dr. Maria', 'Guadalupe', 'Testa', 'Leada', 'Usera', 'Missy', 'Drew', 'Owen']) t.equal(spokenName(name), name)
})

t.test('a long sender name drops the greeting by name before it costs a second segment', async (t) => {
  const [template] = templates
  const rendered =
    template === undefined
      ? undefined
      : renderText(template, {
          firstName: 'Bartholomew Christopher',
          senderName: 'The Example Realty Co of Springfield',
          postalAddress: '',
        })
  t.ok(rendered?.ok === true && rendered.text.length <= 160 && rendered.text.startsWith('Hi, '))
})

t.test('priorities by level, intent keys by lead, decision and channel', async (t) => {
  t.strictSame(['URGENT', 'HOT', 'WARM', 'COLD', 'odd', null].map(priorityOf), [5, 4, 3, 1, 1, 1])
  t.equal(intentKeyOf({ tenantId: 't', contactId: 'c', decisionId: 'd' }, 'sms'), 't:c:d:sms')
})

// Found by the property below, seed 412156111.
t.test('a decision whose follow-up was taken back is not planned again when it is told again', async (t) => {
  const l = line()
  const decision = decisionRecord({ decisionId: 'd3', epoch: 1, chosen: 'sms', type: 'follow_up', dueAt: null, decidedAt: l.now })
  l.pipe(decisions, maria, decision)
  l.pipe(profiles, maria, profileRecord({ epoch: 2 }))
  l.pipe(decisions, maria, { ...decision, epoch: 2 })
  t.strictSame(
    l.outputs(followups).map(({ change }) => change),
    ['planned', 'cancelled'],
  )
  t.match(l.drops.at(-1), { reason: 'taken_back' })
})

t.test(
  'any sequence of profiles and decisions: at most one open message, nothing older than the epoch is planned, each id is planned once',
  (t) =>
    assertProperty(
      t,
      fc.property(
        fc.array(
          fc.record({
            what: fc.constantFrom('profile', 'decision'),
            epoch: fc.integer({ min: 1, max: 4 }),
            id: fc.integer({ min: 1, max: 6 }),
            chosen: fc.constantFrom('sms', 'email', 'call', 'wait', 'hand_over'),
            minutes: fc.integer({ min: 0, max: 3000 }),
          }),
          { maxLength: 20 },
        ),
        (steps) => {
          const l = line()
          let epoch = 0
          for (const { what, epoch: at, id, chosen, minutes } of steps) {
            l.advance(`${minutes}m`)
            const before = l.outputs(followups).length
            if (what === 'profile') l.pipe(profiles, maria, profileRecord({ epoch: at }))
            else
              l.pipe(
                decisions,
                maria,
                decisionRecord({
                  decisionId: `d${id}`,
                  epoch: at,
                  chosen,
                  type: chosen === 'hand_over' ? 'escalation' : 'follow_up',
                  dueAt: null,
                  decidedAt: l.now,
                }),
              )
            const planned = l
              .outputs(followups)
              .slice(before)
              .filter(({ change }) => change === 'planned')
            if (what === 'profile') epoch = Math.max(epoch, at)
            if (planned.some((one) => one.epoch < epoch)) return false
          }
          const open = new Map<string, { action: string; expiresAt: number }>()
          const expiries = new Map<string, number>()
          for (const { change, followupId, action, plannedAt, expiresAt } of l.outputs(followups)) {
            if (change === 'planned') {
              if ((expiries.get(followupId) ?? 0) > plannedAt) return false
              expiries.set(followupId, expiresAt)
              open.set(followupId, { action, expiresAt })
            } else if (!open.delete(followupId)) return false
          }
          return [...open.values()].filter(({ action, expiresAt }) => action === 'send_message' && expiresAt > l.now).length <= 1
        },
      ),
      { numRuns: 300 },
    ),
)

const denial = (gateId: string): GateResult => ({
  ...{ gateId, ruleId: 'rule', option: '*', verdict: 'deny', liftsAt: null },
  reason: gateId === 'person_due' ? 'The lead asked for a person. A person should answer.' : 'A person leads this conversation.',
})
const silenced = (over: Partial<Decision> = {}, gates: readonly string[] = ['person_due']) =>
  decisionRecord({ chosen: 'wait', stopReason: 'gated', dueAt: null, params: {}, gates: gates.map(denial), ...over })

t.test('a lead that a person has to answer is handed over once, whatever the votes on that say and in whichever order', async (t) => {
  const stays = { decisionId: 'd2', type: 'escalation', chosen: 'wait', dueAt: null, params: {} } as const
  const goes = { ...stays, chosen: 'hand_over' } as const
  const orders = [
    [silenced(), decisionRecord(stays)],
    [decisionRecord(stays), silenced()],
    [silenced(), decisionRecord(goes)],
    [decisionRecord(goes), silenced()],
    [silenced(), silenced({ decisionId: 'd3' })],
  ]
  for (const order of orders) {
    const l = line()
    l.pipe(profiles, maria, profileRecord())
    for (const decision of order) l.pipe(decisions, maria, decision)
    t.strictSame(
      l.outputs(followups).map(({ change, action }) => [change, action]),
      [['planned', 'hand_over']],
    )
  }
  const [told] = (() => {
    const l = line()
    l.pipe(decisions, maria, decisionRecord({ decisionId: 'before' }))
    l.pipe(decisions, maria, silenced())
    return l.outputs(followups).slice(1, 3).reverse()
  })()
  t.match(told, { decisionId: 'd1', channel: 'none', priority: 4, text: 'Take over the conversation with this lead' })
  t.equal(told?.reason, 'A person takes over, whatever the votes say. The lead asked for a person. A person should answer.')
  const led = line()
  led.pipe(decisions, maria, silenced({}, ['human_ownership', 'person_due']))
  t.strictSame(led.outputs(followups), [], 'a person has it already')
  const newer = line()
  newer.pipe(decisions, maria, silenced({ stopReason: 'superseded' }))
  t.strictSame(newer.outputs(followups), [], 'its question is put anew')
})

t.test('no sequence of decisions leaves a lead that a person has to answer to nobody', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.record({
          what: fc.constantFrom('silenced', 'led', 'follow_up', 'escalation', 'routing', 'profile'),
          chosen: fc.constantFrom('sms', 'call', 'wait'),
          over: fc.boolean(),
          escalation: fc.constantFrom(null, 'undecided'),
          later: fc.integer({ min: 0, max: 1 }),
          minutes: fc.integer({ min: 0, max: 2000 }),
        }),
        { minLength: 1, maxLength: 16 },
      ),
      (steps) => {
        const l = line(tenantRecord({ routing: 'assign' }))
        let epoch = 1
        // Since when a person has to be told, ms; undefined while nobody has to.
        let owedSince: number | undefined
        for (const [index, { what, chosen, over, escalation, later, minutes }] of steps.entries()) {
          l.advance(`${minutes}m`)
          // Something newer happened: its question is decided next.
          if (later > 0) owedSince = undefined
          epoch += later
          const common = { decisionId: `d${index}`, epoch, dueAt: null, decidedAt: l.now }
          if (what === 'profile') l.pipe(profiles, maria, profileRecord({ epoch }))
          else if (what === 'silenced' || what === 'led')
            l.pipe(decisions, maria, silenced(common, what === 'led' ? ['human_ownership', 'person_due'] : ['person_due']))
          else if (what === 'follow_up') l.pipe(decisions, maria, decisionRecord({ ...common, chosen, escalation }))
          else if (what === 'escalation')
            l.pipe(decisions, maria, decisionRecord({ ...common, type: what, chosen: over ? 'hand_over' : 'wait', params: {} }))
          else l.pipe(decisions, maria, decisionRecord({ ...common, type: what, chosen: 'realtor_1', params: { realtorId: 'ana' } }))
          if (what === 'silenced') owedSince = l.now
          if (owedSince === undefined) continue
          const told = l.outputs(followups).filter(({ action }) => action === 'hand_over')
          const open = told.filter(
            ({ change, followupId, expiresAt }) =>
              change === 'planned' &&
              expiresAt > (owedSince ?? 0) &&
              !told.some((other) => other.change === 'cancelled' && other.followupId === followupId),
          )
          // One, and a second once the first has ended by itself.
          if (open.length === 0 || open.filter(({ expiresAt }) => expiresAt > l.now).length > 1) return false
        }
        return true
      },
    ),
    { numRuns: 300 },
  ),
)
