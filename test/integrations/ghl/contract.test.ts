import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import type { Listed } from '../../../integrations/ghl/call/fields.ts'
import { allOf } from '../../../integrations/ghl/call/pages.ts'
import { ghlClient } from '../../../integrations/ghl/client.ts'
import { fixedTokens } from '../../../integrations/ghl/tokens.ts'
import type { GhlClient } from '../../../integrations/ghl/client.ts'
import { endpoints } from '../../../integrations/ghl/endpoints.ts'
import type { EndpointName } from '../../../integrations/ghl/endpoints.ts'
import type { Read } from '../../../integrations/ghl/outcomes.ts'
import { ManualClock } from '../../support/manualClock.ts'
import { assertProperty } from '../../support/property.ts'
import { ids, made, recorded } from './recorded.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly version: string
  readonly authorization: string
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
}

/** A server that answers what it is told to, and remembers what it was asked. */
async function replay(
  t: Test,
  answers?: (path: string) => object,
): Promise<{ ghl: GhlClient; asked: Asked[]; answer: (status: number, body: string) => void }> {
  let next = { status: 200, body: '{}' }
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const url = new URL(request.url ?? '/', 'http://x')
        const text = Buffer.concat(chunks).toString()
        asked.push({
          method: request.method ?? '',
          path: url.pathname,
          version: String(request.headers['version']),
          authorization: String(request.headers.authorization),
          query: Object.fromEntries(url.searchParams),
          body: text === '' ? undefined : (JSON.parse(text) as unknown),
        })
        const body = answers === undefined ? next.body : JSON.stringify(answers(url.pathname))
        response.writeHead(next.status, { 'content-type': 'application/json' }).end(body)
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ghl = ghlClient({
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens: fixedTokens((tenantId) => `token of ${tenantId}`),
    clock: new ManualClock(Date.UTC(2026, 10, 10)),
    // The contract is about words, not about pace.
    rateLimit: {
      take: async () => ({ granted: true }),
      busy: () => [],
      told: async () => undefined,
      block: async () => undefined,
    } as never,
  })
  t.teardown(async () => {
    await ghl.close()
    server.close()
  })
  return { ghl, asked, answer: (status, body) => (next = { status, body }) }
}

const one = (item: object) => ({ ok: true, value: { items: [item], unreadable: 0 } })
const task = { taskId: ids.task, contactId: ids.contact, title: 'Call Maria', assignedTo: ids.user, dueAt: Date.UTC(2026, 10, 10, 17) }
const accepted = { kind: 'accepted', value: true }
const opportunity = {
  opportunityId: ids.opportunity,
  contactId: ids.contact,
  pipelineId: ids.pipeline,
  stageId: ids.stage,
  status: 'open',
  monetaryValue: 450_000,
  customFields: [{ id: ids.field, value: 'pool' }],
  stageChangedAt: Date.parse('2026-10-20T04:55:17.355Z'),
}
const booked = { eventId: ids.event, calendarId: ids.calendar, contactId: ids.contact, startAt: Date.UTC(2026, 10, 12, 17) }

