/** Routing along the line without a broker: who is asked, what is planned, what a given lead means for epochs and figures. */
import t from 'tap'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { ANSWERS, MONTHS, REALTORS, staff } from '../../pipelines/routing/staff.ts'
import { drive } from '../../runtime/driver.ts'
import type { ContactFields, Decision, LeadEvent, RealtorActivity, StaffState, Tenant } from '../../schemas/generated/records.ts'
import {
  assessments,
  decisions,
  deliveries,
  erasures,
  followups,
  leadEvents,
  profiles,
  realtorActivity,
  realtorFigures,
  realtorSettings,
  tenants,
} from '../../topics/index.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import {
  DAY,
  HOUR,
  MINUTE,
  decisionRecord,
  deliveryRecord,
  noContactFields,
  tenantId,
  tenantRecord,
  tuesdayNoon,
} from '../support/leadRecords.ts'

const maria = `${tenantId}:maria`
const office = {
  tenantId,
  updatedAt: 0,
  realtors: ['ana', 'bea'].map((realtorId) => ({
    realtorId,
    specialties: [],
    seniority: null,
    languages: [],
    availability: 'available',
    capacity: 10,
  })),
}
const line = (tenant: Partial<Tenant> = { routing: 'assign' }, at = tuesdayNoon) =>
  drive([ingest, enrich, agents, consensus, followup], {
    at,
    tables: {
      [tenants.name]: [[tenantId, tenantRecord(tenant)]],
      [realtorSettings.name]: [[tenantId, office]],
      [realtorFigures.name]: [
        [tenantId, { tenantId, at: 0, realtors: [{ realtorId: 'ana', openLeads: 8, answerMinutes: null, answers: 0, won: 0, lost: 0 }] }],
      ],
    },
  })
const event = (kind: string, at: number, changes: Partial<LeadEvent> = {}): LeadEvent => ({
  eventId: `${kind}-${at}`,
  tenantId,
  contactId: 'maria',
  kind,
  occurredAt: at,
  receivedAt: at,
  source: 'webhook',
  sourceId: 's',
  rawType: 'X',
  ...noSections,
  statedAt: null,
  ...changes,
})
const created = (fields: Partial<ContactFields> = {}, at = tuesdayNoon) =>
  event('contact_created', at, { contact: { ...noContactFields, firstName: 'Maria', email: 'maria@example.com', ...fields } })
const wrote = (direction: 'inbound' | 'outbound', at: number, userId: string | null = null, sender = 'human') =>
  event(direction === 'inbound' ? 'message_inbound' : 'message_outbound', at, {
    message: {
      messageId: `m-${at}`,
      conversationId: null,
      channel: 'sms',
      direction,
      sender: direction === 'inbound' ? 'lead' : sender,
      userId,
      text: 'Hello there',
      subject: null,
      status: null,
      callSeconds: null,
      sequence: null,
    } as unknown as NonNullable<LeadEvent['message']>,
  })

t.test('a new lead without a realtor is asked about and given to the one with most room; the message to it goes on', async (t) => {
  const l = line()
  l.pipe(leadEvents, maria, created())
  const [question] = l.outputs(assessments)
  t.match(question?.view.shortlist, [
    { realtorId: 'bea', load: 0 },
    { realtorId: 'ana', load: 8 },
  ])
  t.ok(question?.decisionTypes.includes('routing'))
  const routing = l.outputs(decisions).find(({ type }) => type === 'routing')
  t.match(routing, { chosen: 'realtor_1', params: { realtorId: 'bea', alternates: '["ana"]', shortlist: 'bea ana' } })
  const planned = l.outputs(followups)
  t.match(
    planned.find(({ action }) => action === 'assign'),
    { assigneeId: 'bea', alternates: ['ana'], channel: 'none', dueAt: tuesdayNoon, text: null, epoch: 1, decisionId: routing?.decisionId },
  )
  t.ok(
    planned.some(({ action }) => action === 'send_message'),
    'both are open beside each other',
  )
  t.notOk(planned.some(({ change }) => change === 'cancelled'))
})

