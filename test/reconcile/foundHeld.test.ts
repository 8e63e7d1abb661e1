/** What leads hold is asked about when it is open and settled; what is gone or stands otherwise becomes the body of its webhook. */
import t from 'tap'
import { permissionDefaults } from '../../pipelines/enrich/settings.ts'
import { isAbout } from '../../pipelines/reconcile/found.ts'
import { foundGone, foundNote, foundTask } from '../../pipelines/reconcile/foundHeld.ts'
import { allHeldBy, heldBy, heldKinds } from '../../pipelines/reconcile/heldThings.ts'
import { newsIn } from '../../pipelines/reconcile/news.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { DAY, HOUR, MINUTE, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'

const now = tuesdayNoon
const settings = { ...permissionDefaults, humanQuietMs: null, inquiryConsentDays: 90, factNames: {} }
const iso = (at: number) => new Date(at).toISOString()
const opportunity = (status: string | null) => ({
  ...{ opportunityId: 'o', pipelineId: null, stageId: null, name: null, monetaryValue: null, ownerId: null },
  status,
})
const appointment = (status: string, startsAt: number | null) => ({
  ...{ appointmentId: 'a', calendarId: 'c', title: 'Showing', endsAt: null, assignedUserId: 'dana' },
  status,
  startsAt,
})
const task = (completed: boolean) => ({ taskId: 't', title: 'Call', text: null, ownerId: 'dana', dueAt: now + DAY, completed })
const note = { noteId: 'n', text: 'a yard' }

function leadOf(over: Partial<LeadProfile>, at = now - DAY): LeadProfile {
  const names = heldKinds.flatMap((kind) => Object.keys(over[kind] ?? {}).map((id) => [`${kind}.${id}`, at] as const))
  return profileRecord({
    contactId: 'maria',
    firstSeenAt: now - 2 * DAY,
    ...over,
    fieldTimes: { ...Object.fromEntries(names), ...over.fieldTimes },
  })
}

t.test('what is open and what is settled, each by itself; nothing that was stated just now', async (t) => {
  const all = {
    opportunities: { open: opportunity('open'), unsaid: opportunity(null), won: opportunity('won'), lost: opportunity('lost') },
    appointments: {
      ahead: appointment('confirmed', now + HOUR),
      past: appointment('confirmed', now - HOUR),
      off: appointment('cancelled', now + HOUR),
      whenever: appointment('new', null),
    },
    tasks: { todo: task(false), done: task(true) },
    notes: { n: note },
  }
  const held = { opportunities: ['open', 'unsaid'], appointments: ['ahead', 'whenever'], tasks: ['todo', 'done'], notes: ['n'] }
  t.strictSame(heldBy(leadOf(all), now, 'open'), held, 'a task that is done stands in the list that is read anyway')
  t.strictSame(
    heldBy(leadOf({ ...all, status: 'lost' }), now, 'open'),
    { ...held, notes: [] },
    'nobody works with the notes of a lead that is lost',
  )
  t.equal(heldBy(leadOf({ ...all, deletedAt: now }), now, 'open'), undefined)
  t.equal(heldBy(leadOf({ tasks: { done: task(true) } }), now, 'open'), undefined, 'nothing to ask about')
  t.equal(heldBy(leadOf(all, now - 10 * MINUTE + 1), now, 'open'), undefined, 'the platform may not show it everywhere yet')
  t.strictSame(heldBy(leadOf(all, now - 10 * MINUTE), now, 'open'), held)

  const settled = { opportunities: ['won', 'lost'], appointments: ['past'], tasks: [], notes: [] }
  t.strictSame(heldBy(leadOf(all), now, 'settled'), settled, 'of one that is cancelled a deletion changes nothing')
  const done = { ...all, status: 'lost', tasks: { done: task(true) } }
  t.strictSame(heldBy(leadOf(done), now, 'settled'), { ...settled, tasks: ['done'], notes: ['n'] })
  t.equal(heldBy(leadOf({ opportunities: { open: opportunity('open') } }), now, 'settled'), undefined)
  const everything = heldKinds.flatMap((kind) => [...(allHeldBy(leadOf(done), now)?.[kind] ?? [])])
  t.strictSame(everything.sort(), ['ahead', 'done', 'lost', 'n', 'open', 'past', 'unsaid', 'whenever', 'won'])
  t.strictSame(allHeldBy(leadOf({ tasks: { done: task(true) } }), now)?.tasks, ['done'])
  t.equal(allHeldBy(leadOf({}), now), undefined)
})

