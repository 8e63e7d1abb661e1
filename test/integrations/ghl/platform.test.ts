import { createServer } from 'node:http'
import { generateKeyPairSync, verify } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { allOf } from '../../../integrations/ghl/call/pages.ts'
import { ghlClient } from '../../../integrations/ghl/client.ts'
import type { Outcome, Read } from '../../../integrations/ghl/outcomes.ts'
import { LocalWindows } from '../../../integrations/ghl/limit/localWindows.ts'
import { RateLimit } from '../../../integrations/ghl/rateLimit.ts'
import { sandboxToken, startSandbox } from '../../../integrations/ghl/sandbox/sandbox.ts'
import type { Sandbox, SandboxOptions } from '../../../integrations/ghl/sandbox/sandbox.ts'
import { routeOf } from '../../../integrations/ghl/sandbox/routes.ts'
import { endpoints } from '../../../integrations/ghl/endpoints.ts'
import type { EndpointName } from '../../../integrations/ghl/endpoints.ts'
import { fixedTokens } from '../../../integrations/ghl/tokens.ts'
import { ManualClock } from '../../support/manualClock.ts'
import { ids, made, recorded } from './recorded.ts'

const start = Date.UTC(2026, 10, 10, 17)
const l = ids.location

async function platform(t: Test, options: Partial<SandboxOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-platform-'))
  const clock = new ManualClock(start)
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock, callsPer10s: 100_000, ...options })
  const size = { calls: 100_000, windowMs: 10_000, daily: 1_000_000 }
  const limit = new RateLimit({ clock, windows: new LocalWindows(size, clock) })
  const ghl = ghlClient({ apiUrl: sandbox.url, tokens: fixedTokens(sandboxToken), clock, rateLimit: limit, random: () => 0 })
  t.teardown(async () => {
    await ghl.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { sandbox, ghl, clock }
}

function value<T>(answer: Read<T> | Outcome<T>): T {
  if ('ok' in answer ? answer.ok : answer.kind === 'accepted') return (answer as { value: T }).value
  throw new Error(JSON.stringify(answer))
}

/** Puts what the recorded answers speak of into the sandbox. */
function seeded(sandbox: Sandbox): void {
  const of = (endpoint: EndpointName) => recorded.find((one) => one.endpoint === endpoint)?.answer.body ?? {}
  const rows = (endpoint: EndpointName, name: string) => of(endpoint)[name] as Record<string, unknown>[]
  const row = (endpoint: EndpointName, name: string) => of(endpoint)[name] as Record<string, unknown>
  sandbox.put('contacts', l, { ...row('contactGet', 'contact'), dndSettings: {} })
  for (const note of rows('noteList', 'notes')) sandbox.put('notes', l, note)
  for (const task of rows('taskList', 'tasks')) sandbox.put('tasks', l, task)
  sandbox.put('opportunities', l, row('opportunityGet', 'opportunity'))
  for (const pipeline of rows('pipelineList', 'pipelines')) sandbox.put('pipelines', l, pipeline)
  for (const calendar of rows('calendarList', 'calendars')) sandbox.put('calendars', l, calendar)
  sandbox.put('appointments', l, row('appointmentGet', 'event'))
  for (const user of rows('userSearch', 'users')) sandbox.put('users', l, user)
  for (const workflow of rows('workflowList', 'workflows')) sandbox.put('workflows', l, workflow)
  for (const form of rows('formList', 'forms')) sandbox.put('forms', l, form)
  for (const submission of rows('formSubmissions', 'submissions')) sandbox.put('submissions', l, submission)
  for (const field of rows('customFieldList', 'customFields')) sandbox.put('customFields', l, field)
}

/** The paths of an answer with the kind of value at each; `null` stands for anything, of a list the first item speaks. */
function shapeOf(value: unknown, at = ''): string[] {
  if (value === null) return []
  if (Array.isArray(value)) return [`${at}[]`, ...(value.length === 0 ? [] : shapeOf(value[0], `${at}[]`))]
  if (typeof value === 'object') return Object.entries(value).flatMap(([name, one]) => shapeOf(one, `${at}.${name}`))
  return [`${at}: ${typeof value}`]
}

const notAsked = ['.opportunity.assignedTo', '.opportunity.source', '.opportunity.customFields[]']
/** Of what is recorded: what nothing in the recorded request asks for, and what a call has that a text has not. */
const leftOut: Readonly<Partial<Record<EndpointName, readonly string[]>>> = {
  contactCreate: ['.contact.bounceEmail', '.contact.unsubscribeEmail', '.contact.dndSettings'],
  contactGet: ['.contact.dndSettings'],
  contactUpdate: ['.contact.dndSettings'],
  contactUpsert: ['.contact.dndSettings'],
  noteCreate: ['.note.color'],
  messageList: ['.messages.messages[].meta', '.messages.messages[].attachments[]:', '.messages.messages[].userId'],
  opportunityCreate: notAsked,
  opportunityUpsert: notAsked,
}

t.test('every endpoint is routed to itself, words before parameters', async (t) => {
  for (const { endpoint, request } of recorded) {
    const path = request.path.split('/').filter((part) => part !== '')
    t.match(routeOf(request.method, path), { endpoint, version: request.version }, `${request.method} ${request.path}`)
  }
  t.equal(routeOf('PATCH', ['contacts', 'x']), undefined)
  t.equal(Object.keys(endpoints).length, new Set(recorded.map(({ endpoint }) => endpoint)).size)
})

t.test('the sandbox answers each recorded call in the recorded shape', async (t) => {
  for (const { endpoint, request, answer } of recorded) {
    const { sandbox, clock, ghl } = await platform(t)
    seeded(sandbox)
    // A text of the contact, through which the conversation and the message of the examples exist.
    const inbound = sandbox.receive({ location: l, contactId: ids.contact, type: 'SMS', body: 'Is it still available?' })
    let message = inbound.messageId
    if (endpoint === 'messageCancel') {
      const body = JSON.stringify({ type: 'SMS', contactId: ids.contact, message: 'later', scheduledTimestamp: start / 1_000 + 3_600 })
      const headers = { authorization: `Bearer ${sandboxToken(l)}`, version: '2021-04-15', 'content-type': 'application/json' }
      const sent = await fetch(`${sandbox.url}/conversations/messages`, { method: 'POST', headers, body })
      message = ((await sent.json()) as { messageId: string }).messageId
    }
    let email: string = ids.email
    if (endpoint === 'emailGet')
      email = value(await ghl.conversations.send(l, { contactId: ids.contact, channel: 'email', text: 'Hello', subject: 'x' })).messageId
    if (endpoint === 'contactCreate') value(await ghl.contacts.delete(l, ids.contact))
    if (endpoint === 'appointmentCreate') value(await ghl.calendars.delete(l, ids.event))
    clock.advance(60_000)
    const query = { ...request.query }
    if (endpoint === 'contactSearch') sandbox.put('contacts', l, { ...(await contactRow(ghl)), dateUpdated: '2026-11-02T10:00:00.000Z' })
    if (endpoint === 'messageExport')
      Object.assign(query, { startDate: new Date(start).toISOString(), endDate: new Date(start + 1).toISOString() })
    const path = request.path.replace(ids.conversation, inbound.conversationId).replace(ids.message, message).replace(ids.email, email)
    const response = await fetch(`${sandbox.url}${path}?${new URLSearchParams(query).toString()}`, {
      method: request.method,
      headers: { authorization: `Bearer ${sandboxToken(l)}`, version: request.version, 'content-type': 'application/json' },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const told = await response.json()
    t.equal(response.status, answer.status, `${endpoint}: ${JSON.stringify(told).slice(0, 200)}`)
    const [has, wants] = [new Set(shapeOf(told)), shapeOf(answer.body)]
    const missing = wants.filter((path) => !has.has(path) && !(leftOut[endpoint] ?? []).some((left) => path.startsWith(left)))
    t.strictSame(missing, [], `${endpoint}: nothing that is recorded is missing`)
  }
})

async function contactRow(ghl: ReturnType<typeof ghlClient>): Promise<Record<string, unknown>> {
  return { ...(value(await ghl.contacts.get(l, ids.contact))?.raw ?? {}) }
}

t.test('every call of the client is understood: none ends in a wrong version or an unknown route', async (t) => {
  const { sandbox, ghl, clock } = await platform(t)
  for (const endpoint of Object.keys(endpoints) as EndpointName[]) {
    seeded(sandbox)
    for (const make of made[endpoint]) {
      const result = (await clock.run(make(ghl))) as { failure?: { code: string }; code?: string }
      t.notOk(
        ['wrong_version', 'not_found'].includes(result.failure?.code ?? result.code ?? '') && !/with id/.test(JSON.stringify(result)),
        endpoint,
      )
    }
  }
})

t.test('a contact lives: made once, found by what it has, changed, tagged, told to be left alone, gone', async (t) => {
  const { ghl, clock } = await platform(t)
  const maria = { firstName: 'Maria', email: 'Maria@example.com', phone: '+12025550101' }
  const { contactId } = value(await ghl.contacts.create(l, { ...maria, tags: ['buyer'] }))
  t.match(await ghl.contacts.create(l, { email: 'maria@example.com' }), { kind: 'refused', code: 'duplicate_contact' })
  t.match(await ghl.contacts.create(l, { email: 'no address' }), { kind: 'unknown', code: 'perhaps_created' })
  t.match(value(await ghl.contacts.find(l, { phone: '+12025550101' })), { contact: { contactId } })
  t.strictSame(value(await ghl.contacts.find(l, { email: 'nobody@example.com' })), { contact: undefined })
  t.match(value(await ghl.contacts.upsert(l, { email: 'maria@example.com', lastName: 'Lopez' })), { isNew: false, contact: { contactId } })
  t.match(value(await ghl.contacts.upsert(l, { email: 'dan@example.com' })), { isNew: true })
  clock.advance(1_000)
  value(await ghl.contacts.update(l, contactId, { timeZone: 'America/Denver', customFields: [{ id: 'f1', value: '5' }] }))
  value(await ghl.contacts.update(l, contactId, { customFields: [{ id: 'f2', value: 'x' }] }))
  t.strictSame(value(await ghl.contacts.addTags(l, contactId, ['hot'])), ['buyer', 'hot'])
  t.strictSame(value(await ghl.contacts.removeTags(l, contactId, ['buyer'])), ['hot'])
  t.match(value(await ghl.contacts.get(l, contactId)), {
    firstName: 'Maria',
    lastName: 'Lopez',
    timeZone: 'America/Denver',
    tags: ['hot'],
    customFields: [
      { id: 'f1', value: '5' },
      { id: 'f2', value: 'x' },
    ],
    addedAt: start,
    updatedAt: start + 1_000,
  })
  value(await ghl.contacts.removeTags(l, contactId, ['hot']))
  t.strictSame(value(await ghl.contacts.get(l, contactId))?.tags, [])
  value(await ghl.contacts.setDnd(l, contactId, ['SMS'], 'Asked to stop'))
  const sms = { contactId, channel: 'sms', text: 'Hello', subject: null } as const
  t.match(await ghl.conversations.send(l, sms), { kind: 'refused', code: 'dnd_active' })
  t.match(await ghl.conversations.send(l, { ...sms, channel: 'email' }), { kind: 'accepted' })
  value(await ghl.contacts.delete(l, contactId))
  t.equal(value(await ghl.contacts.get(l, contactId)), undefined)
  t.match(await ghl.conversations.send(l, sms), { kind: 'refused', code: 'contact_not_found' })
})

t.test('notes, tasks and enrolments live and end', async (t) => {
  const { ghl } = await platform(t)
  const note = value(await ghl.notes.create(l, 'maria', { body: 'Wants a yard.' }))
  value(await ghl.notes.update(l, 'maria', note.noteId, { body: 'Wants a pool.' }))
  t.match(value(await ghl.notes.list(l, 'maria')).items, [{ body: 'Wants a pool.', addedAt: start }])
  t.match(await ghl.notes.update(l, 'other', note.noteId, { body: 'x' }), { kind: 'refused', code: 'not_found' })
  value(await ghl.notes.delete(l, 'maria', note.noteId))
  t.match(value(await ghl.notes.list(l, 'maria')).items, [])
  const task = { title: 'Call', body: 'Ref f1', dueAt: start, assignedTo: null }
  const { taskId } = value(await ghl.tasks.create(l, 'maria', task))
  t.match(value(await ghl.tasks.update(l, 'maria', taskId, { ...task, title: 'Call again' })), { title: 'Call again', completed: false })
  t.match(value(await allOf(ghl.tasks.search(l, { completed: false }))).items, [{ taskId, contactId: 'maria' }])
  t.match(value(await ghl.tasks.complete(l, 'maria', taskId, true)), { completed: true })
  t.match(value(await allOf(ghl.tasks.search(l, { completed: false }))).items, [])
  value(await ghl.tasks.delete(l, 'maria', taskId))
  t.match(value(await ghl.tasks.list(l, 'maria')).items, [])
  const [workflow] = value(await ghl.workflows.list(l)).items
  value(await ghl.workflows.add(l, 'maria', workflow?.workflowId ?? ''))
  value(await ghl.workflows.remove(l, 'maria', workflow?.workflowId ?? ''))
  t.match(await ghl.workflows.add(l, 'maria', 'unheard-of'), { kind: 'refused', code: 'not_found' })
})

t.test('an opportunity moves through its pipeline and remembers when', async (t) => {
  const { ghl, clock } = await platform(t)
  const [pipeline] = value(await ghl.opportunities.pipelines(l)).items
  const { pipelineId = '', stages = [] } = pipeline ?? {}
  const first = { name: 'Maria', contactId: 'maria', pipelineId, stageId: stages[0]?.stageId ?? '', status: 'open' } as const
  const { opportunityId } = value(await ghl.opportunities.create(l, first))
  t.match(await ghl.opportunities.create(l, { ...first, stageId: 'none' }), { kind: 'refused', code: 'bad_request' })
  clock.advance(60_000)
  t.match(value(await ghl.opportunities.update(l, opportunityId, { stageId: stages[2]?.stageId ?? '' })), {
    stageId: stages[2]?.stageId,
    stageChangedAt: start + 60_000,
    statusChangedAt: start,
  })
  clock.advance(60_000)
  value(await ghl.opportunities.setStatus(l, opportunityId, 'won'))
  t.match(value(await ghl.opportunities.get(l, opportunityId)), {
    status: 'won',
    statusChangedAt: start + 120_000,
    stageChangedAt: start + 60_000,
  })
  t.match(value(await ghl.opportunities.upsert(l, { ...first, monetaryValue: 9 })), {
    isNew: false,
    opportunity: { opportunityId, monetaryValue: 9 },
  })
  value(await ghl.opportunities.delete(l, opportunityId))
  t.match(await ghl.opportunities.get(l, opportunityId), { ok: false, failure: { code: 'not_found' } })
})

t.test('a slot is booked once, by its zone, and is free again when the appointment is cancelled', async (t) => {
  const { ghl } = await platform(t)
  const [calendar] = value(await ghl.calendars.list(l)).items
  const calendarId = calendar?.calendarId ?? ''
  // Wednesday 11 November 2026, 9 to 17 o'clock in Chicago: 16 half hours, the first at 15:00 UTC.
  const day = { from: Date.UTC(2026, 10, 11, 6), to: Date.UTC(2026, 10, 12, 6), timeZone: 'America/Chicago' }
  const free = value(await ghl.calendars.freeSlots(l, calendarId, day))
  t.equal(free.length, 16)
  t.equal(free[0], Date.UTC(2026, 10, 11, 15))
  const slot = { calendarId, contactId: 'maria', startAt: free[0] ?? 0, endAt: (free[0] ?? 0) + 1_800_000 }
  const { eventId } = value(await ghl.calendars.book(l, slot))
  t.match(await ghl.calendars.book(l, slot), { kind: 'refused', code: 'slot_taken' })
  t.equal(value(await ghl.calendars.freeSlots(l, calendarId, day)).length, 15)
  t.match(value(await ghl.calendars.appointment(l, eventId)), { status: 'confirmed', contactId: 'maria', startAt: slot.startAt })
  t.match(value(await ghl.calendars.events(l, { calendarId }, day)).items, [{ eventId }])
  t.match(value(await ghl.contacts.appointments(l, 'maria')).items, [{ eventId, startAt: null }])
  value(await ghl.calendars.update(l, eventId, { status: 'cancelled' }))
  t.equal(value(await ghl.calendars.freeSlots(l, calendarId, day)).length, 16)
  value(await ghl.calendars.delete(l, eventId))
  const year = { from: day.from, to: day.from + 32 * 86_400_000 }
  t.match(await ghl.calendars.freeSlots(l, calendarId, year), { ok: false, failure: { kind: 'refused' } })
})

t.test('messages: inbound and outbound, their status, and one that is taken back before it leaves', async (t) => {
  const { sandbox, ghl, clock } = await platform(t)
  sandbox.receive({ location: l, contactId: 'maria', type: 'SMS', body: 'Still available?' })
  clock.advance(1_000)
  const sent = value(await ghl.conversations.send(l, { contactId: 'maria', channel: 'sms', text: 'Yes!', subject: null }))
  t.match(value(await allOf(ghl.conversations.search(l))).items, [{ contactId: 'maria', lastMessageDirection: 'outbound', unread: 0 }])
  t.match(value(await ghl.conversations.get(l, sent.conversationId ?? '')), { contactId: 'maria' })
  t.match(value(await allOf(ghl.conversations.messages(l, sent.conversationId ?? ''))).items, [
    { direction: 'outbound', body: 'Yes!' },
    { direction: 'inbound', body: 'Still available?', source: 'app' },
  ])
  t.match(value(await ghl.conversations.messagesTo(l, 'maria', { since: start, channel: 'sms' })), [{ messageId: sent.messageId }])
  // Refused until it is visible everywhere, then taken.
  t.match(await clock.run(ghl.conversations.setStatus(l, sent.messageId, 'failed')), { kind: 'accepted' })
  t.match(value(await ghl.conversations.message(l, sent.messageId)), { status: 'failed' })
  t.equal(value(await ghl.conversations.cancelScheduled(l, sent.messageId)), false, 'it has left')
  t.equal(sandbox.messages().length, 1, 'what was received was not sent')
  sandbox.put('contacts', l, { id: 'nobody', email: 'nobody@example.com' })
  const text = { contactId: 'nobody', text: 'Yes!', subject: null }
  t.match(await ghl.conversations.send(l, { ...text, channel: 'sms' }), { kind: 'refused', code: 'phone_missing' })
  t.match(await ghl.conversations.send(l, { ...text, channel: 'email' }), { kind: 'accepted' })
})

t.test('every list is read to its end, whatever the number, nothing twice', async (t) => {
  const { sandbox, ghl, clock } = await platform(t)
  const sorted = (list: readonly string[]) => [...list].sort()
  const names = Array.from({ length: 235 }, (_, index) => `c${String(index).padStart(3, '0')}`)
  for (const [index, id] of names.entries()) {
    // Several in one millisecond: a cursor must not lose those.
    if (index % 3 === 0) clock.advance(1)
    const at = new Date(clock.now()).toISOString()
    sandbox.put('contacts', l, { id, dateAdded: at, dateUpdated: at })
    sandbox.put('opportunities', l, { id: `o${id}`, contactId: id, status: 'open', createdAt: at, updatedAt: at })
    sandbox.put('tasks', l, { id: `t${id}`, contactId: id, title: 'x', completed: false })
    sandbox.put('users', l, { id: `u${id}`, name: id })
    sandbox.put('forms', l, { id: `f${id}`, name: id })
    sandbox.put('submissions', l, { id: `s${id}`, formId: 'f', contactId: id, createdAt: at })
    sandbox.receive({ location: l, contactId: 'maria', type: 'SMS', body: id })
  }
  const read = async <T>(pages: AsyncIterable<Read<{ items: readonly T[]; unreadable: number }>>) => value(await allOf(pages)).items
  t.strictSame(sorted((await read(ghl.contacts.search(l))).map(({ contactId }) => contactId)), names)
  t.strictSame(
    sorted((await read(ghl.opportunities.search(l))).map(({ opportunityId }) => opportunityId)),
    names.map((id) => `o${id}`),
  )
  t.strictSame(
    sorted((await read(ghl.tasks.search(l))).map(({ taskId }) => taskId)),
    names.map((id) => `t${id}`),
  )
  t.strictSame(
    sorted((await read(ghl.users.search(l, 'com1'))).map(({ userId }) => userId)),
    names.map((id) => `u${id}`),
  )
  t.strictSame(
    sorted((await read(ghl.forms.list(l))).map(({ formId }) => formId)),
    names.map((id) => `f${id}`),
  )
  const days = { fromDay: '2026-11-10', toDay: '2026-11-10' }
  t.strictSame(
    sorted((await read(ghl.forms.submissions(l, days))).map(({ submissionId }) => submissionId)),
    names.map((id) => `s${id}`),
  )
  const conversation = (await read(ghl.conversations.search(l)))[0]?.conversationId ?? ''
  t.strictSame(sorted((await read(ghl.conversations.messages(l, conversation))).map(({ body }) => body)), names)
})

t.test('the export gives what changed in a stretch of time, oldest first, e-mail by its own channel', async (t) => {
  const { sandbox, ghl, clock } = await platform(t)
  for (let i = 0; i < 1_203; i++) {
    if (i % 4 === 0) clock.advance(1)
    sandbox.receive({ location: l, contactId: `c${i % 7}`, type: 'SMS', body: String(i) })
  }
  clock.advance(1_000)
  const email = value(await ghl.conversations.send(l, { contactId: 'c1', channel: 'email', text: 'x', subject: 's' }))
  const from = start
  const all = value(await allOf(ghl.conversations.export(l, { from }))).items
  t.strictSame(
    all.map(({ body }) => Number(body)).sort((a, b) => a - b),
    Array.from({ length: 1_203 }, (_, index) => index),
  )
  t.ok(
    all.every(({ at }, index) => index === 0 || (all[index - 1]?.at ?? 0) <= (at ?? 0)),
    'oldest first',
  )
  const emails = value(await allOf(ghl.conversations.export(l, { from, channel: 'Email' }))).items
  t.match(emails, [{ emailMessageId: email.messageId, body: '' }], 'without its words')
  t.match(value(await ghl.conversations.email(l, email.messageId)), { body: '<p>x</p>', subject: 's', direction: 'outbound' })
  // What changed later comes again, though it is old.
  clock.advance(60_000)
  const since = clock.now()
  value(await ghl.conversations.setStatus(l, sandbox.messages()[0]?.messageId ?? '', 'failed'))
  t.match(value(await allOf(ghl.conversations.export(l, { from: since, channel: 'Email' }))).items, [
    { emailMessageId: email.messageId, status: 'failed' },
  ])
  t.strictSame(value(await allOf(ghl.conversations.export(l, { from: since }))).items, [])
})

t.test('contacts and opportunities by date; what is new is found when the index has it', async (t) => {
  const { ghl, clock } = await platform(t, { indexLagMs: 60_000 })
  const { contactId } = value(await ghl.contacts.create(l, { email: 'a@example.com' }))
  const [pipeline] = value(await ghl.opportunities.pipelines(l)).items
  const opportunity = { name: 'x', contactId, pipelineId: pipeline?.pipelineId ?? '', status: 'open' } as const
  value(await ghl.opportunities.create(l, opportunity))
  const found = async () => value(await allOf(ghl.contacts.search(l, { updatedFrom: start, updatedBefore: start + 1 }))).items.length
  t.equal(await found(), 0)
  clock.advance(60_000)
  t.equal(await found(), 1)
  t.equal(value(await allOf(ghl.contacts.search(l, { updatedFrom: start + 1 }))).items.length, 0)
  const on = async (fromDay: string, toDay: string) => value(await allOf(ghl.opportunities.search(l, { fromDay, toDay }))).items.length
  t.equal(await on('2026-11-10', '2026-11-10'), 1)
  t.equal(await on('2026-11-11', '2026-11-12'), 0)
})

t.test('the limits of the platform are per location, told in headers, for the window and for the day', async (t) => {
  const { sandbox, clock } = await platform(t, { callsPer10s: 3, callsPerDay: 5 })
  const call = async (location: string) => {
    const headers = { authorization: `Bearer ${sandboxToken(location)}`, version: '2021-07-28' }
    const answer = await fetch(`${sandbox.url}/contacts/c/notes`, { headers })
    const left = ['x-ratelimit-remaining', 'x-ratelimit-daily-remaining'].map((name) => Number(answer.headers.get(name)))
    return [answer.status, ...left]
  }
  t.strictSame(
    [await call('a'), await call('a'), await call('a')],
    [
      [200, 2, 4],
      [200, 1, 3],
      [200, 0, 2],
    ],
  )
  t.strictSame(await call('a'), [429, 0, 2])
  t.strictSame(await call('b'), [200, 2, 4])
  clock.advance(10_000)
  t.strictSame(
    [await call('a'), await call('a'), await call('a')],
    [
      [200, 2, 1],
      [200, 1, 0],
      [429, 1, 0],
    ],
  )
  clock.advance(86_400_000)
  t.strictSame(await call('a'), [200, 2, 4])
})

t.test('the control calls put rows, messages and codes', async (t) => {
  const { sandbox, ghl } = await platform(t)
  const post = async (path: string, body: object) =>
    (await fetch(`${sandbox.url}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) })).status
  t.equal(await post(`rows/notes/${l}`, { id: 'n1', contactId: 'maria', body: 'x' }), 201)
  t.equal(await post('rows/unheard-of/x', { id: 'n1' }), 422)
  t.equal(await post(`rows/notes/${l}`, { body: 'no id' }), 422)
  t.match(value(await ghl.notes.list(l, 'maria')).items, [{ noteId: 'n1' }])
  t.equal(await post('inbound', { location: l, contactId: 'maria', body: 'Hi' }), 201)
  t.equal(await post('inbound', { location: l }), 422)
  t.match(value(await allOf(ghl.conversations.search(l))).items, [{ contactId: 'maria', unread: 1 }])
  t.equal(await post('codes', { companyId: 'com1', locationId: 'loc1' }), 201)
  t.equal(await post('codes', {}), 422)
})

t.test('writes are told back, signed, with the habits of the platform, also after a restart', async (t) => {
  const keys = generateKeyPairSync('ed25519')
  const pem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const received: Record<string, unknown>[] = []
  let refuse = false
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const body = Buffer.concat(chunks)
        t.ok(verify(null, body, keys.publicKey, Buffer.from(String(request.headers['x-ghl-signature']), 'base64')))
        if (!refuse) received.push(JSON.parse(body.toString()) as Record<string, unknown>)
        response.writeHead(refuse ? 503 : 200).end('{}')
      })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-told-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const options = {
    file: join(folder, 'sandbox.jsonl'),
    webhookUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    signingKeyPem: pem,
    tellsWrites: true,
    appId: 'app1',
  }
  const { sandbox, ghl, clock } = await platform(t, options)
  const told = async () => {
    await clock.run(sandbox.settled())
    return received.splice(0).map(({ type }) => type)
  }
  const { contactId } = value(await ghl.contacts.create(l, { firstName: 'Maria', email: 'm@example.com', timeZone: 'America/Chicago' }))
  await clock.run(sandbox.settled())
  const [created] = received.splice(0)
  t.match(created, { type: 'ContactCreate', locationId: l, id: contactId, appId: 'app1', timestamp: new Date(start).toISOString() })
  t.notOk('timezone' in (created ?? {}), 'a zone is not told')
  t.notOk('lastName' in (created ?? {}), 'what is empty is left out')
  value(await ghl.contacts.addTags(l, contactId, ['hot']))
  t.strictSame(await told(), ['ContactTagUpdate'])
  value(await ghl.contacts.setDnd(l, contactId, ['SMS'], 'x'))
  t.strictSame((await told()).sort(), ['ContactDndUpdate', 'ContactUpdate'])
  const { taskId } = value(await ghl.tasks.create(l, contactId, { title: 'Call', body: 'b', dueAt: start, assignedTo: null }))
  await clock.run(sandbox.settled())
  const [task] = received.splice(0)
  t.match(task, { type: 'TaskCreate', id: taskId })
  t.notOk('contactId' in (task ?? {}), 'highlevel-api-docs #332')
  value(await ghl.tasks.update(l, contactId, taskId, { title: 'Again', body: 'b', dueAt: start, assignedTo: null }))
  t.strictSame(await told(), [], 'there is no TaskUpdate')
  value(await ghl.tasks.complete(l, contactId, taskId, true))
  t.strictSame(await told(), ['TaskComplete'])
  value(await ghl.notes.create(l, contactId, { body: 'x' }))
  t.strictSame(await told(), ['NoteCreate'])
  const [pipeline] = value(await ghl.opportunities.pipelines(l)).items
  const opportunity = { name: 'x', contactId, pipelineId: pipeline?.pipelineId ?? '', status: 'open' } as const
  const { opportunityId } = value(await ghl.opportunities.create(l, opportunity))
  t.strictSame((await told()).sort(), ['OpportunityCreate', 'OpportunityUpdate'], 'highlevel-api-docs #27')
  value(await ghl.opportunities.update(l, opportunityId, { stageId: pipeline?.stages[1]?.stageId ?? '', assignedTo: 'u1' }))
  t.strictSame((await told()).sort(), ['OpportunityAssignedToUpdate', 'OpportunityStageUpdate', 'OpportunityUpdate'])
  value(await ghl.opportunities.delete(l, opportunityId))
  t.strictSame((await told()).sort(), ['OpportunityDelete', 'OpportunityUpdate'])
  const [calendar] = value(await ghl.calendars.list(l)).items
  const { eventId } = value(await ghl.calendars.book(l, { calendarId: calendar?.calendarId ?? '', contactId, startAt: start }))
  await clock.run(sandbox.settled())
  t.match(received.splice(0), [{ type: 'AppointmentCreate', appointment: { id: eventId, contactId, appointmentStatus: 'confirmed' } }])
  refuse = true
  value(await ghl.contacts.delete(l, contactId))
  await clock.settle()
  await sandbox.close()
  refuse = false
  const again = await startSandbox({ ...options, clock })
  t.teardown(() => again.close())
  await clock.run(again.settled())
  t.match(received, [{ type: 'ContactDelete', id: contactId, firstName: 'Maria', email: 'm@example.com' }])
})