t.test('nobody is asked for a lead that has a realtor, is closed, or whose office says nobody or off', async (t) => {
  const types = (l: ReturnType<typeof line>) => l.outputs(assessments).flatMap(({ decisionTypes }) => decisionTypes)
  const owned = line()
  owned.pipe(leadEvents, maria, created({ ownerId: 'ana' }))
  t.ok(types(owned).length > 0)
  t.notOk(types(owned).includes('routing'))
  for (const tenant of [{ routing: 'off' }, { tenantId: 'elsewhere' }]) {
    const l = line(tenant)
    l.pipe(leadEvents, maria, created())
    t.notOk(types(l).includes('routing'), JSON.stringify(tenant))
  }
  const suggesting = line({ routing: null })
  suggesting.pipe(leadEvents, maria, created())
  t.ok(types(suggesting).includes('routing'), 'suggest is the default')
  t.notOk(
    suggesting.outputs(followups).some(({ action }) => action === 'assign'),
    'and carries nothing out',
  )
  t.ok(suggesting.drops.some(({ reason }) => reason === 'routing_suggests_only'))
})

t.test(
  'our own assignment makes the owner and ends nothing, told by us or by the platform first; another owner ends everything',
  async (t) => {
    const handed = { action: 'assign', channel: 'none', messageId: null, text: null, assigneeId: 'bea' }
    const change = (status: string, at: number) => deliveryRecord({ ...handed, deliveryId: `d-${status}`, status, at })
    const ownerAfter = (feed: (l: ReturnType<typeof line>) => void) => {
      const l = line()
      l.pipe(leadEvents, maria, created())
      feed(l)
      const profile = l.outputs(profiles).at(-1)
      return [profile?.ownerId, profile?.epoch, l.outputs(followups).filter(({ change }) => change === 'cancelled').length]
    }
    const platform = (ownerId: string, at: number) => event('contact_updated', at, { contact: { ...noContactFields, ownerId } })
    const told = (l: ReturnType<typeof line>) => {
      l.pipe(deliveries, maria, change('handed_over', tuesdayNoon + 1))
      l.pipe(deliveries, maria, change('confirmed', tuesdayNoon + 2))
    }
    t.strictSame(ownerAfter(told), ['bea', 1, 0])
    t.strictSame(
      ownerAfter((l) => {
        l.pipe(deliveries, maria, change('handed_over', tuesdayNoon + 1))
        l.pipe(leadEvents, maria, platform('bea', tuesdayNoon + 2))
        l.pipe(deliveries, maria, change('confirmed', tuesdayNoon + 3))
      }),
      ['bea', 1, 0],
      'the platform tells of it before it answers',
    )
    t.match(
      ownerAfter((l) => l.pipe(leadEvents, maria, platform('ana', tuesdayNoon + 5))),
      ['ana', 2],
      'somebody else gave it away: what was decided is obsolete',
    )
    t.match(
      ownerAfter((l) => {
        told(l)
        l.pipe(leadEvents, maria, platform('ana', tuesdayNoon + 5))
      }),
      ['ana', 2],
      'given on by a person',
    )
    t.match(
      ownerAfter((l) => {
        l.pipe(deliveries, maria, change('handed_over', tuesdayNoon + 1))
        l.pipe(deliveries, maria, change('failed', tuesdayNoon + 2))
        l.pipe(leadEvents, maria, platform('bea', tuesdayNoon + 3))
      }),
      ['bea', 2],
      'what failed was not ours',
    )
  },
)

t.test(
  'a realtor to whom the lead was certainly not given, before it went on to another, is not ours if a person gives it to them',
  async (t) => {
    const handed = { action: 'assign', channel: 'none', messageId: null, text: null }
    const l = line()
    const tell = (status: string, assigneeId: string, at: number, attempt: number) =>
      l.pipe(deliveries, maria, deliveryRecord({ ...handed, deliveryId: `d${at}`, status, assigneeId, attempt, at: tuesdayNoon + at }))
    l.pipe(leadEvents, maria, created())
    tell('deferred', 'ana', 1, 0)
    tell('handed_over', 'ana', 2, 1)
    t.equal(l.outputs(profiles).at(-1)?.routedTo, 'ana')
    tell('deferred', 'ana', 3, 1)
    t.equal(l.outputs(profiles).at(-1)?.routedTo, null)
    tell('reserved', 'bea', 4, 1)
    tell('denied', 'bea', 5, 1)
    l.pipe(leadEvents, maria, event('contact_updated', tuesdayNoon + 6, { contact: { ...noContactFields, ownerId: 'ana' } }))
    t.match(l.outputs(profiles).at(-1), { ownerId: 'ana', epoch: 2 }, 'a person gave it away')
    t.match(
      l.outputs(followups).at(-1),
      { change: 'cancelled', reason: 'Superseded: the lead or a person has acted since.' },
      'what was open ends',
    )
  },
)

