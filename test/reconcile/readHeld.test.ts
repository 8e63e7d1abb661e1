/** What makes a thing of a lead gone, and what does not: bare 404s, odd answers, empty lists, locations that show nothing, outages. */
import t from 'tap'
import type { Test } from 'tap'
import { Inventory } from '../../reconcile/inventory.ts'
import type { LookedAt } from '../../reconcile/inventory.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import type { LeadProfile, WebhookReceived } from '../../schemas/generated/records.ts'
import { inventories } from '../../sinks/postgres/inventories.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { erasures, profiles, tenants } from '../../topics/index.ts'
import { DAY, HOUR, MINUTE, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { batch } from '../support/sinkBatch.ts'
import { platformBehind } from './gateway.ts'
import type { Answer, Gateway } from './gateway.ts'
import { database } from './platform.ts'

t.setTimeout(120_000)
const now = tuesdayNoon
const iso = (at: number) => new Date(at).toISOString()
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined } as never
const other = 'otherLocation0000001'

const opportunityOf = (id: string) => ({
  ...{ opportunityId: id, pipelineId: 'p', stageId: 's', status: 'open', name: 'x', monetaryValue: null, ownerId: null },
})
const held = {
  opportunities: { o: opportunityOf('o') },
  appointments: {
    a: {
      appointmentId: 'a',
      calendarId: 'sbxCalendar000000001',
      status: 'confirmed',
      title: 'x',
      startsAt: now + HOUR,
      endsAt: null,
      assignedUserId: null,
    },
  },
  tasks: { t: { taskId: 't', title: 'Call', text: null, ownerId: null, dueAt: null, completed: false } },
  notes: { n: { noteId: 'n', text: 'a yard' } },
}

function leadOf(contactId: string, things: Partial<LeadProfile>, over: Partial<LeadProfile> = {}): LeadProfile {
  const times = (['opportunities', 'appointments', 'tasks', 'notes'] as const).flatMap((kind) =>
    Object.keys(things[kind] ?? {}).map((id) => [`${kind}.${id}`, now - DAY] as const),
  )
  return profileRecord({
    contactId,
    firstSeenAt: now - 2 * DAY,
    createdAt: now - DAY,
    tags: [],
    ...things,
    fieldTimes: Object.fromEntries(times),
    ...over,
  })
}

async function world(t: Test, leads: readonly LeadProfile[], gateway?: Gateway) {
  const pool = await database(t)
  const clock = new ManualClock(now)
  const { sandbox, ghl, asked } = await platformBehind(t, clock, gateway)
  await postgresSink(pool).write([
    batch(tenants, 0, [[tenantId, tenantRecord()]]),
    batch(
      profiles,
      0,
      leads.map((lead) => [`${lead.tenantId}:${lead.contactId}`, lead]),
    ),
  ])
  const told: WebhookReceived[] = []
  const sweeper = new Sweeper({ pool, ghl, clock, publish: async (_, record) => void told.push(record) })
  const looked: (LookedAt & { readonly location: string })[] = []
  const inventory = (over: object = {}) =>
    new Inventory({
      ...{ pool, ghl, sweeper, clock, logger: silent, callsPerHour: 1_000_000 },
      onLead: (location, one) => void looked.push({ ...one, location }),
      ...over,
    })
  const round = async () => {
    await clock.run(inventory().round())
    return (await inventories(pool, 'open')).get(tenantId)
  }
  const types = () => told.map(({ type, contactId }) => `${type} ${contactId}`).sort()
  return { pool, clock, sandbox, told, looked, asked, inventory, round, types }
}
type World = Awaited<ReturnType<typeof world>>

/** Everything that maria holds is on the platform, and things of somebody else. */
function fill({ sandbox }: World, contactId = 'maria', location = tenantId): void {
  const [added, starts] = [iso(now - DAY), iso(now + HOUR)]
  sandbox.put('contacts', location, { id: contactId, locationId: location, dateAdded: added, dateUpdated: added })
  for (const [id, of] of [
    ['o', contactId],
    ['o-other', 'jo'],
  ])
    sandbox.put('opportunities', location, {
      id,
      contactId: of,
      status: 'open',
      pipelineId: 'p',
      pipelineStageId: 's',
      name: 'x',
      createdAt: added,
    })
  for (const [id, of] of [
    ['a', contactId],
    ['a-other', 'jo'],
  ])
    sandbox.put('appointments', location, {
      ...{ id, contactId: of, calendarId: 'sbxCalendar000000001', title: 'x', appointmentStatus: 'confirmed', startTime: starts },
      dateAdded: added,
    })
  sandbox.put('tasks', location, { id: 't', contactId, title: 'Call', body: '', completed: false })
  sandbox.put('notes', location, { id: 'n', contactId, body: '<p>a yard</p>', dateAdded: added })
}

