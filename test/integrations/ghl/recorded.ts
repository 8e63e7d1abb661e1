/** The recorded contract of the API: for each call what is asked and what the platform answers, with where it is known from. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GhlClient } from '../../../integrations/ghl/client.ts'
import { allOf } from '../../../integrations/ghl/call/pages.ts'
import type { EndpointName } from '../../../integrations/ghl/endpoints.ts'

export interface Recorded {
  readonly endpoint: EndpointName
  readonly source: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly version: string
    readonly query?: Readonly<Record<string, string>>
    readonly body?: unknown
  }
  readonly answer: { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
}

const folder = join(import.meta.dirname, '../../fixtures/ghl-api')

export const recorded: readonly Recorded[] = readdirSync(folder)
  .sort()
  .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recorded[])

export const ids = {
  location: 've9EPM428h8vShlRW1KT',
  company: '5DP4iH6HLkQsiKESj6rh',
  contact: 'seD4PfOuKoVMLkEZqohJ',
  user: 'hxHGVRb1YJUscrCB8eXK',
  note: 'HGPcayliwcdoUFzvbTok',
  task: 'lJpzYrWdpkC2hX6t2yue',
  conversation: 'ABCHkzuJQ8ZMd4Te84GK',
  message: 't22c6DQcTDf3MjRhwf77',
  email: 'rnGyqh2F6uBrIkfhFo9A',
  opportunity: 'yWQobCRIhRguQtD2llvk',
  pipeline: 'VDm7RPYC2GLUvdpKmBfC',
  stage: 'e93ba61a-53b3-45e7-985a-c7732dbcdb69',
  calendar: 'CVokAlI8fgw4WYWoCtQz',
  event: '0TkCdp9PfvLeWKYRRvIz',
  field: 'MgobCB14YMVKuE4Ka8p1',
  form: 'YSWdvS4Is98wtIDGnpmI',
  workflow: '78559bb3-b920-461e-b010-7b2a2816d2a9',
} as const

const at = Date.parse
const { location: l, contact: c } = ids
const span = { from: at('2026-11-11T00:00:00-06:00'), to: at('2026-11-13T00:00:00-06:00') }
const due = { dueAt: at('2026-11-10T17:00:00.000Z'), assignedTo: ids.user, body: 'Ref f1' }
const opportunity = {
  name: 'Maria Lopez',
  pipelineId: ids.pipeline,
  status: 'open',
  monetaryValue: 450_000,
  stageId: ids.stage,
  contactId: c,
} as const

/** How each recorded call is made with the client, in the order of the examples of its endpoint. */
export const made: Readonly<Record<EndpointName, readonly ((ghl: GhlClient) => Promise<unknown>)[]>> = {
  contactGet: [(ghl) => ghl.contacts.get(l, c)],
  contactSearch: [
    (ghl) => allOf(ghl.contacts.search(l, { updatedFrom: at('2026-11-02T00:00:00Z'), updatedBefore: at('2026-11-03T00:00:00Z') })),
  ],
  contactFind: [(ghl) => ghl.contacts.find(l, { email: 'maria@example.com', phone: '+12025550101' })],
  contactCreate: [
    (ghl) =>
      ghl.contacts.create(l, {
        firstName: 'Maria',
        lastName: 'Lopez',
        email: 'maria@example.com',
        phone: '+12025550101',
        tags: ['buyer'],
        timeZone: 'America/Chicago',
        customFields: [{ id: ids.field, value: '450000' }],
      }),
  ],
  contactUpsert: [(ghl) => ghl.contacts.upsert(l, { firstName: 'Maria', email: 'maria@example.com' })],
  contactUpdate: [
    (ghl) =>
      ghl.contacts.update(l, c, { firstName: 'Maria', timeZone: 'America/Denver', customFields: [{ id: ids.field, value: '500000' }] }),
  ],
  contactDelete: [(ghl) => ghl.contacts.delete(l, c)],
  contactTagsAdd: [(ghl) => ghl.contacts.addTags(l, c, ['hot'])],
  contactTagsRemove: [(ghl) => ghl.contacts.removeTags(l, c, ['hot'])],
  contactAppointments: [(ghl) => ghl.contacts.appointments(l, c)],
  noteList: [(ghl) => ghl.notes.list(l, c)],
  noteCreate: [(ghl) => ghl.notes.create(l, c, { body: 'Wants a yard.', title: 'Call of Monday', userId: ids.user })],
  noteUpdate: [(ghl) => ghl.notes.update(l, c, ids.note, { body: 'Wants a pool.' })],
  noteDelete: [(ghl) => ghl.notes.delete(l, c, ids.note)],
  taskList: [(ghl) => ghl.tasks.list(l, c)],
  taskSearch: [(ghl) => allOf(ghl.tasks.search(l, { contactIds: [c], completed: false }))],
  taskCreate: [(ghl) => ghl.tasks.create(l, c, { ...due, title: 'Call Maria' })],
  taskUpdate: [(ghl) => ghl.tasks.update(l, c, ids.task, { ...due, title: 'Call Maria again' })],
  taskComplete: [(ghl) => ghl.tasks.complete(l, c, ids.task, true)],
  taskDelete: [(ghl) => ghl.tasks.delete(l, c, ids.task)],
  conversationSearch: [(ghl) => allOf(ghl.conversations.search(l, { contactId: c }))],
  conversationGet: [(ghl) => ghl.conversations.get(l, ids.conversation)],
  messageList: [(ghl) => allOf(ghl.conversations.messages(l, ids.conversation))],
  messageGet: [(ghl) => ghl.conversations.message(l, ids.message)],
  emailGet: [(ghl) => ghl.conversations.email(l, ids.email)],
  messageExport: [(ghl) => allOf(ghl.conversations.export(l, { from: at('2026-11-02T18:00:00Z'), before: at('2026-11-02T19:00:00Z') }))],
  messageSend: [
    (ghl) => ghl.conversations.send(l, { contactId: c, channel: 'sms', text: 'Hello. Reply STOP to opt out.', subject: null }),
    (ghl) => ghl.conversations.send(l, { contactId: c, channel: 'email', text: 'Hello & welcome', subject: 'The house' }),
  ],
  messageStatus: [(ghl) => ghl.conversations.setStatus(l, ids.message, 'delivered')],
  messageCancel: [(ghl) => ghl.conversations.cancelScheduled(l, ids.message)],
  opportunitySearch: [(ghl) => allOf(ghl.opportunities.search(l, { status: 'open', fromDay: '2026-10-01', toDay: '2026-10-31' }))],
  opportunityGet: [(ghl) => ghl.opportunities.get(l, ids.opportunity)],
  opportunityCreate: [(ghl) => ghl.opportunities.create(l, opportunity)],
  opportunityUpsert: [(ghl) => ghl.opportunities.upsert(l, opportunity)],
  opportunityUpdate: [(ghl) => ghl.opportunities.update(l, ids.opportunity, { status: 'won', monetaryValue: 460_000 })],
  opportunityStatus: [(ghl) => ghl.opportunities.setStatus(l, ids.opportunity, 'lost')],
  opportunityDelete: [(ghl) => ghl.opportunities.delete(l, ids.opportunity)],
  pipelineList: [(ghl) => ghl.opportunities.pipelines(l)],
  calendarList: [(ghl) => ghl.calendars.list(l)],
  freeSlots: [(ghl) => ghl.calendars.freeSlots(l, ids.calendar, { ...span, timeZone: 'America/Chicago' })],
  eventList: [(ghl) => ghl.calendars.events(l, { calendarId: ids.calendar }, span)],
  appointmentGet: [(ghl) => ghl.calendars.appointment(l, ids.event)],
  appointmentCreate: [
    (ghl) =>
      ghl.calendars.book(l, {
        calendarId: ids.calendar,
        contactId: c,
        title: 'Showing',
        startAt: at('2026-11-12T11:00:00-06:00'),
        endAt: at('2026-11-12T11:30:00-06:00'),
        status: 'confirmed',
        assignedTo: ids.user,
        notify: false,
      }),
  ],
  appointmentUpdate: [(ghl) => ghl.calendars.update(l, ids.event, { status: 'cancelled' })],
  appointmentDelete: [(ghl) => ghl.calendars.delete(l, ids.event)],
  locationGet: [(ghl) => ghl.locations.get(l)],
  customFieldList: [(ghl) => ghl.locations.customFields(l, 'contact')],
  tagList: [(ghl) => ghl.locations.tags(l)],
  userSearch: [(ghl) => allOf(ghl.users.search(l, ids.company))],
  userGet: [(ghl) => ghl.users.get(l, ids.user)],
  workflowList: [(ghl) => ghl.workflows.list(l)],
  workflowAdd: [(ghl) => ghl.workflows.add(l, c, ids.workflow)],
  workflowRemove: [(ghl) => ghl.workflows.remove(l, c, ids.workflow)],
  formList: [(ghl) => allOf(ghl.forms.list(l))],
  formSubmissions: [(ghl) => allOf(ghl.forms.submissions(l, { formId: ids.form, fromDay: '2026-11-01', toDay: '2026-11-02' }))],
}
