/**
 * Row 11. Who can answer soonest: among those who are available the shortest measured time to an answer, then the most
 * room. Somebody who is busy only when nobody is available. Abstains when nobody takes leads.
 * @source reference/lead-domain.md 2.6 (smallest response time, utilisation; .6 when all are busy)
 */
import type { ShortlistedRealtor } from '../../../schemas/generated/records.ts'
import { counted } from '../../counted.ts'
import { optionOfPlace } from '../../routing/realtorOption.ts'
import { utilisation } from '../../routing/routingScore.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'

/** How clearly it speaks when only busy ones are left. */
const BUSY = 0.6
/** Share of the needed data that is there while nobody's time to an answer was measured: availability and load, of three. */
const WITHOUT_TIMES = 2 / 3

export const availabilityOptimizer: Agent = {
  id: 'availability_optimizer',
  version: 3,
  system: 'routing',
  family: 'load',
  answers: ['routing'],
  reads: ['shortlist'],
  assess({ shortlist }) {
    const available = shortlist.filter(({ availability }) => availability === 'available')
    const asked = available.length > 0 ? available : shortlist
    // One whose time is not known is no faster than any whose time is: a new colleague does not take every lead.
    const minutes = ({ answerMinutes }: ShortlistedRealtor) => answerMinutes ?? Number.MAX_SAFE_INTEGER
    const [soonest] = [...asked].sort(
      (a, b) => minutes(a) - minutes(b) || utilisation(a) - utilisation(b) || shortlist.indexOf(a) - shortlist.indexOf(b),
    )
    const option = soonest === undefined ? undefined : optionOfPlace(shortlist.indexOf(soonest))
    if (soonest === undefined || option === undefined) return abstain('nobody_free')
    const { answerMinutes, answers, load, capacity, availability } = soonest
    const completeness = answerMinutes === null ? WITHOUT_TIMES : 1
    const room = 1 - utilisation(soonest) / 100
    return vote('routing', option, {
      bin: binOf(completeness * (available.length > 0 ? room : BUSY * room)),
      reason: answerMinutes === null ? 'available' : 'answers_soonest',
      text:
        answerMinutes === null
          ? `Is ${availability} with ${load} of ${counted(capacity, 'lead')}; no time to an answer is known yet of those who are ${availability}.`
          : `Answers leads within ${counted(answerMinutes, 'minute')} at the median, the soonest ${asked.some((one) => one.answerMinutes === null) ? 'known ' : ''}of those who are ${availability}.`,
      evidence: [
        field('shortlist.availability', availability),
        ...(answerMinutes === null ? [] : [field('shortlist.answerMinutes', answerMinutes), field('shortlist.answers', answers)]),
        field('shortlist.load', `${load} of ${capacity}`),
      ],
    })
  },
}