const deletions = [
  { type: 'OpportunityDelete', id: 'o' },
  { type: 'AppointmentDelete', appointment: { id: 'a' } },
  { type: 'TaskDelete', id: 't' },
  { type: 'NoteDelete', id: 'n' },
].map((body) => ({ ...body, locationId: tenantId }))

t.test('what is there is no news and costs a call each; what is gone is asked for twice, with the contact and another one', async (t) => {
  const w = await world(t, [leadOf('maria', held)])
  fill(w)
  t.match((await w.round())?.counts, { leads: 1, calls: 4, read: 4, missed: 0, unclear: 0 })
  t.strictSame(w.asked, [
    'GET /opportunities/o',
    'GET /calendars/events/appointments/a',
    'GET /contacts/maria/tasks',
    'GET /contacts/maria/notes',
  ])
  for (const body of deletions) w.sandbox.happened(body, now)
  w.clock.advance(6 * HOUR)
  // The appointment is past by then, so nobody asks for it any more.
  t.match((await w.round())?.counts, { leads: 1, missed: 3, unclear: 0, calls: 3 + 1 + 1 + 2 + 1 + 1 })
  t.strictSame(w.types(), ['NoteDelete maria', 'OpportunityDelete maria', 'TaskDelete maria'])
  t.ok(w.told.every(({ origin, webhookId }) => origin === 'reconcile' && webhookId?.startsWith('reconcile:') === true))
  t.equal((await w.pool.query("SELECT count(*)::int AS n FROM sweep_findings WHERE type LIKE '%Delete'")).rows[0].n, 3)
})

t.test('an appointment that is gone is told with what is known of it', async (t) => {
  const w = await world(t, [leadOf('maria', { appointments: held.appointments })])
  fill(w)
  w.sandbox.happened({ type: 'AppointmentDelete', locationId: tenantId, appointment: { id: 'a' } }, now)
  t.match((await w.round())?.counts, { missed: 1, calls: 6 }, 'twice, the contact, the calendars, the events of one, and another by its id')
  t.match(JSON.parse(String(w.told[0]?.body)), {
    type: 'AppointmentDelete',
    appointment: { id: 'a', contactId: 'maria', startTime: iso(now + HOUR) },
  })
})

t.test('a bare 404, an odd answer, another thing, a list with a row that cannot be read, a missing scope: nothing is told', async (t) => {
  const cases: Readonly<Record<string, (url: string) => Answer | undefined>> = {
    'a gateway without the path': (url) =>
      /opportunities\/o$|appointments\/a$|tasks$|notes$/.test(url) ? { status: 404, body: '{"message":"Not Found"}' } : undefined,
    'a body without a field': (url) =>
      /opportunities\/o$|appointments\/a$|tasks$|notes$/.test(url) ? { status: 200, body: '{"msg":"ok"}' } : undefined,
    'a page of a proxy': (url) =>
      /opportunities\/o$|appointments\/a$|tasks$|notes$/.test(url) ? { status: 200, body: '<html>wait</html>' } : undefined,
    'another thing': (url) => {
      if (/opportunities\/o$/.test(url)) return { status: 200, body: '{"opportunity":{"id":"zz","contactId":"maria","status":"lost"}}' }
      if (/appointments\/a$/.test(url)) return { status: 200, body: '{"event":{"id":"zz","contactId":"maria"}}' }
      return undefined
    },
    'a row without an id': (url) =>
      /(tasks|notes)$/.test(url) ? { status: 200, body: '{"notes":[{"body":"?"}],"tasks":[{"title":"?"}]}' } : undefined,
    'no scope': (url) =>
      /opportunities\/o$|appointments\/a$|tasks$|notes$/.test(url)
        ? { status: 401, body: '{"message":"The token is not authorized for this scope."}' }
        : undefined,
  }
  for (const [name, answer] of Object.entries(cases)) {
    const w = await world(t, [leadOf('maria', held)], (_, url) => answer(url.replace(/\?.*/, '')))
    fill(w)
    const state = await w.round()
    t.match(state, { endedAt: now, counts: { leads: 1, missed: 0, passed: 0 } }, name)
    t.equal(state?.counts.unclear, name === 'another thing' || name === 'a row without an id' ? 2 : 4, name)
    t.strictSame(w.types(), [], name)
  }
})