t.test('what is gone has the body of its webhook, dated by the reading, and an id of the state it was deleted in', async (t) => {
  const lead = leadOf({
    opportunities: { o: opportunity('open') },
    appointments: { a: appointment('confirmed', now + HOUR) },
    tasks: { t: task(false) },
    notes: { n: note },
  })
  const cases = [
    ['opportunities', 'o', 'OpportunityDelete', 'opportunity'],
    ['appointments', 'a', 'AppointmentDelete', 'appointment'],
    ['tasks', 't', 'TaskDelete', 'task'],
    ['notes', 'n', 'NoteDelete', 'note'],
  ] as const
  for (const [kind, id, type, name] of cases) {
    const found = foundGone(lead, kind, id, now)
    t.match(found, {
      type,
      contactId: 'maria',
      at: null,
      foundId: `${name}:${id}:${now - DAY}:deleted`,
      body: { type, timestamp: iso(now) },
    })
    t.ok(isAbout(found), type)
    t.equal(newsIn(lead, tenantId, found, now, settings), 'lost', type)
    const restated = { ...lead, fieldTimes: { ...lead.fieldTimes, [`${kind}.${id}`]: now } }
    t.not(foundGone(restated, kind, id, now).foundId, found.foundId, 'one that came back and goes again is told again')
    t.equal(
      newsIn({ ...lead, [kind]: {}, fieldTimes: { [`${kind}.${id}`]: now + MINUTE } }, tenantId, found, now, settings),
      kind === 'appointments' ? 'lost' : 'nothing',
    )
  }
  t.match(foundGone(lead, 'appointments', 'a', now).body, {
    appointment: { id: 'a', calendarId: 'c', title: 'Showing', assignedUserId: 'dana', startTime: iso(now + HOUR) },
  })
})

t.test('a note and a task that stand otherwise are told, dated by the reading; the same ones are no news', async (t) => {
  const lead = leadOf({ notes: { n: note }, tasks: { t: task(false) } })
  const listedNote = (body: string) => foundNote(lead, { noteId: 'n', body, addedAt: now - DAY }, now)
  const listed = { taskId: 't', title: 'Call', body: '', assignedTo: 'dana', completed: false, dueAt: now + DAY, addedAt: null }
  const news = (found: ReturnType<typeof foundNote>) => (found === undefined ? undefined : newsIn(lead, tenantId, found, now, settings))
  t.equal(news(listedNote('<p>a yard</p>')), 'nothing')
  t.equal(news(listedNote('<p>a pool</p>')), 'lost')
  t.match(listedNote('a pool'), { type: 'NoteUpdate', at: null, body: { timestamp: iso(now), contactId: 'maria' } })
  t.equal(news(foundTask(lead, listed, now)), 'nothing')
  t.match(foundTask(lead, { ...listed, completed: true }, now), { type: 'TaskComplete', body: { timestamp: iso(now) } })
  t.equal(news(foundTask(lead, { ...listed, completed: true }, now)), 'lost')
  t.match(foundTask(lead, { ...listed, title: 'Write' }, now), { type: 'TaskCreate' }, 'there is no webhook of a changed task')
  t.equal(news(foundTask(lead, { ...listed, title: 'Write' }, now)), 'lost')
  t.not(listedNote('a pool')?.foundId, listedNote('a yard')?.foundId)
  const fresh = leadOf({ notes: { n: note }, tasks: { t: task(false) } }, now - 5 * MINUTE)
  t.equal(
    foundNote(fresh, { noteId: 'n', body: 'older', addedAt: now - DAY }, now),
    undefined,
    'a list may lag behind what was told just now',
  )
  t.equal(foundTask(fresh, listed, now), undefined)
})

t.test(
  'one that no webhook told of is told when one should have: added since the lead is known, long enough ago, and not deleted',
  async (t) => {
    const lead = leadOf({ fieldTimes: { 'notes.deleted': now - HOUR } })
    const at = (addedAt: number | null, noteId = 'new') => foundNote(lead, { noteId, body: 'x', addedAt }, now)
    t.match(at(now - HOUR), { type: 'NoteCreate', at: now - HOUR, body: { dateAdded: iso(now - HOUR), timestamp: undefined } })
    t.equal(at(now - 3 * DAY), undefined, 'from before the app knew the lead')
    t.equal(at(now - 9 * MINUTE), undefined, 'its webhook may be on its way')
    t.equal(at(null), undefined, 'the platform does not say when')
    t.equal(at(now - HOUR, 'deleted'), undefined, 'a list that lags brings nothing back')
    const listed = { taskId: 't', title: 'Call', body: '', assignedTo: null, completed: false, dueAt: null, addedAt: now - HOUR }
    t.match(foundTask(lead, listed, now), { type: 'TaskCreate', at: now - HOUR })
  },
)
