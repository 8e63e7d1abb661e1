import t from 'tap'
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { isFederalHoliday } from '../../pipelines/followup/hours/federalHolidays.ts'
import { hoursProblems, hoursTable, unverifiedJurisdictions } from '../../pipelines/followup/hours/hoursTable.ts'
import { earliestLawfulInstant, horizonMs, isLawful, rulesFor } from '../../pipelines/followup/hours/lawfulHours.ts'
import { gates, judge } from '../../pipelines/followup/gates/judge.ts'
import { WRITTEN_BY_ITSELF } from '../../pipelines/enrich/messageEvents.ts'
import { likeness } from '../../pipelines/followup/gates/duplicates.ts'
import { messageLifeMs } from '../../pipelines/followup/planFollowUp.ts'
import type { FenceInput, OwnSend, ProviderContact } from '../../pipelines/followup/gates/gate.ts'
import type { FollowUp, LeadProfile, RecentMessage } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { DAY, HOUR, MINUTE, followUpRecord, profileRecord, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

/** Time zones are slow to compute with, and test files share the processors. */
const patient = { timeout: 120_000 }

/** A contact of which the provider shows nothing but that it is there. */
const shown: ProviderContact = {
  ...{ exists: true, dnd: false, dndChannels: {}, assignedTo: null, phone: null, email: null, lastMessages: [] },
  ...{ timeZone: null, country: null, state: null, postalCode: null },
}

function fence(over: Partial<FenceInput> = {}, lead: Partial<LeadProfile> = {}): FenceInput {
  return {
    at: tuesdayNoon,
    followUp: followUpRecord(),
    lead: profileRecord(lead),
    tenant: tenantRecord(),
    copyCompleteAt: tuesdayNoon - 1_000,
    allCompleteAt: (over.at ?? tuesdayNoon) - 1_000,
    addressLedgers: [],
    ownSends: [],
    locationSends: { count: 0, oldestAt: null },
    textsOfWeek: { sent: 0, optOuts: 0, failures: 0 },
    provider: { ...shown, dndChannels: { sms: 'inactive' } },
    limits: {
      maxCopyAgeMs: 15_000,
      recheckMs: 5_000,
      providerRecheckMs: 60_000,
      halted: false,
      haltedChannels: [],
      messagesPer24h: 500,
      optOutShare: 0.025,
      failureShare: 0.08,
    },
    assignee: undefined,
    isAssigning: false,
    ...over,
  }
}
/** The contact with one message that the provider shows last. */
const showing = (isInbound: boolean, at: number): FenceInput['provider'] => ({
  ...shown,
  lastMessages: [{ isInbound, at }],
})
const send = (at: number, over: Partial<OwnSend> = {}): OwnSend => ({
  at,
  confirmedAt: at + 1_000,
  messageId: `m${at}`,
  text: 'other words',
  ...over,
})
const message = (over: Partial<RecentMessage>): RecentMessage => ({
  messageId: 'x',
  at: tuesdayNoon - DAY,
  channel: 'sms',
  direction: 'outbound',
  sender: 'human',
  text: '',
  ...over,
})
const verdictOf = (input: FenceInput) => {
  const { then } = judge(input)
  return then.kind === 'allow' ? 'allow' : `${then.by.gateId}/${then.by.ruleId}`
}

t.test('why the provider did not answer is said', async (t) => {
  const { then } = judge(fence({ provider: 'unreadable: scope_missing' }))
  t.match(then, { kind: 'defer', by: { reason: 'The provider did not tell the state of the contact (scope_missing).' } })
})

t.test('a location begins no more conversations in a day than it may; answers, appointments and what is urgent are not held', async (t) => {
  const at = tuesdayNoon
  const full = { count: 500, oldestAt: at - 20 * HOUR }
  const budget = (templateId: string, over: Partial<FenceInput> = {}, priority = 3) =>
    judge(fence({ locationSends: full, followUp: followUpRecord({ templateId, priority }), ...over })).gates.find(
      ({ gateId }) => gateId === 'contact_budget',
    )
  t.match(budget('first_touch.sms'), {
    ruleId: 'location_per_24h',
    liftsAt: at + 4 * HOUR,
    reason: 'The location has sent 500 messages of ours in 24 hours; 500 is the limit.',
  })
  t.equal(budget('first_touch.sms', { locationSends: { ...full, count: 499 } })?.verdict, 'allow')
  t.equal(
    budget('nudge_24h.sms', { locationSends: { count: 501, oldestAt: at - DAY + MINUTE } })?.liftsAt,
    at + HOUR,
    'looked at each hour',
  )
  t.equal(budget('reply.sms')?.verdict, 'allow', 'an answer')
  t.equal(budget('appointment_confirm.sms')?.verdict, 'allow')
  t.equal(budget('first_touch.sms', {}, 4)?.verdict, 'allow', 'urgent')
  const task = { followUp: followUpRecord({ action: 'create_task', channel: 'call', templateId: null, priority: 1 }) }
  t.equal(budget('', task)?.verdict, 'allow', 'a task is no message')
})

t.test('a location begins no conversation by text while too many opted out of its texts, or too many did not arrive', async (t) => {
  const at = tuesdayNoon
  const budget = (received: Partial<FenceInput['textsOfWeek']>, over: Partial<FollowUp> = {}) =>
    judge(
      fence({
        textsOfWeek: { sent: 0, optOuts: 0, failures: 0, ...received },
        followUp: followUpRecord({ templateId: 'first_touch.sms', priority: 3, ...over }),
      }),
    ).gates.find(({ gateId }) => gateId === 'contact_budget')
  t.match(budget({ sent: 520, optOuts: 13 }), {
    verdict: 'deny_until',
    ruleId: 'location_opt_outs',
    liftsAt: at + HOUR,
    reason:
      'Of 520 texts of ours in 7 days 13 ended in an opt-out; from 2.5 % of them, or of 500 where there are fewer, the location begins no conversation by text.',
  })
  t.match(budget({ sent: 700, failures: 56 }), {
    ruleId: 'location_failures',
    reason: /^Of 700 texts of ours in 7 days 56 did not arrive; from 8 % /,
  })
  t.equal(budget({ sent: 521, optOuts: 13 })?.verdict, 'allow', '2.495 %')
  t.equal(budget({ sent: 701, failures: 56 })?.verdict, 'allow', '7.99 %')
  t.equal(budget({ sent: 20, optOuts: 12, failures: 20 })?.verdict, 'allow', 'of few texts a share says little')
  t.equal(budget({ sent: 20, optOuts: 13 })?.ruleId, 'location_opt_outs', '2.5 % of 500 texts, if there were so many')
  const bad = { sent: 520, optOuts: 13 }
  t.equal(budget(bad, { templateId: 'reply.sms' })?.verdict, 'allow', 'an answer')
  t.equal(budget(bad, { templateId: 'appointment_confirm.sms' })?.verdict, 'allow')
  t.equal(budget(bad, { priority: 4 })?.verdict, 'allow', 'waited for')
  t.equal(budget(bad, { templateId: 'first_touch.email', channel: 'email' })?.verdict, 'allow', 'an e-mail')
})

t.test('what the provider shows last is waited for while nobody has told of it, and for no longer than it may be told', async (t) => {
  const known = { lastInboundAt: tuesdayNoon - 2 * HOUR, lastOutboundAt: tuesdayNoon - HOUR }
  const verdict = (isInbound: boolean, at: number, over: Partial<FenceInput> = {}) =>
    judge(fence({ provider: showing(isInbound, at), ...over }, known)).gates.find(({ gateId }) => gateId === 'freshness')
  t.match(verdict(true, known.lastInboundAt + 5_001), {
    ruleId: 'message_untold',
    liftsAt: tuesdayNoon + MINUTE,
    reason: 'The provider shows a message from the lead of 120 min ago that nobody has told of yet.',
  })
  t.equal(verdict(true, known.lastInboundAt + 5_000)?.verdict, 'allow', 'it is the one that was told of')
  t.equal(verdict(true, tuesdayNoon - DAY)?.verdict, 'allow', 'from before the app')
  const byItself = { ...known, fieldTimes: { [WRITTEN_BY_ITSELF]: tuesdayNoon - 30 * MINUTE } }
  const freshness = judge(fence({ provider: showing(true, tuesdayNoon - 30 * MINUTE) }, byItself)).gates.find(
    ({ gateId }) => gateId === 'freshness',
  )
  t.equal(freshness?.verdict, 'allow', 'an automatic reply is no contact, and was told of')
  t.match(verdict(false, tuesdayNoon - 10 * MINUTE), { reason: /a message to the lead of 10 min ago/ })
  t.equal(verdict(false, tuesdayNoon - 20 * MINUTE)?.verdict, 'allow', 'a sweep would have told of it: it did not arrive')
  t.equal(verdict(false, tuesdayNoon + HOUR)?.verdict, 'allow', 'one that is to leave later')
  const ours = [send(tuesdayNoon - 10 * MINUTE)]
  t.equal(verdict(false, tuesdayNoon - 9.5 * MINUTE, { ownSends: ours })?.verdict, 'allow', 'our own')
  t.equal(verdict(false, tuesdayNoon - 8 * MINUTE, { ownSends: ours })?.ruleId, 'message_untold', 'a colleague after it')
  const inside = { ownSends: [], followUp: followUpRecord({ action: 'hand_over', channel: 'none' }) }
  t.equal(verdict(true, tuesdayNoon - MINUTE, inside)?.verdict, 'allow', 'a person may always be called')
})

t.test('with everything in order all gates allow, and each is kept', async (t) => {
  const { gates: results, then } = judge(fence())
  t.equal(then.kind, 'allow')
  t.strictSame(
    results.map(({ gateId, verdict }) => `${gateId} ${verdict}`),
    gates.map(([id]) => `${id} allow`),
  )
  t.ok(results.every(({ option }) => option === 'sms'))
})

t.test('a message to a lead of a location whose row is still on its way waits; to one that is never known it expires', async (t) => {
  t.match(judge(fence({ tenant: undefined })).then, { kind: 'defer', by: { ruleId: 'tenant_unknown' }, at: tuesdayNoon + 5_000 })
  const soonOver = followUpRecord({ expiresAt: tuesdayNoon + 5_000 })
  t.match(judge(fence({ tenant: undefined, followUp: soonOver })).then, { kind: 'end', status: 'expired' })
})

t.test('P-31: each gate denies what it is there for', async (t) => {
  const limits = fence().limits
  const consent = { status: 'express', at: 0, expiresAt: null, eventId: 'e', words: null }
  const cases: readonly (readonly [string, FenceInput])[] = [
    ['kill_switch/installation_halted', fence({ limits: { ...limits, halted: true } })],
    ['kill_switch/channel_halted', fence({ limits: { ...limits, haltedChannels: ['sms'] } })],
    ['kill_switch/tenant_unknown', fence({ tenant: undefined })],
    ['kill_switch/tenant_paused', fence({ tenant: tenantRecord({ status: 'paused' }) })],
    ['kill_switch/automation_off', fence({ tenant: tenantRecord({ automation: false }) })],
    ['epoch/superseded', fence({}, { epoch: 5 })],
    ['epoch/copy_behind', fence({}, { epoch: 3 })],
    ['epoch/lead_unknown', fence({ lead: undefined })],
    ['expiry/expired', fence({ followUp: followUpRecord({ expiresAt: tuesdayNoon }) })],
    ['freshness/copy_never_complete', fence({ copyCompleteAt: undefined })],
    ['freshness/copy_stale', fence({ copyCompleteAt: tuesdayNoon - 15_001 })],
    ['freshness/copy_stale', fence({ copyCompleteAt: tuesdayNoon + 15_001 })],
    ['freshness/message_untold', fence({ provider: showing(true, tuesdayNoon - MINUTE) })],
    ['freshness/message_untold', fence({ provider: showing(true, tuesdayNoon - 23 * HOUR) }, { lastInboundAt: tuesdayNoon - 30 * HOUR })],
    ['freshness/message_untold', fence({ provider: showing(false, tuesdayNoon - MINUTE) }, { lastOutboundAt: tuesdayNoon - HOUR })],
    [
      'contact_budget/location_per_24h',
      fence({ locationSends: { count: 500, oldestAt: tuesdayNoon - HOUR }, followUp: followUpRecord({ priority: 3 }) }),
    ],
    ['address/address_revoked', fence({ addressLedgers: [{ sms: consent }, { sms: { ...consent, status: 'revoked' } }] })],
    ['address/copies_stale', fence({ allCompleteAt: undefined })],
    ['address/copies_stale', fence({ allCompleteAt: tuesdayNoon - 15_001 })],
    ['address/copies_stale', fence({ allCompleteAt: tuesdayNoon + 15_001 })],
    ['consent/dnd', fence({}, { dnd: true })],
    ['consent/dnd', fence({}, { dndChannels: { sms: 'permanent' } })],
    ['consent/revoked', fence({}, { consents: { sms: { ...consent, status: 'revoked' } } })],
    ['consent/no_address', fence({}, { phone: null })],
    ['consent/no_consent', fence({}, { consents: {} })],
    ['consent/no_consent', fence({}, { consents: { sms: { ...consent, status: 'unknown' } } })],
    ['consent/no_consent', fence({}, { consents: { sms: { ...consent, status: 'inquiry', expiresAt: tuesdayNoon } } })],
    ['consent/channel_unknown', fence({ followUp: followUpRecord({ channel: 'fax' }) })],
    ['consent/provider_unreadable', fence({ provider: 'unreadable: no_token' })],
    ['consent/contact_gone', fence({ provider: { ...shown, exists: false } })],
    ['consent/provider_dnd', fence({ provider: { ...shown, dnd: true } })],
    ['consent/provider_dnd', fence({ provider: { ...shown, dndChannels: { sms: 'active' } } })],
    ['human_ownership/hand_over', fence({}, { humanOwnership: { since: 0, userId: null, reason: 'hand_over', untilAt: null } })],
    [
      'human_ownership/human_message',
      fence({}, { humanOwnership: { since: 0, userId: null, reason: 'human_message', untilAt: tuesdayNoon + 1 } }),
    ],
    ['occasion/contact_deleted', fence({}, { deletedAt: 1, status: 'disqualified' })],
    ['occasion/contact_deleted', fence({}, { status: 'disqualified' })],
    ['occasion/status_converted', fence({}, { status: 'converted' })],
    ['occasion/booked', fence({}, { appointment: appointment('confirmed', tuesdayNoon + DAY) })],
    [
      'occasion/no_appointment',
      fence(
        { followUp: followUpRecord({ templateId: 'appointment_confirm.sms.1' }) },
        { appointment: appointment('cancelled', tuesdayNoon + DAY) },
      ),
    ],
    [
      'occasion/booked',
      fence(
        { followUp: followUpRecord({ templateId: 'appointment_missed.sms.1' }) },
        { appointment: appointment('confirmed', tuesdayNoon + DAY) },
      ),
    ],
    ...['showed', 'cancelled', 'confirmed'].map(
      (status) =>
        [
          'occasion/not_missed',
          fence(
            { followUp: followUpRecord({ templateId: 'appointment_missed.sms.1' }) },
            { appointment: appointment(status, tuesdayNoon - HOUR) },
          ),
        ] as const,
    ),
    [
      'allow',
      fence(
        { followUp: followUpRecord({ templateId: 'appointment_missed.sms.1' }) },
        { appointment: appointment('noshow', tuesdayNoon - HOUR) },
      ),
    ],
    ['contact_budget/3_per_24h', fence({}, { outboundTimes: [1, 2, 3].map((hours) => tuesdayNoon - hours * HOUR) })],
    ['duplicates/said_before', fence({}, { recentMessages: [message({ text: followUpRecord().text ?? '' })] })],
    ['length/empty_text', fence({ followUp: followUpRecord({ text: ' ' }) })],
    ['length/sms_too_long', fence({ followUp: followUpRecord({ text: `${'x '.repeat(160)}STOP` }) })],
    ['length/no_way_to_stop', fence({ followUp: followUpRecord({ text: 'Hello there' }) })],
    ['length/no_subject', fence({ followUp: followUpRecord({ channel: 'email', templateId: 'reply.email.1', subject: ' ' }) })],
    ['length/email_too_long', fence({ followUp: followUpRecord({ channel: 'email', subject: 's', text: `${'x'.repeat(10_000)} STOP` }) })],
    ['hours/no_rules', fence({}, { country: 'GB', state: null, phone: '+442071838750', timeZone: 'Europe/London' })],
    [
      'hours/no_rules',
      fence({ tenant: tenantRecord({ country: 'DE' }) }, { phone: 'unknown', state: null, country: null, timeZone: null }),
    ],
    // +1 as well, and neither the United States nor Canada: the Dominican Republic, Jamaica.
    ['hours/no_rules', fence({}, { country: null, state: null, phone: '+18092345678', timeZone: null })],
    ['hours/no_rules', fence({}, { country: 'US', state: null, phone: '+18765265432', timeZone: 'America/New_York' })],
    ['hours/no_lawful_hour', fence({}, { timeZone: 'Mars/Olympus', phone: 'unknown', state: null })],
  ]
  for (const [expected, input] of cases) {
    const { then, gates: results } = judge(input)
    t.equal(then.kind === 'allow' ? 'allow' : `${then.by.gateId}/${then.by.ruleId}`, expected)
    for (const { verdict, liftsAt, ruleId, reason } of results) {
      t.ok(ruleId !== '' && (verdict === 'allow' || reason !== ''), `${expected}: a rule and a reason`)
      t.equal(liftsAt !== null, verdict === 'deny_until', `${expected}: liftsAt where it lifts, and only there`)
      if (liftsAt !== null) t.ok(liftsAt > input.at, `${expected}: it lifts later`)
    }
  }
})

function appointment(status: string, startsAt: number) {
  return { appointmentId: 'a', calendarId: null, status, title: null, startsAt, endsAt: null, assignedUserId: null }
}

t.test('what follows: superseded, expired and denied end it, a gate that lifts moves it, one that lifts too late ends it', async (t) => {
  t.match(judge(fence({}, { epoch: 5 })).then, { kind: 'end', status: 'superseded' })
  t.match(judge(fence({ followUp: followUpRecord({ expiresAt: tuesdayNoon - 1 }) })).then, { kind: 'end', status: 'expired' })
  t.match(judge(fence({}, { dnd: true })).then, { kind: 'end', status: 'denied' })
  t.match(judge(fence({ copyCompleteAt: undefined })).then, { kind: 'defer', at: tuesdayNoon + 5_000 })
  const night = fence({
    at: Date.UTC(2026, 10, 11, 2),
    copyCompleteAt: Date.UTC(2026, 10, 11, 2),
    followUp: followUpRecord({ expiresAt: tuesdayNoon + DAY }),
  })
  t.match(
    judge(night).then,
    { kind: 'end', status: 'expired', by: { gateId: 'hours', ruleId: 'outside_hours' } },
    'Veterans Day is closed and the next morning is too late',
  )
  const patient = { ...night, followUp: followUpRecord({ expiresAt: tuesdayNoon + 4 * DAY }) }
  // 21:00 in New York on the eve of Veterans Day: Thursday 09:00.
  t.match(judge(patient).then, { kind: 'defer', at: Date.UTC(2026, 10, 12, 14) })
})

t.test('a hand-over stays inside the team: consent, hours, budget and ownership are not asked', async (t) => {
  const followUp = followUpRecord({ action: 'hand_over', channel: 'none', templateId: null, text: 'Take over' })
  t.equal(
    verdictOf(
      fence(
        { followUp, at: Date.UTC(2026, 10, 11, 5), copyCompleteAt: Date.UTC(2026, 10, 11, 5) },
        { dnd: true, outboundTimes: [1, 2, 3].map((n) => tuesdayNoon - n) },
      ),
    ),
    'allow',
  )
  t.equal(verdictOf(fence({ followUp }, { epoch: 9 })), 'epoch/superseded')
})

t.test('who was won or lost and asks for a person is handed over; nothing else is done about it', async (t) => {
  const followUp = (action: string) => followUpRecord({ action, channel: 'none', templateId: null, text: 'Take over' })
  for (const status of ['converted', 'lost']) {
    t.equal(verdictOf(fence({ followUp: followUp('hand_over') }, { status })), 'allow')
    for (const action of ['create_task', 'ask', 'assign'])
      t.match(verdictOf(fence({ followUp: followUp(action) }, { status })), /^(occasion|consent)\//)
  }
  t.equal(verdictOf(fence({ followUp: followUp('hand_over') }, { status: 'disqualified' })), 'occasion/contact_deleted')
})

t.test("an answer within minutes of the lead's own message may leave at night, a nudge may not", async (t) => {
  const night = Date.UTC(2026, 10, 11, 5)
  const wrote = (at: number, channel = 'sms', direction = 'inbound') =>
    ({ messageId: null, at, channel, direction, sender: direction === 'inbound' ? 'lead' : 'human', text: '' }) as const
  const input = (at: number, channel = 'sms', direction = 'inbound') =>
    fence({ at: night, copyCompleteAt: night }, { recentMessages: [wrote(at, channel, direction)] })
  t.equal(verdictOf(input(night - 10 * MINUTE + 1)), 'allow')
  t.equal(verdictOf(input(night - 10 * MINUTE)), 'hours/outside_hours')
  t.equal(verdictOf(input(night + 1)), 'hours/outside_hours', 'a message from the future exempts nothing')
  t.equal(
    verdictOf({ ...input(night - MINUTE), followUp: followUpRecord({ action: 'create_task', channel: 'call', templateId: null }) }),
    'hours/outside_hours',
    'a call is no reply',
  )
  t.equal(verdictOf(input(night - MINUTE, 'sms', 'outbound')), 'hours/outside_hours', 'what we wrote is no message of the lead')
  for (const channel of ['call', 'voicemail']) t.equal(verdictOf(input(night - MINUTE, channel)), 'allow', `${channel}: by telephone`)
  for (const channel of ['email', 'live_chat', 'whatsapp', 'facebook'])
    t.equal(verdictOf(input(night - MINUTE, channel)), 'hours/outside_hours', `${channel}: no telephone has to ring by night`)
  const byMail = followUpRecord({ channel: 'email', subject: 'Hello' })
  for (const channel of ['email', 'sms', 'live_chat'])
    t.not(verdictOf({ ...input(night - MINUTE, channel), followUp: byMail }), 'hours/outside_hours', `an e-mail answers ${channel}`)
})

t.test('a lead that has moved, or has another number, is written to by the hours of what the platform shows as well', async (t) => {
  // 9:30 in New York, 6:30 in Los Angeles, where it becomes 9:00 at 17:00 UTC.
  const at = Date.UTC(2026, 10, 10, 14, 30)
  const newYork = { phone: '+12125550101', state: null, timeZone: null, postalCode: null }
  const seen = (provider: Partial<ProviderContact>) =>
    judge(fence({ at, copyCompleteAt: at, provider: { ...shown, ...provider } }, newYork)).then
  for (const same of [{}, { phone: '+12125550101' }, { phone: '' }, { timeZone: 'America/New_York' }, { timeZone: 'Mars/Olympus' }])
    t.match(seen(same), { kind: 'allow' }, JSON.stringify(same))
  for (const west of [
    { phone: '+12135550101' },
    { timeZone: 'America/Los_Angeles' },
    { state: 'CA', country: 'US' },
    { country: 'US', postalCode: '90012' },
  ])
    t.match(seen(west), { kind: 'defer', by: { gateId: 'hours' }, at: Date.UTC(2026, 10, 10, 17) }, JSON.stringify(west))
  t.match(seen({ country: 'GB' }), { kind: 'end', by: { ruleId: 'no_rules' } })
})

t.test('the quiet time of a person ends by itself, e-mail needs no prior permission', async (t) => {
  t.equal(verdictOf(fence({}, { humanOwnership: { since: 0, userId: null, reason: 'human_message', untilAt: tuesdayNoon } })), 'allow')
  t.equal(
    verdictOf(
      fence(
        { followUp: followUpRecord({ channel: 'email', subject: 's', templateId: 'reply.email.1' }), provider: 'unread' },
        { consents: {} },
      ),
    ),
    'allow',
  )
})

t.test('the budget counts everybody, ours from the reservation on, each message once', async (t) => {
  const at = (hours: number) => tuesdayNoon - hours * HOUR
  t.equal(verdictOf(fence({ ownSends: [send(at(1))] }, { outboundTimes: [at(2)] })), 'allow', 'two')
  const three = fence({ ownSends: [send(at(1), { confirmedAt: null, messageId: null })] }, { outboundTimes: [at(2), at(3)] })
  t.equal(verdictOf(three), 'contact_budget/3_per_24h', 'one of ours that is only reserved')
  t.match(judge(three).then, { kind: 'defer', at: at(3) + DAY })
  t.equal(
    verdictOf(
      fence(
        { ownSends: [send(at(1), { messageId: 'told' })] },
        { outboundTimes: [at(1), at(3)], recentMessages: [message({ messageId: 'told', text: 'hello' })] },
      ),
    ),
    'allow',
    'told back by id',
  )
  t.equal(
    verdictOf(fence({ ownSends: [send(at(1))] }, { outboundTimes: [at(1), at(3)], lastOwnAt: at(1) + 1_000 })),
    'allow',
    'told back by our own delivery',
  )
  t.equal(
    verdictOf(fence({ ownSends: [send(at(1))] }, { outboundTimes: [at(2), at(3)], lastOwnAt: at(2) })),
    'contact_budget/3_per_24h',
    'an earlier one of ours is not this one',
  )
  const many = Array.from({ length: 10 }, (_, day) => tuesdayNoon - (day + 2) * DAY)
  t.match(judge(fence({ followUp: followUpRecord({ expiresAt: tuesdayNoon + 10 * DAY }) }, { outboundTimes: many })).then, {
    kind: 'defer',
    at: tuesdayNoon + 3 * DAY,
    by: { ruleId: '10_per_14d' },
  })
  t.equal(
    verdictOf(fence({ tenant: tenantRecord({ maxPer24h: 50, maxPer14d: 50 }) }, { outboundTimes: many })),
    'contact_budget/10_per_14d',
    'a tenant can only lower the ceiling',
  )
  t.equal(verdictOf(fence({ tenant: tenantRecord({ maxPer24h: 0 }) })), 'contact_budget/0_per_24h')
})

t.test('the same words, with another name or from another sender, are not said again within 14 days', async (t) => {
  const text = followUpRecord().text ?? ''
  t.equal(verdictOf(fence({ ownSends: [send(tuesdayNoon - 2 * DAY, { text })] })), 'duplicates/said_before')
  t.equal(verdictOf(fence({}, { recentMessages: [message({ text, at: tuesdayNoon - 14 * DAY })] })), 'allow')
  t.equal(verdictOf(fence({}, { recentMessages: [message({ text, direction: 'inbound' })] })), 'allow', 'what the lead said is not ours')
  t.equal(likeness('', ''), 0)
  // 3 words shared of 5.
  t.equal(likeness('a b c d', 'a b c e'), 0.6)
})

t.test('the table names a source and a status in every row, and the unverified are listed', async (t) => {
  t.strictSame(hoursProblems(hoursTable), [])
  t.ok(unverifiedJurisdictions().includes('US-NJ'))
  const [row] = hoursTable
  if (row === undefined) return t.fail('the table is empty')
  t.equal(
    hoursProblems([
      {
        ...row,
        source: ' ',
        status: 'guess' as 'verified',
        windows: [
          { days: [1], from: '9:00', to: '08:00' },
          { days: [1], from: '09:00', to: '10:00' },
        ],
      },
    ]).length,
    4,
  )
})

t.test('federal holidays and the days they are observed on', async (t) => {
  const closed: readonly (readonly [number, number, number])[] = [
    [2026, 1, 1],
    [2026, 1, 19],
    [2026, 2, 16],
    [2026, 5, 25],
    [2026, 6, 19],
    [2026, 7, 3],
    [2026, 7, 4],
    [2026, 9, 7],
    [2026, 10, 12],
    [2026, 11, 11],
    [2026, 11, 26],
    [2026, 12, 25],
    [2027, 7, 5],
    [2021, 12, 31],
  ]
  for (const [year, month, day] of closed) t.ok(isFederalHoliday(year, month, day), `${year}-${month}-${day}`)
  for (const [year, month, day] of [
    [2026, 5, 18],
    [2026, 7, 2],
    [2026, 11, 19],
    [2026, 11, 27],
    [2026, 12, 24],
  ] as const)
    t.notOk(isFederalHoliday(year, month, day), `${year}-${month}-${day}`)
})

t.test('states narrow the hours: Texas on Sunday from noon, Rhode Island not at all, unknown from 10 to 18', async (t) => {
  const opens = (local: string, zone: string, states: string[]) => {
    const at = DateTime.fromISO(local, { zone }).toMillis()
    const found = earliestLawfulInstant(at, [zone], rulesFor(states) ?? [])
    return found === undefined ? undefined : DateTime.fromMillis(found, { zone }).toFormat("yyyy-MM-dd'T'HH:mm")
  }
  t.equal(opens('2026-11-15T08:00', 'America/Chicago', ['US-TX']), '2026-11-15T12:00')
  t.equal(opens('2026-11-15T08:00', 'America/New_York', ['US-RI']), '2026-11-16T09:00')
  t.equal(opens('2026-11-10T07:00', 'America/New_York', []), '2026-11-10T10:00')
  t.equal(opens('2026-11-10T18:00', 'America/New_York', []), '2026-11-12T10:00', 'the 11th is Veterans Day')
  t.equal(opens('2026-11-10T19:59', 'America/New_York', ['US-NY']), '2026-11-10T19:59')
  t.equal(opens('2026-11-10T20:00', 'America/New_York', ['US-NY', 'US-TX']), '2026-11-12T09:00')
  t.equal(rulesFor(['GB']), undefined)
  t.equal(rulesFor(['US-TX', 'CA-ON']), undefined, 'one state without rules is enough')
  t.equal(earliestLawfulInstant(0, [], hoursTable), undefined)
  const never = [{ ...hoursTable[1], windows: [] }] as typeof hoursTable
  t.equal(earliestLawfulInstant(tuesdayNoon, ['America/New_York'], never), undefined)
})

const zones = [
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Phoenix',
  'America/Los_Angeles',
  'America/Anchorage',
  'Pacific/Honolulu',
  'America/Puerto_Rico',
  'America/Indiana/Knox',
  'America/Kentucky/Louisville',
  'America/Boise',
  'America/Adak',
]
const states = hoursTable.map(({ jurisdiction }) => jurisdiction).filter((name) => name.startsWith('US-'))
/** Minutes of the two weeks around both clock changes of 2026 and 2027. */
const around = [Date.UTC(2026, 2, 1), Date.UTC(2026, 9, 25), Date.UTC(2027, 2, 7), Date.UTC(2027, 10, 1)]
const instants = fc
  .tuple(fc.constantFrom(...around), fc.integer({ min: 0, max: 14 * 1440 }))
  .map(([start, minute]) => start + minute * MINUTE)

t.test('over all zones, states and clock changes: the instant found is inside every window, and a minute earlier is not', patient, (t) =>
  assertProperty(
    t,
    fc.property(
      instants,
      fc.uniqueArray(fc.constantFrom(...zones), { minLength: 1, maxLength: 4 }),
      fc.uniqueArray(fc.constantFrom('US-NY', ...states), { maxLength: 3 }),
      (at, where, which) => {
        const rules = rulesFor(which) ?? []
        const opens = earliestLawfulInstant(at, where, rules)
        if (opens === undefined) return false
        const inside = (instant: number) =>
          where.every((zone) => {
            const local = DateTime.fromMillis(instant, { zone })
            return rules.every((rule) => {
              if (rule.holidays === 'closed' && isFederalHoliday(local.year, local.month, local.day)) return false
              return rule.windows.some(
                ({ days, from, to }) =>
                  (days as readonly number[]).includes(local.weekday) && local.toFormat('HH:mm') >= from && local.toFormat('HH:mm') < to,
              )
            })
          })
        return (
          opens >= at &&
          opens <= at + horizonMs &&
          inside(opens) &&
          isLawful(opens, where, rules) &&
          (opens === at || !inside(opens - MINUTE))
        )
      },
    ),
    { numRuns: 1000 },
  ),
)

t.test('one more zone or state that may apply never opens anything earlier', patient, (t) =>
  assertProperty(
    t,
    fc.property(
      instants,
      fc.uniqueArray(fc.constantFrom(...zones), { minLength: 1, maxLength: 3 }),
      fc.uniqueArray(fc.constantFrom(...states), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...zones),
      fc.constantFrom(...states),
      (at, where, which, zone, state) => {
        const opens = (inZones: readonly string[], inStates: readonly string[]) =>
          earliestLawfulInstant(at, inZones, rulesFor(inStates) ?? []) ?? Infinity
        const before = opens(where, which)
        return opens([...where, zone], which) >= before && opens(where, [...which, state]) >= before && opens(where, []) >= before
      },
    ),
    { numRuns: 400 },
  ),
)

t.test('no stretch in which all states and contiguous zones are closed outlasts a message', patient, async (t) => {
  const contiguous = ['America/New_York', 'America/Chicago', 'America/Denver', 'America/Phoenix', 'America/Los_Angeles']
  let longest = 0
  for (let day = Date.UTC(2026, 0, 1); day < Date.UTC(2030, 0, 1); day += DAY) {
    // 18:00 in New York: the latest end of any day.
    const closes = DateTime.fromMillis(day + 12 * HOUR, { zone: 'America/New_York' })
      .set({ hour: 18, minute: 0 })
      .toMillis()
    const opens = earliestLawfulInstant(closes, contiguous, hoursTable)
    if (opens === undefined) return t.fail(new Date(closes).toISOString())
    longest = Math.max(longest, opens - closes)
  }
  t.equal(longest, 91 * HOUR)
  t.ok(longest < messageLifeMs)
})

const inputs = fc.record({
  at: fc.integer({ min: 0, max: 14 * 1440 }).map((minute) => tuesdayNoon + minute * MINUTE),
  outbound: fc.array(fc.integer({ min: 0, max: 15 * 24 }), { maxLength: 12 }),
  own: fc.array(fc.integer({ min: 0, max: 15 * 24 }), { maxLength: 4 }),
  channel: fc.constantFrom('sms', 'email', 'call'),
  status: fc.constantFrom('inquiry', 'express', 'revoked', 'unknown'),
  maxPer24h: fc.integer({ min: 0, max: 4 }),
  zone: fc.constantFrom(...zones),
})

t.test('taking away consent, hours, budget, freshness or ownership never lets more through', patient, (t) =>
  assertProperty(
    t,
    fc.property(
      inputs,
      fc.constantFrom('consent', 'dnd', 'budget', 'contact', 'own', 'fresh', 'human', 'switch', 'epoch', 'provider', 'address', 'copies'),
      (drawn, removed) => {
        const { at, channel, zone } = drawn
        const consent = { status: drawn.status, at: 0, expiresAt: null, eventId: 'e', words: null }
        const followUp = followUpRecord({
          channel,
          action: channel === 'call' ? 'create_task' : 'send_message',
          subject: 's',
          templateId: 'reply.sms.1',
          expiresAt: at + 30 * DAY,
        })
        const before = fence(
          {
            at,
            copyCompleteAt: at,
            followUp,
            ownSends: drawn.own.map((hours) => send(at - hours * HOUR, { confirmedAt: null })),
            tenant: tenantRecord({ maxPer24h: drawn.maxPer24h }),
          },
          {
            consents: { [channel]: consent },
            outboundTimes: drawn.outbound.map((hours) => at - hours * HOUR).sort((a, b) => a - b),
            timeZone: zone,
            state: null,
            phone: '+18005550100',
          },
        )
        const lead = before.lead ?? profileRecord()
        const less: Record<string, Partial<FenceInput>> = {
          consent: { lead: { ...lead, consents: { [channel]: { ...consent, status: 'revoked' } } } },
          dnd: { lead: { ...lead, dnd: true } },
          budget: { tenant: tenantRecord({ maxPer24h: Math.max(0, drawn.maxPer24h - 1) }) },
          contact: { lead: { ...lead, outboundTimes: [...lead.outboundTimes, at - MINUTE] } },
          own: { ownSends: [...before.ownSends, send(at - MINUTE)] },
          fresh: { copyCompleteAt: undefined },
          human: { lead: { ...lead, humanOwnership: { since: 0, userId: null, reason: 'tag', untilAt: null } } },
          switch: { tenant: tenantRecord({ automation: false, maxPer24h: drawn.maxPer24h }) },
          epoch: { lead: { ...lead, epoch: lead.epoch + 1 } },
          provider: { provider: 'unreadable: timed_out' },
          address: { addressLedgers: [{ [channel]: { ...consent, status: 'revoked' } }] },
          copies: { allCompleteAt: undefined },
        }
        const after = judge({ ...before, ...less[removed] })
        const wasAllowed = new Set(
          judge(before)
            .gates.filter(({ verdict }) => verdict === 'allow')
            .map(({ gateId }) => gateId),
        )
        // No gate that denied before allows now, and so neither does the whole.
        return after.gates.every(({ gateId, verdict }) => verdict !== 'allow' || wasAllowed.has(gateId))
      },
    ),
    { numRuns: 600 },
  ),
)