t.test('said once is not said twice: a thing that is there when it is asked for again stays', async (t) => {
  const met = new Map<string, number>()
  const once: Gateway = (_, url) => {
    const times = (met.get(url) ?? 0) + 1
    met.set(url, times)
    if (times > 1) return undefined
    if (/opportunities\/o$/.test(url)) return { status: 400, body: '{"message":"Opportunity with id o not found"}' }
    if (/appointments\/a$/.test(url)) return { status: 404, body: '{"message":"Appointment not found"}' }
    return /(tasks|notes)$/.test(url) ? { status: 200, body: '{"notes":[],"tasks":[]}' } : undefined
  }
  const w = await world(t, [leadOf('maria', held)], once)
  fill(w)
  t.match((await w.round())?.counts, { missed: 0, unclear: 4 })
  t.strictSame(w.types(), [])
})

t.test('a location that shows no other opportunity, appointment or contact says nothing by what it lacks', async (t) => {
  const w = await world(t, [leadOf('maria', held)])
  w.sandbox.put('contacts', tenantId, { id: 'maria', dateAdded: iso(now - DAY) })
  t.match((await w.round())?.counts, { missed: 2, unclear: 2 })
  t.strictSame(w.types(), ['NoteDelete maria', 'TaskDelete maria'], 'lists of a contact that is there are whole')
})

t.test('what is settled is asked about apart from what is open, and told in the same way', async (t) => {
  const settled = {
    opportunities: { o: { ...opportunityOf('o'), status: 'won' }, off: { ...opportunityOf('off'), status: 'lost' } },
    appointments: { a: { ...held.appointments.a, status: 'showed', startsAt: now - 40 * DAY } },
    tasks: { t: { ...held.tasks.t, completed: true } },
    notes: held.notes,
  }
  const w = await world(t, [leadOf('maria', settled, { status: 'converted' })])
  fill(w)
  const off = { id: 'off', contactId: 'maria', status: 'lost', pipelineId: 'p', pipelineStageId: 's', name: 'x' }
  w.sandbox.put('opportunities', tenantId, { ...off, createdAt: iso(now - DAY) })
  const old = { ...held.appointments.a, appointmentStatus: 'showed', startTime: iso(now - 50 * DAY), contactId: 'jo' }
  w.sandbox.put('appointments', tenantId, { ...old, id: 'a-old', calendarId: 'sbxCalendar000000001', dateAdded: iso(now - 60 * DAY) })
  for (const body of deletions) w.sandbox.happened(body, now)
  t.match((await w.round())?.counts, { leads: 0, calls: 0 }, 'nothing is open')
  t.match((await inventories(w.pool, 'settled')).get(tenantId)?.counts, { leads: 1, read: 5, missed: 4, unclear: 0 })
  t.strictSame(w.types(), ['AppointmentDelete maria', 'NoteDelete maria', 'OpportunityDelete maria', 'TaskDelete maria'])
})

const lastOnes = {
  opportunities: { o: { ...opportunityOf('o'), pipelineId: 'sbxPipeline000000001' } },
  appointments: { a: { ...held.appointments.a, startsAt: now + 5 * DAY } },
}
const suspects = async (w: World) => Object.keys((await inventories(w.pool, 'open')).get(tenantId)?.suspects ?? {}).sort()
const both = ['appointments.a', 'opportunities.o']