/** What each recorded answer means, by its own words. */
const means: Readonly<Record<EndpointName, object>> = {
  contactGet: {
    ok: true,
    value: {
      contactId: ids.contact,
      firstName: 'Maria',
      phone: '+12025550101',
      timeZone: 'America/Chicago',
      dnd: false,
      dndChannels: { sms: 'active', email: 'inactive', rcs: 'inactive' },
      inboundBlocked: false,
      additionalEmails: ['maria.l@example.com'],
      tags: ['buyer', 'zillow'],
      customFields: [{ id: ids.field, value: '450000' }],
      updatedAt: Date.UTC(2026, 10, 2, 10),
    },
  },
  contactSearch: one({ contactId: ids.contact, dndChannels: {} }),
  contactFind: { ok: true, value: { contact: { contactId: ids.contact } } },
  contactCreate: { kind: 'accepted', value: { contactId: ids.contact } },
  contactUpsert: { kind: 'accepted', value: { isNew: true, contact: { contactId: ids.contact } } },
  contactUpdate: accepted,
  contactDelete: accepted,
  contactTagsAdd: { kind: 'accepted', value: ['buyer', 'zillow', 'hot'] },
  contactTagsRemove: { kind: 'accepted', value: ['buyer', 'zillow'] },
  // A local time without an offset is not guessed at.
  contactAppointments: one({
    eventId: 'YS3jaqqeehkR2Is80miy',
    status: 'confirmed',
    startAt: null,
    raw: { startTime: '2026-11-12 11:00:00' },
  }),
  noteList: one({ noteId: ids.note, userId: ids.user, title: 'Call of Monday' }),
  noteCreate: { kind: 'accepted', value: { noteId: ids.note } },
  noteUpdate: { kind: 'accepted', value: { noteId: ids.note, body: 'Wants a pool.' } },
  noteDelete: accepted,
  taskList: one({ ...task, completed: false }),
  taskSearch: one(task),
  taskCreate: { kind: 'accepted', value: { taskId: ids.task } },
  taskUpdate: { kind: 'accepted', value: { taskId: ids.task, title: 'Call Maria again' } },
  taskComplete: { kind: 'accepted', value: { taskId: ids.task, completed: true } },
  taskDelete: accepted,
  conversationSearch: one({ conversationId: ids.conversation, unread: 1, lastMessageDirection: 'inbound', lastMessageAt: 1762107229000 }),
  conversationGet: { ok: true, value: { conversationId: ids.conversation, contactId: ids.contact, unread: 1 } },
  messageList: {
    ok: true,
    value: {
      items: [
        { messageType: 'TYPE_CALL', callStatus: 'completed', callSeconds: 120 },
        { messageId: ids.message, direction: 'inbound' },
      ],
    },
  },
  messageGet: { ok: true, value: { messageId: ids.message, at: Date.UTC(2026, 10, 2, 18, 13, 49), body: 'Is it still available?' } },
  emailGet: {
    ok: true,
    value: {
      ...{ emailMessageId: ids.email, direction: 'outbound', subject: 'The house', body: '<p>Hello &amp; welcome</p>' },
      at: Date.UTC(2026, 10, 2, 18, 30),
    },
  },
  messageExport: {
    ok: true,
    value: {
      items: [{ messageType: 'TYPE_SMS' }, { messageType: 'TYPE_CALL' }, { messageType: 'TYPE_ACTIVITY_OPPORTUNITY' }],
      unreadable: 0,
    },
  },
  messageSend: { kind: 'accepted', value: { conversationId: ids.conversation } },
  messageStatus: accepted,
  messageCancel: accepted,
  opportunitySearch: one(opportunity),
  opportunityGet: { ok: true, value: opportunity },
  opportunityCreate: { kind: 'accepted', value: opportunity },
  opportunityUpsert: { kind: 'accepted', value: { opportunity, isNew: false } },
  opportunityUpdate: { kind: 'accepted', value: { opportunityId: ids.opportunity, status: 'won' } },
  opportunityStatus: accepted,
  opportunityDelete: accepted,
  pipelineList: one({
    pipelineId: ids.pipeline,
    name: 'Buyers',
    stages: [
      { stageId: ids.stage, name: 'New lead', position: 0 },
      { name: 'Showing', position: 1 },
    ],
  }),
  calendarList: one({ calendarId: ids.calendar, name: 'Showings', active: true, userIds: [ids.user] }),
  freeSlots: { ok: true, value: [Date.UTC(2026, 10, 11, 16), Date.UTC(2026, 10, 11, 16, 30), Date.UTC(2026, 10, 12, 16)] },
  eventList: one(booked),
  appointmentGet: { ok: true, value: { ...booked, status: 'confirmed', assignedTo: ids.user } },
  appointmentCreate: { kind: 'accepted', value: { ...booked, status: 'confirmed' } },
  appointmentUpdate: { kind: 'accepted', value: { ...booked, status: 'cancelled' } },
  appointmentDelete: accepted,
  locationGet: { ok: true, value: { locationId: ids.location, companyId: ids.company, timeZone: 'America/Chicago' } },
  customFieldList: {
    ok: true,
    value: {
      items: [
        { id: ids.field, name: 'Budget', key: 'contact.budget', options: [] },
        { name: 'Timeframe', options: ['now', 'later'] },
      ],
    },
  },
  tagList: one({ name: 'buyer' }),
  userSearch: one({ userId: ids.user, name: 'Dana Reed', role: 'user', locationIds: [ids.location] }),
  userGet: { ok: true, value: { userId: ids.user, email: 'dana@example.com' } },
  workflowList: one({ workflowId: ids.workflow, name: 'New lead', status: 'published', version: 2 }),
  workflowAdd: accepted,
  workflowRemove: accepted,
  formList: one({ formId: ids.form, name: 'Home value' }),
  formSubmissions: one({
    formId: ids.form,
    contactId: ids.contact,
    at: Date.parse('2026-11-02T06:07:04.000Z'),
    answers: { [ids.field]: '450000' },
  }),
}

