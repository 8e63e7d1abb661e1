/** What the sandbox is told has happened, its API shows from then on: lists by time of change go by when it was noted. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Journal } from '../../../integrations/ghl/sandbox/journal.ts'
import { sandboxToken, startSandbox } from '../../../integrations/ghl/sandbox/sandbox.ts'
import { tenantId, tuesdayNoon } from '../../support/leadRecords.ts'
import { ManualClock } from '../../support/manualClock.ts'

const iso = (at: number) => new Date(at).toISOString()

t.test('contacts, messages, appointments and opportunities are shown with their activities, and survive no restart', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-happened-'))
  const options = { file: join(folder, 'sandbox.jsonl'), clock: new ManualClock(tuesdayNoon) }
  const sandbox = await startSandbox(options)
  t.teardown(async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const call = async (path: string, version: string, body?: object) => {
    const answer = await fetch(`${sandbox.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${sandboxToken(tenantId)}`, version, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return (await answer.json()) as Record<string, unknown>
  }
  const happen = async (body: object, at = tuesdayNoon - 5_000, notedAt?: number) =>
    (
      await fetch(`${sandbox.url}/_sandbox/happened`, {
        method: 'POST',
        body: JSON.stringify({ at, ...(notedAt === undefined ? {} : { notedAt }), body }),
      })
    ).status
  const of = { locationId: tenantId, webhookId: 'w', appId: 'a', timestamp: iso(tuesdayNoon) }
  t.equal(
    await happen({ type: 'ContactCreate', id: 'maria', firstName: 'Maria', tags: ['buyer'], ...of }, tuesdayNoon - 86_400_000, tuesdayNoon),
    201,
  )
  t.equal(await happen({ type: 'ContactTagUpdate', id: 'maria', firstName: 'Maria', tags: ['buyer', 'hot'], ...of }), 201)
  t.equal(await happen({ type: 'InboundMessage', contactId: 'maria', messageId: 'm1', messageType: 'SMS', body: 'hi', ...of }), 201)
  t.equal(
    await happen({
      type: 'InboundMessage',
      contactId: 'maria',
      messageId: 'm2',
      messageType: 'CALL',
      callDuration: 9,
      callStatus: 'completed',
      ...of,
    }),
    201,
  )
  t.equal(
    await happen({
      type: 'OutboundMessage',
      contactId: 'maria',
      emailMessageId: 'e1',
      messageType: 'Email',
      body: '<p>hi</p>',
      source: 'workflow',
      ...of,
    }),
    201,
  )
  t.equal(
    await happen({ type: 'AppointmentCreate', appointment: { id: 'a1', contactId: 'maria', startTime: iso(tuesdayNoon) }, ...of }),
    201,
  )
  t.equal(
    await happen({ type: 'OpportunityStageUpdate', id: 'o1', contactId: 'maria', pipelineStageId: 's2', dateAdded: iso(0), ...of }),
    201,
  )

  t.match(await call('/contacts/maria', '2021-07-28'), {
    contact: {
      id: 'maria',
      firstName: 'Maria',
      tags: ['buyer', 'hot'],
      dateUpdated: iso(tuesdayNoon - 5_000),
      dateAdded: iso(tuesdayNoon - 86_400_000),
    },
  })
  const range = (gte: number) => ({
    locationId: tenantId,
    pageLimit: 10,
    filters: [{ field: 'dateUpdated', operator: 'range', value: { gte: iso(gte) } }],
  })
  t.match(await call('/contacts/search', '2021-07-28', range(tuesdayNoon - 5_000)), { total: 1 })
  t.match(await call('/contacts/search', '2021-07-28', range(tuesdayNoon - 4_999)), { total: 0 }, 'the later statement moved it')
  const exported = (await call(`/conversations/messages/export?locationId=${tenantId}&sortBy=updatedAt&sortOrder=asc`, '2021-04-15'))[
    'messages'
  ] as Record<string, unknown>[]
  t.match(exported.map(({ messageType }) => messageType).sort(), [
    'TYPE_ACTIVITY_APPOINTMENT',
    'TYPE_ACTIVITY_CONTACT',
    'TYPE_ACTIVITY_CONTACT',
    'TYPE_ACTIVITY_OPPORTUNITY',
    'TYPE_CALL',
    'TYPE_SMS',
  ])
  t.match(
    exported.find(({ id }) => id === 'm2'),
    { direction: 'inbound', meta: { callDuration: 9, callStatus: 'completed' } },
  )
  const activity = exported.find(({ messageType }) => messageType === 'TYPE_ACTIVITY_OPPORTUNITY')
  t.match(activity, { contactId: 'maria' })
  t.equal(activity?.['direction'], undefined)
  t.match(await call(`/conversations/messages/export?locationId=${tenantId}&channel=Email`, '2021-04-15'), {
    messages: [{ id: 'e1', direction: 'outbound', source: 'workflow', messageType: 'TYPE_EMAIL' }],
  })
  t.match(await call(`/opportunities/search?location_id=${tenantId}&contact_id=maria`, '2021-07-28'), {
    opportunities: [{ id: 'o1', pipelineStageId: 's2', updatedAt: iso(tuesdayNoon - 5_000) }],
  })
  t.match(await call('/contacts/maria/appointments', '2021-07-28'), { events: [{ id: 'a1' }] })
  t.strictSame(sandbox.messages(), [], 'nothing of it was sent through the sandbox')
  t.match(await call(`/conversations/search?locationId=${tenantId}`, '2021-04-15'), { total: 1 })

  await call('/contacts/maria/tags', '2021-07-28', { tags: ['ours'] })
  t.equal(await happen({ type: 'ContactUpdate', id: 'maria', tags: ['new'], ...of }), 201)
  t.match(
    await call('/contacts/maria', '2021-07-28'),
    { contact: { tags: ['buyer', 'hot', 'ours', 'new'] } },
    'tags set through the API stay',
  )
  t.equal(await happen({ type: 'ContactDelete', id: 'maria', ...of }), 201)
  t.match(await call('/contacts/maria', '2021-07-28'), { statusCode: 400 })

  for (const wrong of [
    { type: 'ContactCreate', ...of },
    { type: 'ContactDelete', ...of },
    { type: 'ContactCreate', id: 'x' },
    { type: 'InboundMessage', contactId: 'x', messageType: 'SMS', ...of },
    { type: 'InboundMessage', contactId: 'x', messageId: 'm', messageType: 'Pigeon', ...of },
    { type: 'AppointmentCreate', ...of },
    { type: 'OpportunityCreate', id: 'o', ...of },
    { type: 'INSTALL', ...of },
    { ...of },
  ])
    t.equal(await happen(wrong), 422, JSON.stringify(wrong))
  t.equal(sandbox.happened({}, Number.NaN), 'at is no time')
  t.equal(sandbox.happened(undefined as never, 1), 'body is no object')
})

t.test('notes and tasks are in the lists of their contact; what was deleted is shown by nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-happened-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock: new ManualClock(tuesdayNoon) })
  t.teardown(async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const call = async (path: string, version = '2021-07-28') => {
    const answer = await fetch(`${sandbox.url}${path}`, { headers: { authorization: `Bearer ${sandboxToken(tenantId)}`, version } })
    return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) }
  }
  const happen = (type: string, content: object) => sandbox.happened({ type, locationId: tenantId, ...content }, tuesdayNoon)
  const appointment = { id: 'a1', contactId: 'maria', startTime: iso(tuesdayNoon) }
  for (const [type, content] of [
    ['NoteCreate', { id: 'n1', contactId: 'maria', body: 'a yard' }],
    ['NoteUpdate', { id: 'n1', contactId: 'maria', body: 'a pool' }],
    ['TaskCreate', { id: 't1', contactId: 'maria', title: 'Call' }],
    // As documented: a task that was told of once needs no contact again.
    ['TaskComplete', { id: 't1', title: 'Call' }],
    ['OpportunityCreate', { id: 'o1', contactId: 'maria' }],
    ['AppointmentCreate', { appointment }],
  ] as const)
    t.equal(happen(type, content), undefined, type)
  t.match(await call('/contacts/maria/notes'), { notes: [{ id: 'n1', body: 'a pool', dateAdded: iso(tuesdayNoon) }] })
  t.match(await call('/contacts/maria/tasks'), { tasks: [{ id: 't1', completed: true }] })
  for (const [type, content] of [
    ['NoteDelete', { id: 'n1' }],
    ['TaskDelete', { id: 't1' }],
    ['OpportunityDelete', { id: 'o1' }],
    ['AppointmentDelete', { appointment }],
  ] as const)
    t.equal(happen(type, content), undefined, type)
  t.match(await call('/contacts/maria/notes'), { status: 200, notes: [] })
  t.match(await call('/contacts/maria/tasks'), { status: 200, tasks: [] })
  t.match(await call('/opportunities/o1'), { status: 400, message: 'Opportunity with id o1 not found' })
  t.match(await call('/calendars/events/appointments/a1', '2021-04-15'), { status: 400, message: 'Appointment with id a1 not found' })
  t.match(happen('TaskCreate', { id: 't2', title: 'whose?' }), /no id or no contactId/)
  t.match(happen('NoteDelete', {}), /no id/)
})

t.test('of much that happened the oldest is forgotten; what was sent through the API is not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-happened-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const journal = new Journal(join(folder, 'journal.jsonl'))
  const message = (messageId: string) =>
    ({
      messageId,
      conversationId: 'c',
      location: tenantId,
      contactId: 'maria',
      type: 'SMS',
      body: '',
      subject: null,
      at: 1,
      webhookId: 'w',
    }) as const
  journal.write({ kind: 'message', message: message('sent') })
  journal.hear({ kind: 'put', table: 'contacts', location: tenantId, id: 'old', fields: {} })
  const again = { name: 'again' }
  journal.hear({ kind: 'put', table: 'contacts', location: tenantId, id: 'told again', fields: {} })
  for (let n = 0; n < 24_998; n++) {
    if (n === 20_000) journal.hear({ kind: 'put', table: 'contacts', location: tenantId, id: 'told again', fields: again })
    else journal.hear({ kind: 'message', message: message(`m${n}`) })
  }
  // 25,000 lines are one quarter more than the 20,000 that are kept: the first 5,000 go.
  const kept = journal.messages.map(({ messageId }) => messageId)
  t.equal(kept.length, 1 + 20_000 - 1)
  t.strictSame([kept[0], kept[1], kept.at(-1)], ['sent', 'm4998', 'm24997'])
  t.strictSame([...journal.table('contacts', tenantId)], [['told again', again]])
})