t.test('a newer routing decision replaces an older assignment and nothing else; told twice it plans nothing', async (t) => {
  const l = drive(followup, { at: tuesdayNoon, tables: { [tenants.name]: [[tenantId, tenantRecord({ routing: 'assign' })]] } })
  const routing = (changes: Partial<Decision>) =>
    decisionRecord({ type: 'routing', chosen: 'realtor_1', params: { realtorId: 'ana', shortlist: 'ana bea' }, ...changes })
  l.pipe(decisions, maria, decisionRecord({ decisionId: 'text' }))
  l.pipe(decisions, maria, routing({ decisionId: 'r1' }))
  l.pipe(decisions, maria, routing({ decisionId: 'r1' }))
  l.pipe(decisions, maria, routing({ decisionId: 'r2', chosen: 'realtor_2', params: { realtorId: 'bea', shortlist: 'ana bea' } }))
  l.pipe(decisions, maria, routing({ decisionId: 'r1' }))
  const story = l.outputs(followups).map(({ change, action, decisionId, assigneeId }) => [change, action, decisionId, assigneeId])
  t.strictSame(story, [
    ['planned', 'send_message', 'text', null],
    ['planned', 'assign', 'r1', 'ana'],
    ['cancelled', 'assign', 'r1', null],
    ['planned', 'assign', 'r2', 'bea'],
  ])
  t.strictSame(
    l.drops.map(({ reason }) => reason),
    ['already_planned', 'taken_back'],
  )
  l.pipe(decisions, maria, decisionRecord({ decisionId: 'human', type: 'escalation', chosen: 'hand_over', params: {} }))
  t.match(
    l.outputs(followups).slice(4),
    [{ change: 'cancelled', decisionId: 'text' }, { action: 'hand_over' }],
    'a hand-over leaves the assignment',
  )
  l.pipe(decisions, maria, routing({ decisionId: 'r3', chosen: 'wait', params: {} }))
  t.match(l.outputs(followups).at(-1), { change: 'cancelled', decisionId: 'r2' })
  l.pipe(decisions, maria, routing({ decisionId: 'r4', params: {} }))
  t.equal(l.drops.at(-1)?.reason, 'nobody_named')
})

t.test('a workflow that writes at once has answered nobody: the lead waits for a person, or for Rekindle', async (t) => {
  const minutesAfter = (sender: string) => {
    const l = line()
    l.pipe(leadEvents, maria, created({ ownerId: 'ana' }))
    l.pipe(leadEvents, maria, wrote('inbound', tuesdayNoon + HOUR))
    l.pipe(leadEvents, maria, wrote('outbound', tuesdayNoon + HOUR + 5_000, null, sender))
    l.pipe(leadEvents, maria, wrote('outbound', tuesdayNoon + HOUR + 20 * MINUTE, 'ana'))
    return l.outputs(realtorActivity).flatMap(({ kind, answerMinutes }) => (kind === 'answered' ? [answerMinutes] : []))
  }
  for (const sender of ['workflow', 'campaign', 'bulk', 'api']) t.strictSame(minutesAfter(sender), [20], sender)
  t.strictSame(minutesAfter('rekindle'), [], 'what Rekindle has answered nobody owes an answer to')
})