t.test('the last opportunity and a lone appointment: seen gone hours apart, by lists that would show them', async (t) => {
  const w = await world(t, [leadOf('maria', lastOnes)])
  w.sandbox.put('contacts', tenantId, { id: 'maria', dateAdded: iso(now - DAY) })
  t.match((await w.round())?.counts, { missed: 0, unclear: 2 })
  t.strictSame(await suspects(w), both)
  w.clock.advance(6 * HOUR)
  t.match((await w.round())?.counts, { missed: 2, unclear: 0 })
  t.strictSame(w.types(), ['AppointmentDelete maria', 'OpportunityDelete maria'])
  t.strictSame(await suspects(w), [], 'told is told')
})

t.test('by the verb too, once the inventory has seen it hours ago', async (t) => {
  const w = await world(t, [leadOf('maria', lastOnes)])
  w.sandbox.put('contacts', tenantId, { id: 'maria', dateAdded: iso(now - DAY) })
  const verb = () => w.clock.run(w.inventory().turn(tenantRecord()))
  await verb()
  await w.round()
  w.clock.advance(3 * HOUR - 1)
  await verb()
  t.strictSame(w.types(), [], 'not a moment earlier')
  w.clock.advance(MINUTE)
  await verb()
  t.strictSame(w.types(), ['AppointmentDelete maria', 'OpportunityDelete maria'])
})

t.test('a fault that makes the last one seem gone deletes nothing, however it looks', async (t) => {
  const gone = (url: string): Answer | undefined => {
    if (/opportunities\/o$/.test(url)) return { status: 400, body: '{"message":"Opportunity with id o not found"}' }
    return /appointments\/a$/.test(url) ? { status: 404, body: '{"message":"Appointment not found"}' } : undefined
  }
  const empty = (url: string): Answer | undefined =>
    /opportunities\/search$|calendars\/events$/.test(url) ? { status: 200, body: '{"opportunities":[],"events":[]}' } : undefined
  const odd: Readonly<Record<string, { readonly suspected: boolean; readonly answer: (url: string) => Answer | undefined }>> = {
    'another location: neither its pipeline nor its calendar': {
      suspected: false,
      answer: (url) =>
        /pipelines$|calendars\/$/.test(url)
          ? { status: 200, body: '{"pipelines":[{"id":"x","stages":[]}],"calendars":[{"id":"x"}]}' }
          : empty(url),
    },
    'no right to see pipelines and calendars': {
      suspected: false,
      answer: (url) => (/pipelines$|calendars\/$/.test(url) ? { status: 403, body: '{"message":"Forbidden resource"}' } : empty(url)),
    },
    'lists that lack everything': {
      suspected: false,
      answer: (url) => (/pipelines$|calendars\/$|search$|events$/.test(url) ? { status: 200, body: '{}' } : undefined),
    },
    'a list with a row that cannot be read': {
      suspected: false,
      answer: (url) =>
        /opportunities\/search$|calendars\/events$/.test(url)
          ? { status: 200, body: '{"opportunities":[{"name":"?"}],"events":[{"title":"?"}]}' }
          : undefined,
    },
    'lists that are empty for a while': { suspected: true, answer: empty },
  }
  for (const [name, { suspected, answer }] of Object.entries(odd)) {
    let isOver = false
    const w = await world(t, [leadOf('maria', lastOnes)], (_, url) => {
      const path = url.replace(/\?.*/, '')
      return isOver ? undefined : (gone(path) ?? answer(path))
    })
    fill(w)
    // Nothing else is there: these two are the last ones.
    for (const body of [
      { type: 'OpportunityDelete', id: 'o-other' },
      { type: 'AppointmentDelete', appointment: { id: 'a-other' } },
    ])
      w.sandbox.happened({ ...body, locationId: tenantId }, now)
    t.match((await w.round())?.counts, { missed: 0, unclear: 2 }, name)
    t.strictSame(await suspects(w), suspected ? both : [], name)
    isOver = suspected
    w.clock.advance(6 * HOUR)
    t.match((await w.round())?.counts, { unclear: suspected ? 0 : 2 }, name)
    t.strictSame(await suspects(w), [], `${name}: what is there is no suspect`)
    t.notMatch(w.types().join(), /Delete/, name)
  }
})