t.test('every call has a recorded example, and every example is of a call', async (t) => {
  const named = recorded.map(({ endpoint }) => endpoint)
  t.strictSame([...new Set(named)].sort(), Object.keys(endpoints).sort())
  for (const name of Object.keys(endpoints) as EndpointName[])
    t.equal(made[name].length, named.filter((one) => one === name).length, `${name}: as many calls as examples`)
  for (const { source, endpoint } of recorded)
    t.match(source, /^(gohighlevel\.md|highlevel-api-docs)/, `${endpoint}: where it is known from`)
})

t.test('each call asks what is recorded and reads what was answered', async (t) => {
  const { ghl, asked, answer } = await replay(t)
  const nth = new Map<string, number>()
  for (const { endpoint, request, answer: answered } of recorded) {
    const index = nth.get(endpoint) ?? 0
    nth.set(endpoint, index + 1)
    answer(answered.status, JSON.stringify(answered.body))
    const result = await made[endpoint][index]?.(ghl)
    const [call, ...more] = asked.splice(0)
    t.strictSame(
      call,
      { query: {}, body: undefined, authorization: `Bearer token of ${ids.location}`, ...request },
      `${endpoint}: what is asked`,
    )
    t.equal(more.length, 0, `${endpoint}: one call`)
    t.match(result, means[endpoint], `${endpoint}: what it means`)
  }
})

t.test('what was sent is known by the id that its webhook names: a text by that of the message, an e-mail by its own', async (t) => {
  const { ghl, answer } = await replay(t)
  const sent: unknown[] = []
  for (const [index, { answer: answered }] of recorded.filter(({ endpoint }) => endpoint === 'messageSend').entries()) {
    answer(answered.status, JSON.stringify(answered.body))
    sent.push(await made.messageSend[index]?.(ghl))
  }
  t.match(sent, [{ value: { messageId: ids.message } }, { value: { messageId: ids.email } }])
  const told = [{ id: 'm1', meta: { email: { messageIds: ['e1'] } } }, { id: 'm2' }]
  answer(200, JSON.stringify({ messages: { messages: told, nextPage: false } }))
  t.match(await allOf(ghl.conversations.messages(ids.location, ids.conversation)), {
    value: {
      items: [
        { messageId: 'm1', emailMessageId: 'e1' },
        { messageId: 'm2', emailMessageId: null },
      ],
    },
  })
})

