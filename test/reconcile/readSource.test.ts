/** What a sweep reads of things that are gone by then: nothing that it has no more holds up the rest of a location. */
import t from 'tap'
import type { Test } from 'tap'
import type { Found } from '../../pipelines/reconcile/found.ts'
import type { SweepSource } from '../../pipelines/reconcile/sweepPlan.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { readSource } from '../../reconcile/readSource.ts'
import { HOUR, MINUTE, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { platformBehind } from './gateway.ts'
import type { Gateway } from './gateway.ts'

const iso = (at: number) => new Date(at).toISOString()
const sweep = { tenantId, source: 'messages', from: tuesdayNoon - HOUR, before: tuesdayNoon, startedAt: tuesdayNoon } as const
const contact = (id: string) => ({ type: 'ContactCreate', id, locationId: tenantId, firstName: id })
const appointment = (id: string, contactId: string) => ({
  type: 'AppointmentCreate',
  locationId: tenantId,
  appointment: { id, contactId, calendarId: 'c', appointmentStatus: 'confirmed', startTime: iso(tuesdayNoon + HOUR) },
})
const opportunity = (id: string, contactId: string) => ({
  ...{ type: 'OpportunityCreate', locationId: tenantId, id, contactId, status: 'open', name: 'x', pipelineId: 'p', pipelineStageId: 's' },
})
const stop = {
  ...{ type: 'InboundMessage', locationId: tenantId, contactId: 'jo', messageId: 'm1', messageType: 'SMS', body: 'STOP' },
  dateAdded: iso(tuesdayNoon - 10 * MINUTE),
}

async function world(t: Test, gateway?: Gateway) {
  const clock = new ManualClock(tuesdayNoon)
  const { sandbox, ghl } = await platformBehind(t, clock, gateway)
  const lead = profileRecord({ contactId: 'maria', lastEventAt: tuesdayNoon - HOUR })
  const leads = new Map<string, LeadProfile>([[`${tenantId}:maria`, lead]])
  const known = new Set<string>()
  const found: Found[] = []
  const told = async (ids: readonly string[]) => new Set(ids.filter((id) => known.has(id)))
  const read = async (source: SweepSource = 'messages') => {
    found.length = 0
    const broken: string[] = []
    const context = { ghl, options: { tries: 3 }, leads: async () => leads, told, now: () => clock.now() }
    const read = async () => {
      for await (const page of readSource(context, { ...sweep, source })) {
        if (!page.ok) return page.detail
        found.push(...page.value.found)
        broken.push(...page.value.broken.map(({ contactId }) => contactId))
      }
      return 'read'
    }
    const said = await clock.run(read())
    return { said, broken, told: [...new Set(found.map(({ type, contactId }) => `${type} ${contactId}`))].sort() }
  }
  /** What was found last, as its webhook would have told it. */
  const bodies = () => found.map(({ body }) => body)
  return { sandbox, read, ghl, clock, known, bodies }
}

t.test('a contact that is deleted after something of it changed is told as that, and holds up no message of the location', async (t) => {
  for (const [booked, gateway] of [
    [appointment('a', 'maria'), undefined],
    [appointment('a', 'maria'), (_, url) => (/^.contacts.maria.appointments/.test(url) ? { status: 404, body: '' } : undefined)],
    [opportunity('o', 'maria'), undefined],
  ] as const satisfies readonly (readonly [object, Gateway | undefined])[]) {
    const { sandbox, read } = await world(t, gateway)
    for (const id of ['jo', 'maria']) sandbox.happened(contact(id), tuesdayNoon - 2 * HOUR)
    sandbox.happened(booked, tuesdayNoon - 30 * MINUTE)
    sandbox.happened({ type: 'ContactDelete', id: 'maria', locationId: tenantId }, tuesdayNoon - 20 * MINUTE)
    sandbox.happened(stop, tuesdayNoon - 10 * MINUTE)
    const deletion = booked.type === 'AppointmentCreate' ? ['ContactDelete maria'] : []
    t.match(await read(), { said: 'read', told: [...deletion, 'InboundMessage jo'] }, booked.type)
  }
})

t.test('an appointment that its list still shows, and that is gone, holds up neither the others nor a message', async (t) => {
  for (const body of ['{"message":"Appointment with id a not found"}', ''])
    for (const status of [400, 404].filter((status) => body !== '' || status === 404)) {
      const { sandbox, read } = await world(t, (_, url) => (/appointments.a$/.test(url) ? { status, body } : undefined))
      sandbox.happened(contact('maria'), tuesdayNoon - 2 * HOUR)
      for (const id of ['a', 'b']) sandbox.happened(appointment(id, 'maria'), tuesdayNoon - 30 * MINUTE)
      sandbox.happened(stop, tuesdayNoon - 10 * MINUTE)
      t.match(await read(), { said: 'read', told: ['AppointmentCreate maria', 'InboundMessage jo'], broken: [] }, `${status} ${body}`)
    }
})

t.test('a list of appointments that is not there while its contact is leaves the stretch unread', async (t) => {
  const { sandbox, read } = await world(t, (_, url) => (/^.contacts.maria.appointments/.test(url) ? { status: 404, body: '' } : undefined))
  sandbox.happened(contact('maria'), tuesdayNoon - 2 * HOUR)
  sandbox.happened(appointment('a', 'maria'), tuesdayNoon - 30 * MINUTE)
  t.match(await read(), { said: /^not_found/ })
})

t.test('contacts that the platform never shows, while it shows others, hold up none of these and no send', async (t) => {
  for (const status of [500, 422, 400, 403]) {
    const isBroken = (url: string) => /^.contacts.(maria|kim)$/.test(url)
    const { sandbox, read, ghl, clock } = await world(t, (_, url) => (isBroken(url) ? { status, body: '{}' } : undefined))
    for (const id of ['jo', 'kim', 'maria']) sandbox.happened(contact(id), tuesdayNoon - 30 * MINUTE)
    t.strictSame(await read('contacts'), { said: 'read', told: ['ContactCreate jo'], broken: ['kim', 'maria'] }, String(status))
    t.match(await clock.run(ghl.contacts.get(tenantId, 'jo', { tries: 1 })), { ok: true }, 'the breaker of the location is closed')
  }
})

t.test('a location that shows no other contact, and one that is down, leave the stretch unread', async (t) => {
  const refuses = await world(t, (_, url) =>
    /^.contacts.\w+$/.test(url) && !url.endsWith('search') ? { status: 403, body: '{}' } : undefined,
  )
  const down = await world(t, (_, url) =>
    url.startsWith('/contacts/') && !url.endsWith('search') ? { status: 503, body: '{}' } : undefined,
  )
  for (const { sandbox } of [refuses, down]) for (const id of ['jo', 'maria']) sandbox.happened(contact(id), tuesdayNoon - 30 * MINUTE)
  t.match(await refuses.read('contacts'), { said: /^forbidden/, told: [], broken: [] })
  t.match(await down.read('contacts'), { said: /^(server_error|breaker_open)/, told: [], broken: [] })
})

t.test('appointments that one contact never shows hold up no message, while another one shows them', async (t) => {
  let isDown = false
  const { sandbox, read } = await world(t, (_, url) =>
    (isDown ? /appointments$/ : /^.contacts.maria.appointments/).test(url) ? { status: 500, body: '{}' } : undefined,
  )
  for (const id of ['jo', 'maria']) sandbox.happened(contact(id), tuesdayNoon - 2 * HOUR)
  sandbox.happened(appointment('a', 'maria'), tuesdayNoon - 30 * MINUTE)
  sandbox.happened(stop, tuesdayNoon - 10 * MINUTE)
  t.strictSame(await read(), { said: 'read', told: ['InboundMessage jo'], broken: ['maria'] })
  isDown = true
  t.match(await read(), { said: /^(server_error|breaker_open)/, broken: [] })
})

const answered = { ...stop, contactId: 'maria', messageId: 'e1', messageType: 'Email', subject: 'Re: The house' }
const leave = { ...answered, body: '<p>Please stop writing to me.</p>' }

t.test('an e-mail that no webhook told of is read with its words, which the list leaves out; a known one is not read again', async (t) => {
  const asked: string[] = []
  const { sandbox, read, known, bodies } = await world(t, (_, url) => {
    asked.push(url)
    return undefined
  })
  sandbox.happened(leave, tuesdayNoon - 10 * MINUTE)
  t.strictSame(await read('emails'), { said: 'read', told: ['InboundMessage maria'], broken: [] })
  t.match(bodies(), [{ type: 'InboundMessage', messageId: 'e1', subject: 'Re: The house', body: '<p>Please stop writing to me.</p>' }])
  known.add('e1')
  asked.length = 0
  t.match(await read('emails'), { said: 'read', told: ['InboundMessage maria'] })
  t.equal(asked.filter((url) => url.includes('/email/')).length, 0)
})

/** A list with this row alone, and the e-mails that can be read. */
const threadOf = (row: object, emails: Readonly<Record<string, object | number>>): Gateway => {
  const thread = { id: 'thread', messageType: 'TYPE_EMAIL', contactId: 'maria', locationId: tenantId, conversationId: 'c', ...row }
  return (_, url) => {
    if (url.startsWith('/conversations/messages/export')) return { status: 200, body: JSON.stringify({ messages: [thread], total: 1 }) }
    const email = /.messages.email.(\w+)$/.exec(url)?.[1]
    if (email === undefined) return undefined
    const shown = emails[email] ?? 400
    if (typeof shown === 'number') return { status: shown, body: '{"message":"Email not found"}' }
    return { status: 200, body: JSON.stringify({ id: email, threadId: 'thread', contactId: 'maria', ...shown }) }
  }
}

t.test(
  'an answer in a thread that is known is found, from whom it is and dated by itself; the beginning of long ago is not told',
  async (t) => {
    const at = (before: number) => ({ dateAdded: iso(tuesdayNoon - before) })
    const { read, known, bodies } = await world(
      t,
      threadOf(
        { direction: 'outbound', status: 'sent', ...at(2 * HOUR), meta: { email: { messageIds: ['old', 'ours', 'answer'] } } },
        {
          old: { direction: 'inbound', body: 'Hello', ...at(40 * HOUR) },
          answer: { direction: 'inbound', body: 'Please stop writing to me.', ...at(10 * MINUTE) },
        },
      ),
    )
    known.add('ours')
    t.match(await read('emails'), { said: 'read', told: ['InboundMessage maria'] })
    t.match(bodies(), [{ messageId: 'answer', direction: 'inbound', body: 'Please stop writing to me.', ...at(10 * MINUTE) }])
    t.equal(bodies().length, 1)
  },
)

t.test('an e-mail that the platform never shows holds up the stretch only while it shows none', async (t) => {
  const row = { direction: 'inbound', dateAdded: iso(tuesdayNoon - 10 * MINUTE) }
  const [one, two] = [{ messageIds: ['a'] }, { messageIds: ['a', 'b'] }]
  const shown = { direction: 'inbound', body: 'Hi', dateAdded: iso(tuesdayNoon - 5 * MINUTE) }
  const gone = await world(t, threadOf({ ...row, meta: { email: one } }, { a: 400 }))
  t.match(await gone.read('emails'), { said: 'read', told: ['InboundMessage maria'] }, 'that there is one is told')
  const down = await world(t, threadOf({ ...row, meta: { email: one } }, { a: 500 }))
  t.match(await down.read('emails'), { said: /^server_error/, told: [] })
  const broken = await world(t, threadOf({ ...row, meta: { email: two } }, { a: 500, b: shown }))
  t.strictSame(await broken.read('emails'), { said: 'read', told: ['InboundMessage maria'], broken: ['maria'] })
  const beside = await world(t, threadOf({ ...row, meta: { email: two } }, { a: 500, b: shown }))
  beside.known.add('b')
  t.strictSame(await beside.read('emails'), { said: 'read', told: [], broken: ['maria'] }, 'a known one shows it too')
})