t.test('a contact that is gone is told as that, its things with it', async (t) => {
  const w = await world(t, [leadOf('maria', held)])
  fill(w)
  w.sandbox.put('contacts', tenantId, { id: 'jo', dateAdded: iso(now - DAY) })
  w.sandbox.happened({ type: 'ContactDelete', locationId: tenantId, id: 'maria' }, now)
  await w.round()
  t.strictSame(w.types(), ['ContactDelete maria'])
})

t.test('what stands otherwise is told too; of an erased lead nothing is', async (t) => {
  const w = await world(t, [leadOf('maria', held), leadOf('jo', { notes: { x: { noteId: 'x', text: 'secret' } } })])
  fill(w)
  w.sandbox.put('opportunities', tenantId, {
    id: 'o',
    contactId: 'maria',
    status: 'won',
    createdAt: iso(now - DAY),
    updatedAt: iso(now - HOUR),
  })
  w.sandbox.put('notes', tenantId, { id: 'n', contactId: 'maria', body: 'a pool', dateAdded: iso(now - DAY) })
  w.sandbox.put('notes', tenantId, { id: 'n2', contactId: 'maria', body: 'lost', dateAdded: iso(now - HOUR) })
  w.sandbox.put('tasks', tenantId, { id: 't', contactId: 'maria', title: 'Call', body: '', completed: true })
  w.sandbox.put('notes', tenantId, { id: 'x', contactId: 'jo', body: 'changed', dateAdded: iso(now - DAY) })
  const order = { tenantId, contactId: 'jo', erasedAt: now - MINUTE, requestId: 'r', requestedBy: 'x' }
  await postgresSink(w.pool).write([batch(erasures, 0, [[`${tenantId}:jo`, order]])])
  await w.round()
  t.strictSame(w.types(), ['NoteCreate maria', 'NoteUpdate maria', 'OpportunityUpdate maria', 'TaskComplete maria'])
})

t.test('of a lead that came back after its erasure is told what is gone and what is changed, as of any other', async (t) => {
  const w = await world(t, [])
  const order = { tenantId, contactId: 'maria', erasedAt: now - HOUR, requestId: 'r', requestedBy: 'x' }
  await postgresSink(w.pool).write([batch(erasures, 0, [[`${tenantId}:maria`, order]])])
  await postgresSink(w.pool).write([batch(profiles, 0, [[`${tenantId}:maria`, leadOf('maria', held)]])])
  fill(w)
  w.sandbox.put('notes', tenantId, { id: 'n', contactId: 'maria', body: 'a pool', dateAdded: iso(now - DAY) })
  w.sandbox.happened({ type: 'OpportunityDelete', locationId: tenantId, id: 'o' }, now)
  w.sandbox.happened({ type: 'TaskDelete', locationId: tenantId, contactId: 'maria', id: 't' }, now)
  await w.round()
  t.strictSame(w.types(), ['NoteUpdate maria', 'OpportunityDelete maria', 'TaskDelete maria'])

  w.told.length = 0
  w.sandbox.happened({ type: 'ContactDelete', locationId: tenantId, id: 'maria' }, now)
  w.sandbox.put('contacts', tenantId, { id: 'jo', dateAdded: iso(now - DAY) })
  w.clock.advance(6 * HOUR)
  await w.round()
  t.strictSame(w.types(), ['ContactDelete maria'])
})

t.test(
  'an outage keeps the place and is waited for; a lead that breaks three times is passed over, and the turn is not whole',
  async (t) => {
    let breaks: 'all' | 'maria' | 'none' = 'all'
    const noteOf = (noteId: string) => ({ [noteId]: { noteId, text: 'a yard' } })
    const w = await world(t, [leadOf('jo', { notes: noteOf('n2') }), leadOf('maria', { notes: noteOf('n') })], (_, url) =>
      breaks === 'all' || (breaks === 'maria' && url.includes('maria')) ? { status: 503, body: '{}' } : undefined,
    )
    fill(w)
    w.sandbox.put('notes', tenantId, { id: 'n2', contactId: 'jo', body: 'a yard', dateAdded: iso(now - DAY) })
    t.match(await w.round(), { afterLead: '', failures: 1, failedBecause: /server_error/, counts: { leads: 0, calls: 1 } })
    t.match(await w.round(), { failures: 1 }, 'not before five minutes')
    breaks = 'maria'
    w.clock.advance(5 * MINUTE + 30_000)
    t.match(await w.round(), { afterLead: `${tenantId}:jo`, failures: 1, counts: { leads: 1, passed: 0 } })
    w.clock.advance(10 * MINUTE)
    t.match(await w.round(), { failures: 2 })
    w.clock.advance(20 * MINUTE)
    t.match(await w.round(), { afterLead: `${tenantId}:maria`, failures: 0, counts: { leads: 1, passed: 1 } })
    w.clock.advance(40 * MINUTE)
    const ended = await w.round()
    t.equal(ended?.endedAt, w.clock.now())
    t.equal(ended?.wholeAt, null)
    breaks = 'none'
    w.clock.advance(6 * HOUR)
    t.match(await w.round(), { counts: { leads: 2, missed: 0, passed: 0 } })
  },
)

