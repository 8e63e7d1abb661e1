/**
 * How far a lead has come, with the reason: the status as it is folded, and what the scores add to it. No rule of its own says who is
 * hot or silent. @source lead-domain reference 8, lifecycle
 */
import type { LeadProfile, Lifecycle, Scoring } from '../../../schemas/generated/records.ts'
import type { LifecycleStage } from './serviceTables.ts'

const at = (stage: LifecycleStage, because: string): Lifecycle => ({ stage, because })

const converted = at('converted', 'its opportunity is won')
const lost = at('lost', 'its opportunity is lost or abandoned')
const gone = at('lost', 'the contact was deleted')
const appointment = at('appointment', 'an appointment is agreed, was kept or is just over')
const dormant = at('dormant', 'nobody has written for 30 days')
const hot = at('hot', 'its score is hot')
const engaged = at('engaged', 'it wrote or acted within 30 days')
const qualified = at('qualified', 'enough of the seven questions is answered')
const contacted = at('contacted', 'somebody has written')
const fresh = at('new', 'nobody has written yet')

/** The stage of a profile with this score; `ready`: enough of the questions is answered. What ends a stage comes first, then the furthest one. */
export function lifecycleOf(
  { status }: Pick<LeadProfile, 'status'>,
  { temperature, engagement }: Pick<Scoring, 'temperature' | 'engagement'>,
  ready: boolean,
): Lifecycle {
  if (status === 'converted') return converted
  if (status === 'lost') return lost
  if (status === 'disqualified') return gone
  if (status === 'qualified') return appointment
  if (status === 'dormant') return dormant
  if (temperature === 'hot') return hot
  if (engagement > 0) return engaged
  if (ready) return qualified
  return status === 'new' ? fresh : contacted
}
