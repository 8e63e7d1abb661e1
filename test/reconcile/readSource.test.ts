/** What a sweep reads of things that are gone by then: nothing that it has no more holds up the rest of a location. */
import t from 'tap'
import type { Test } from 'tap'
import type { Found } from '../../pipelines/reconcile/found.ts'
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
  const read = async () => {
    const found: Found[] = []
    const read = async () => {
      for await (const page of readSource({ ghl, options: {}, leads: async () => leads, now: () => clock.now() }, sweep)) {
        if (!page.ok) return page.detail
        found.push(...page.value.found)
      }
      return 'read'
    }
    const said = await clock.run(read())
    return { said, told: [...new Set(found.map(({ type, contactId }) => `${type} ${contactId}`))].sort() }
  }
  return { sandbox, read }
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
      t.strictSame(await read(), { said: 'read', told: ['AppointmentCreate maria', 'InboundMessage jo'] }, `${status} ${body}`)
    }
})

t.test('a list of appointments that is not there while its contact is leaves the stretch unread', async (t) => {
  const { sandbox, read } = await world(t, (_, url) => (/^.contacts.maria.appointments/.test(url) ? { status: 404, body: '' } : undefined))
  sandbox.happened(contact('maria'), tuesdayNoon - 2 * HOUR)
  sandbox.happened(appointment('a', 'maria'), tuesdayNoon - 30 * MINUTE)
  t.match(await read(), { said: /^not_found/ })
})