t.test('of e-mails that were sent each is read by its own id, for lists show a thread as one and without its words', async (t) => {
  const { ghl, asked } = await replay(t, (path) => {
    if (path === '/conversations/search') return { conversations: [{ id: 'conv' }], total: 1 }
    const id = path.split('/').at(-1) ?? ''
    if (path.includes('/email/'))
      return { id, direction: id === 'answer' ? 'inbound' : 'outbound', body: `<p>${id}</p>`, dateAdded: '2026-11-10T10:00:00Z' }
    const row = { direction: 'inbound', messageType: 'TYPE_EMAIL', dateAdded: '2026-11-10T10:00:00Z' }
    const thread = { ...row, id: 'm1', meta: { email: { messageIds: ['ours', 'answer', 'more'] } } }
    const older = { ...row, id: 'm2', dateAdded: '2026-11-09T10:00:00Z', meta: { email: { messageIds: ['long ago'] } } }
    return { messages: { messages: [thread, older], nextPage: false } }
  })
  const since = Date.UTC(2026, 10, 10, 9)
  const sent = await ghl.conversations.messagesTo(ids.location, ids.contact, { since, channel: 'email' })
  t.match(sent, {
    ok: true,
    value: [
      { emailMessageId: 'ours', body: '<p>ours</p>' },
      { emailMessageId: 'more', body: '<p>more</p>' },
    ],
  })
  if (sent.ok) t.equal(sent.value.length, 2)
  t.notOk(
    asked.some(({ path }) => path.includes('long')),
    'what is from before is not read',
  )
  t.strictSame(await ghl.conversations.messagesTo(ids.location, ids.contact, { since, channel: 'sms' }), { ok: true, value: [] })
})

t.test('an e-mail that is another one than was asked for, or has no words, is none', async (t) => {
  const { ghl } = await replay(t, (path) => {
    if (path === '/conversations/search') return { conversations: [{ id: 'conv' }], total: 1 }
    if (path.endsWith('/email/blank')) return { id: 'blank', direction: 'outbound' }
    if (path.includes('/email/')) return { id: 'another', direction: 'outbound', body: 'x' }
    return {
      messages: { messages: [{ id: 'm1', messageType: 'TYPE_EMAIL', meta: { email: { messageIds: ['blank'] } } }], nextPage: false },
    }
  })
  t.match(await ghl.conversations.email(ids.location, 'asked'), { ok: false, failure: { code: 'answer_unreadable' } })
  const sent = await ghl.conversations.messagesTo(ids.location, ids.contact, { since: 0, channel: 'email' })
  t.match(sent, { ok: false, detail: 'an e-mail without its words' })
})

t.test('null, absent and "" mean the same', async (t) => {
  const { ghl, answer } = await replay(t)
  for (const nothing of [null, '', undefined]) {
    const contact = { id: ids.contact, firstName: nothing, email: nothing, dndSettings: nothing, tags: nothing, customFields: nothing }
    answer(200, JSON.stringify({ contact }))
    t.match(await ghl.contacts.get(ids.location, ids.contact), {
      ok: true,
      value: { contactId: ids.contact, firstName: null, email: null, dnd: false, dndChannels: {}, tags: [], customFields: [] },
    })
  }
})

t.test('an odd answer is a value, whatever it is', async (t) => {
  const { ghl, answer } = await replay(t)
  const whole = recorded.map(({ answer: { body } }) => body)
  const odd = fc.oneof(
    fc.constantFrom(
      '',
      'null',
      '[]',
      '{}',
      '"text"',
      '<html>Bad gateway</html>',
      '{"contact":',
      '{"contact":[],"messages":{"messages":7}}',
    ),
    fc.json(),
    // The right answer to another question, and one that was cut off.
    fc.constantFrom(...whole).map((body) => JSON.stringify(body)),
    fc.tuple(fc.constantFrom(...whole), fc.nat(200)).map(([body, end]) => JSON.stringify(body).slice(0, end)),
  )
  const names = Object.keys(endpoints) as EndpointName[]
  await assertProperty(
    t,
    fc.asyncProperty(fc.constantFrom(...names), odd, fc.constantFrom(200, 201, 204), async (name, body, status) => {
      answer(status, status === 204 ? '' : body)
      const result = (await made[name][0]?.(ghl)) as { ok?: boolean; kind?: string }
      const { kind } = endpoints[name]
      if (kind === 'read') return typeof result.ok === 'boolean'
      return result.kind === 'accepted' || result.kind === 'unknown'
    }),
    { numRuns: 400 },
  )
})

