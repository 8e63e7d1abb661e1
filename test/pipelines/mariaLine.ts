/** A location with one lead, Maria in New York, who has just become known: what happens is folded, voted on, decided and planned. */
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent, LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import { assessments, followups, leadEvents, leadKey, profiles } from '../../topics/index.ts'
import { messageEvent, noContactFields, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

const maria = leadKey(tenantId, 'maria')

export function mariaLine(tenant: Tenant = tenantRecord()) {
  const line = drive([enrich, agents, consensus, followup], { at: tuesdayNoon, tables: { tenants: [[tenantId, tenant]] } })
  let count = 0
  const happens = (kind: string, over: Partial<LeadEvent>) => {
    const event = { eventId: `e${++count}`, kind, occurredAt: line.now, receivedAt: line.now, message: null, ...over }
    line.pipe(leadEvents, maria, messageEvent(event))
    line.advance('10s')
  }
  const writes = (text: string, human = false) => {
    const { message } = messageEvent({}, text)
    if (message === null) throw new Error('no message')
    const own = { ...message, messageId: `m${count}` }
    if (human) happens('message_outbound', { message: { ...own, direction: 'outbound', sender: 'human', userId: 'anna' } })
    else happens('message_inbound', { message: own })
  }
  happens('contact_created', {
    contact: { ...noContactFields, firstName: 'Maria', phone: '+12125550101', email: 'm@example.com', state: 'NY' },
  })
  const seen = { followups: line.outputs(followups).length, asked: line.outputs(assessments).length }
  return {
    line,
    happens,
    writes,
    /** Planned since the lead became known, and not taken back. */
    planned: () => {
      const told = line.outputs(followups).slice(seen.followups)
      return told.filter(
        ({ change, followupId }) => change === 'planned' && !told.some((o) => o.change === 'cancelled' && o.followupId === followupId),
      )
    },
    /** Since then. */
    asked: () => line.outputs(assessments).slice(seen.asked),
    profile: () => line.outputs(profiles).at(-1) as LeadProfile,
  }
}
