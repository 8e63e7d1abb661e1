/** From a no-show to the message that offers another time, through the stages that decide and plan it. */
import t from 'tap'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { AppointmentFields, LeadEvent } from '../../schemas/generated/records.ts'
import { decisions, followups, leadEvents, leadKey } from '../../topics/index.ts'
import { HOUR, messageEvent, noContactFields, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

t.test('a lead that did not come is offered another time', async (t) => {
  const line = drive([enrich, agents, consensus, followup], { at: tuesdayNoon, tables: { tenants: [[tenantId, tenantRecord()]] } })
  let count = 0
  const happens = (kind: string, over: Partial<LeadEvent>) => {
    const event = { eventId: `e${++count}`, kind, occurredAt: line.now, receivedAt: line.now, message: null, ...over }
    line.pipe(leadEvents, leadKey(tenantId, 'maria'), messageEvent(event))
    line.advance('10s')
  }
  const said = (over: Partial<NonNullable<LeadEvent['message']>>) => {
    const { message } = messageEvent({}, 'I would love to see the house')
    if (message !== null) happens(`message_${over.direction ?? 'inbound'}`, { message: { ...message, ...over } })
  }
  const startsAt = tuesdayNoon + 5 * HOUR
  const viewing = (status: string): AppointmentFields => {
    return { appointmentId: 'a1', calendarId: null, status, title: null, startsAt, endsAt: null, assignedUserId: null }
  }
  happens('contact_created', { contact: { ...noContactFields, firstName: 'Maria', phone: '+12125550101', state: 'NY' } })
  said({})
  said({ direction: 'outbound', sender: 'workflow', messageId: 'm2', text: 'Tuesday at five it is.' })
  happens('appointment_booked', { appointment: viewing('confirmed') })
  line.advance('6h')
  happens('appointment_changed', { appointment: viewing('noshow') })

  const decided = line.outputs(decisions).filter(({ reason, type }) => reason === 'appointment_missed' && type === 'follow_up')
  t.match(decided, [{ chosen: 'sms', params: { templateId: 'appointment_missed', delayMinutes: '30' } }])
  t.match(line.outputs(followups).at(-1), {
    change: 'planned',
    templateId: 'appointment_missed.sms.1',
    text: 'Hi Maria, Example Homes here. We did not get to meet as planned. Shall we find another time? Reply STOP to opt out.',
  })
})