t.test('a lead whose contact alone is refused is passed over after three tries; a location that refuses all is waited for', async (t) => {
  for (const [refused, passed] of [
    [/^.contacts.maria$/, 1],
    [/^.contacts.\w+$/, 0],
  ] as const) {
    const notes = (noteId: string) => ({ notes: { [noteId]: { noteId, text: 'a yard' } } })
    const w = await world(t, [leadOf('maria', notes('n')), leadOf('zoe', notes('n2'))], (method, url) =>
      method === 'GET' && refused.test(url) ? { status: 403, body: '{"message":"no"}' } : undefined,
    )
    for (const id of ['maria', 'zoe']) w.sandbox.put('contacts', tenantId, { id, dateAdded: iso(now - DAY), dateUpdated: iso(now - DAY) })
    w.sandbox.put('notes', tenantId, { id: 'n2', contactId: 'zoe', body: 'a yard', dateAdded: iso(now - DAY) })
    t.match(await w.round(), { afterLead: '', failures: 1, failedBecause: /^forbidden/ })
    w.clock.advance(6 * MINUTE)
    t.match(await w.round(), { afterLead: '', failures: 2 })
    w.clock.advance(11 * MINUTE)
    t.match(await w.round(), { afterLead: passed === 1 ? `${tenantId}:maria` : '', counts: { passed } })
    w.clock.advance(21 * MINUTE)
    t.match(await w.round(), { counts: { passed, leads: passed } })
    t.strictSame(w.told, [])
  }
})

t.test('two processes read each lead once; one that died is followed by the next; each location has calls of its own', async (t) => {
  const leads = ['a', 'b', 'c', 'd', 'e', 'f'].map((contactId) =>
    leadOf(contactId, { notes: { [contactId]: { noteId: contactId, text: 'a yard' } } }),
  )
  const elsewhere = leads.slice(0, 2).map((lead) => ({ ...lead, tenantId: other }))
  const w = await world(t, [...leads, ...elsewhere])
  await postgresSink(w.pool).write([batch(tenants, 1, [[other, tenantRecord({ tenantId: other })]])])
  for (const { contactId, tenantId: location } of [...leads, ...elsewhere])
    w.sandbox.put('notes', location, { id: contactId, contactId, body: 'a yard', dateAdded: iso(now - DAY) })
  const slow = () => w.inventory({ callsPerHour: 75 })
  const both = () => w.clock.run(Promise.all([slow().round(), slow().round()]))
  const counts = async () => {
    const seen = await inventories(w.pool, 'open')
    return [tenantId, other].map((location) => seen.get(location)?.counts.leads)
  }
  await both()
  t.strictSame(
    await counts(),
    [2, 2],
    'a fifth of 75 an hour is kept for what is settled, so a call is a minute, in each location, and one minute was saved up',
  )
  await both()
  t.strictSame(await counts(), [2, 2])
  w.clock.advance(MINUTE)
  await both()
  t.strictSame(await counts(), [3, 2])
  t.equal(w.asked.length, 5, 'none was read twice')

  // Somebody took the location on and died.
  await w.pool.query("UPDATE inventories SET held_until = held_until + interval '5 minutes', claim = claim + 1 WHERE tenant_id = $1", [
    tenantId,
  ])
  w.clock.advance(2 * MINUTE)
  await both()
  t.equal((await counts())[0], 3)
  w.clock.advance(4 * MINUTE)
  await both()
  t.ok(((await counts())[0] ?? 0) > 3, 'its lease is over')
})