t.test('a lead counts for its realtor while it is open, an answer is measured from the first message it answers', async (t) => {
  const l = line()
  const told = () => l.outputs(realtorActivity).map(({ kind, realtorId, answerMinutes }) => [kind, realtorId, answerMinutes])
  l.pipe(leadEvents, maria, created({ ownerId: 'ana' }))
  t.strictSame(told(), [['taken', 'ana', null]])
  l.pipe(leadEvents, maria, wrote('inbound', tuesdayNoon + HOUR))
  l.pipe(leadEvents, maria, wrote('inbound', tuesdayNoon + HOUR + 5 * MINUTE))
  l.pipe(leadEvents, maria, wrote('outbound', tuesdayNoon + HOUR + 12 * MINUTE, 'bea'))
  l.pipe(leadEvents, maria, wrote('outbound', tuesdayNoon + HOUR + 20 * MINUTE, 'bea'))
  t.strictSame(told().slice(1), [['answered', 'bea', 12]], 'who wrote it answered, and the second message answers nothing')
  l.pipe(leadEvents, maria, event('contact_updated', tuesdayNoon + 2 * HOUR, { contact: { ...noContactFields, ownerId: 'bea' } }))
  t.strictSame(told().slice(2), [
    ['released', 'ana', null],
    ['taken', 'bea', null],
  ])
  const won = { opportunityId: 'o', pipelineId: null, stageId: null, status: 'won', name: null, monetaryValue: '1', ownerId: null }
  l.pipe(leadEvents, maria, event('opportunity_changed', tuesdayNoon + DAY, { opportunity: won }))
  t.strictSame(told().slice(4), [
    ['released', 'bea', null],
    ['won', 'bea', null],
  ])
  l.pipe(leadEvents, maria, event('opportunity_changed', tuesdayNoon + 2 * DAY, { opportunity: { ...won, status: 'open' } }))
  t.strictSame(told().slice(6), [['taken', 'bea', null]], 'open again')
  l.pipe(erasures, maria, { tenantId, contactId: 'maria', erasedAt: tuesdayNoon + 3 * DAY, requestId: 'r', requestedBy: 'x' })
  t.strictSame(told().slice(7), [['released', 'bea', null]])
  t.notMatch(JSON.stringify(l.outputs(realtorActivity)), /maria/, 'the lead is not told')
  t.strictSame(new Set(l.outputs(realtorActivity).map(({ activityId }) => activityId)).size, 8)
})

t.test('the staff stage counts: sums in any order, a median of the latest answers, closed leads of a year', async (t) => {
  const activity = (kind: string, realtorId = 'ana', changes: Partial<RealtorActivity> = {}): RealtorActivity => ({
    activityId: 'a',
    tenantId,
    realtorId,
    kind,
    at: tuesdayNoon,
    answerMinutes: null,
    ...changes,
  })
  const l = drive(staff, { at: tuesdayNoon })
  const tell = (...all: RealtorActivity[]) => {
    for (const one of all) l.pipe(realtorActivity, tenantId, one)
    return l.outputs(realtorFigures).at(-1)?.realtors
  }
  t.match(tell(activity('taken'), activity('taken'), activity('released'), activity('taken', 'bea')), [
    { realtorId: 'ana', openLeads: 1, answerMinutes: null },
    { realtorId: 'bea', openLeads: 1 },
  ])
  t.match(tell(activity('released', 'bea'), activity('released', 'bea')), [{}, { openLeads: 0 }], 'never below none')
  const answers = [30, 10, 50, 20]
  t.match(tell(...answers.map((answerMinutes) => activity('answered', 'ana', { answerMinutes }))), [{ answerMinutes: null, answers: 4 }])
  t.match(tell(activity('answered', 'ana', { answerMinutes: 40 })), [{ answerMinutes: 30, answers: 5 }], 'the middle of five')
  t.match(tell(activity('answered', 'ana', { answerMinutes: 60 })), [{ answerMinutes: 30 }], 'the lower middle of six')
  for (let i = 0; i < ANSWERS; i++) tell(activity('answered', 'ana', { answerMinutes: 1 }))
  t.match(tell(activity('x')), [{ answerMinutes: 1, answers: ANSWERS }])
  const months = (ago: number) => tuesdayNoon - ago * 30.5 * DAY
  t.match(
    tell(
      activity('won'),
      activity('lost'),
      activity('lost', 'ana', { at: months(MONTHS - 1) }),
      activity('won', 'ana', { at: months(MONTHS + 1) }),
    ),
    [{ won: 1, lost: 2 }],
  )
  for (let i = 0; i < 30; i++) tell(activity('won', 'ana', { at: tuesdayNoon - i * 30.5 * DAY }))
  t.equal(Object.keys((l.state(tenantId) as StaffState).realtors['ana']?.months ?? {}).length, MONTHS)
  for (let i = 2; i <= REALTORS; i++) tell(activity('taken', `r${i}`))
  t.equal(l.drops.at(-1)?.reason, 'too_many_realtors')
  t.equal(tell()?.length, REALTORS)
})