t.test('a page of a gateway says of no change that it was made, and an answer about nothing not that a contact was changed', async (t) => {
  const { ghl, answer } = await replay(t)
  const changing = (Object.keys(endpoints) as EndpointName[]).filter((name) => endpoints[name].kind !== 'read')
  for (const page of ['<html><body>One moment, please</body></html>', '{"succeded": tr', 'OK'])
    for (const name of changing) {
      answer(200, page)
      t.match(await made[name][0]?.(ghl), { kind: 'unknown', code: 'answer_unreadable' }, `${name} ${page}`)
    }
  // As the platform answers to a scheduled message that is not there: the status of the answer is 200, its body has another.
  for (const tags of ['addTags', 'removeTags'] as const)
    for (const [body, kind] of [
      ['{"status":404,"message":"not there"}', 'unknown'],
      ['{"succeded":false}', 'unknown'],
      ['{}', 'accepted'],
      ['{"tags":["a"]}', 'accepted'],
    ] as const) {
      answer(200, body)
      t.equal((await ghl.contacts[tags](ids.location, ids.contact, ['a'])).kind, kind, `${tags} ${body}`)
    }
  const assigned = async (body: string) => {
    answer(200, body)
    return (await ghl.contacts.update(ids.location, ids.contact, { assignedTo: ids.user })).kind
  }
  for (const body of [
    '',
    '{}',
    '{"msg":"queued"}',
    `{"succeded":true,"contact":{"id":"another"}}`,
    `{"succeded":false,"contact":{"id":"${ids.contact}"}}`,
  ])
    t.equal(await assigned(body), 'unknown', body)
  for (const body of ['{"succeded":true}', '{"succeeded":true}', `{"contact":{"id":"${ids.contact}"}}`])
    t.equal(await assigned(body), 'accepted', body)
})

t.test('what lacks what every item has is counted, not lost in silence', async (t) => {
  const { ghl, answer } = await replay(t)
  answer(200, JSON.stringify({ notes: [{ id: 'n1', body: 'x' }, { body: 'no id' }, null, 7] }))
  t.match(await ghl.notes.list(ids.location, ids.contact), { ok: true, value: { items: [{ noteId: 'n1' }], unreadable: 3 } })
})

t.test(
  'a full page that names no next one ends a list only where the total says so: what is behind it does not count as read',
  async (t) => {
    const { ghl, answer } = await replay(t)
    const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `id${index}` }))
    const lists: Readonly<Record<string, (count: number, total?: number) => Promise<object>>> = {
      contacts: (count, total) => {
        answer(200, JSON.stringify({ contacts: rows(count), total }))
        return allOf(ghl.contacts.search(ids.location, { updatedFrom: 0 }))
      },
      opportunities: (count, total) => {
        answer(200, JSON.stringify({ opportunities: rows(count), meta: { total, startAfter: null, startAfterId: '' } }))
        return allOf(ghl.opportunities.search(ids.location))
      },
      conversations: (count, total) => {
        answer(200, JSON.stringify({ conversations: rows(count), total }))
        return allOf(ghl.conversations.search(ids.location))
      },
    }
    for (const [name, list] of Object.entries(lists)) {
      const odd = { ok: false, failure: { kind: 'unknown', code: 'answer_unreadable' } }
      t.match(await list(100), odd, `${name}: nobody says whether that was all`)
      t.match(await list(100, 101), odd, `${name}: one is missing`)
      t.match(await list(100, 100), { ok: true, value: { items: { length: 100 } } }, `${name}: that was all`)
      if (name !== 'conversations')
        t.match(await list(99), { ok: true, value: { items: { length: 99 } } }, `${name}: a page that is not full`)
    }
    const exported = (count: number, total?: number) => {
      answer(200, JSON.stringify({ messages: rows(count), nextCursor: null, total }))
      return allOf(ghl.conversations.export(ids.location, { from: 0 }))
    }
    t.match(await exported(500), { ok: false, failure: { code: 'answer_unreadable' } }, 'messages: nobody says whether that was all')
    t.match(await exported(500, 501), { ok: false, failure: { code: 'answer_unreadable' } }, 'messages: one is missing')
    t.match(await exported(500, 500), { ok: true, value: { items: { length: 500 } } }, 'messages: that was all')
    t.match(await exported(499), { ok: true, value: { items: { length: 499 } } }, 'messages: a page that is not full')
    answer(200, JSON.stringify({ messages: { nextPage: true, messages: rows(2) } }))
    t.match(await allOf(ghl.conversations.messages(ids.location, 'c')), { ok: false }, 'a next page, and nobody says where')
  },
)

t.test('a list that is asked for by how many to skip goes on where the platform gives fewer than were asked for', async (t) => {
  const { ghl, asked, answer } = await replay(t)
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `id${index}` }))
  // 25 is what both hold when nobody asks; the second answer is the same, until the third is empty.
  const lists: Readonly<Record<string, () => AsyncGenerator<Read<Listed<object>>, void>>> = {
    tasks: () => ghl.tasks.search(ids.location),
    users: () => ghl.users.search(ids.location, ids.company),
  }
  for (const [name, list] of Object.entries(lists)) {
    asked.length = 0
    answer(200, JSON.stringify({ [name]: rows(25) }))
    const pages = list()
    await pages.next()
    await pages.next()
    answer(200, JSON.stringify({ [name]: [] }))
    await pages.next()
    t.match(await pages.next(), { done: true }, name)
    t.equal(asked.length, 3, `${name}: 25 are no end, none is`)
    asked.length = 0
    answer(200, JSON.stringify({ [name]: rows(24) }))
    t.match(await allOf(list()), { ok: true, value: { items: { length: 24 } } })
    t.equal(asked.length, 1, `${name}: fewer than it gives by itself`)
  }
  answer(200, JSON.stringify({ users: rows(24), count: 30 }))
  const users = ghl.users.search(ids.location, ids.company)
  await users.next()
  answer(200, JSON.stringify({ users: rows(6), count: 30 }))
  t.match((await users.next()).value, { value: { items: { length: 6 } } }, 'the total says that there are more')
  t.match(await users.next(), { done: true })
})

t.test('what does not say that do-not-disturb is off does not count as off', async (t) => {
  const { ghl, answer } = await replay(t)
  const dnd = async (fields: object) => {
    answer(200, JSON.stringify({ contact: { id: ids.contact, ...fields } }))
    const read = await ghl.contacts.getSurely(ids.location, ids.contact)
    return read.ok ? read.value?.dnd : read.detail
  }
  for (const off of [{}, { dnd: false }, { dnd: null }, { dnd: '' }, { dnd: 'false' }, { dndSettings: {} }, { dndSettings: null }])
    t.equal(await dnd(off), false, JSON.stringify(off))
  for (const on of [{ dnd: true }, { dnd: 'true' }, { dnd: 1 }, { dnd: {} }, { dndSettings: 'active' }, { dndSettings: [{}] }])
    t.equal(await dnd(on), true, JSON.stringify(on))
})

t.test('a contact is surely there, or surely not, in the words of the platform alone', async (t) => {
  const { ghl, answer, asked } = await replay(t)
  const read = () => ghl.contacts.getSurely(ids.location, ids.contact, { tries: 1 })
  answer(200, JSON.stringify({ contact: { id: 'another' } }))
  t.match(await read(), { ok: false, failure: { kind: 'unknown', code: 'answer_unreadable' } }, 'another contact')
  for (const bare of ['', '<html>404 Not Found</html>', '{}']) {
    answer(404, bare)
    t.match(await read(), { ok: false, failure: { kind: 'unknown', code: 'answer_unreadable' } }, `a gateway: ${bare}`)
  }
  answer(400, JSON.stringify({ message: `Contact with id ${ids.contact} not found` }))
  asked.length = 0
  t.strictSame(await read(), { ok: true, value: undefined })
  t.equal(asked.length, 2, 'said again')
})

t.test('an export that gives fewer than were asked for goes on by its cursor', async (t) => {
  const { ghl, answer } = await replay(t)
  answer(200, JSON.stringify({ messages: [{ id: 'm1' }], nextCursor: 'behind m1', total: 2 }))
  // The same page for the second question: it is asked for, and a cursor that comes twice is no end.
  t.match(await allOf(ghl.conversations.export(ids.location, { from: 0 })), { ok: false, detail: /came twice/ })
})
