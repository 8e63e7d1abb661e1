/**
 * Row 28. Messages of this location have measurably stopped being answered: the other written way where that one still works,
 * else a call, else waiting, as where no way is open. Abstains while nothing has broken down.
 * @source reference/lead-domain.md 2.9
 */
import { abstain, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { channelFields, isOpen } from '../channels.ts'
import { allMessages } from './findingKinds.ts'
import { binOfFinding, evidenceOf, foundBy } from './lookUp.ts'

const written = ['sms', 'email'] as const

export const performanceMonitor: Agent = {
  id: 'performance_monitor',
  version: 2,
  system: 'adaptive',
  family: 'location_results',
  answers: ['follow_up'],
  reads: ['insights.performance_monitor', ...channelFields],
  assess(view, tables) {
    const broken = foundBy(tables, 'performance_monitor', 'answered_less')
    const of = (subject: string) => broken.find((finding) => finding.subject === subject)
    const [sms, email, all] = [of('sms'), of('email'), of(allMessages)]
    // Of all messages alone: fewer of one way may be the cause, which one is not known.
    const finding = sms !== undefined && email !== undefined ? (sms.bin <= email.bin ? sms : email) : (sms ?? email ?? all)
    if (finding === undefined) return abstain('nothing_broken_down')
    const works = (way: (typeof written)[number]) => of(way) === undefined && finding.subject !== allMessages
    const other = written.find((way) => works(way) && isOpen(view, way))
    const option = other ?? (isOpen(view, 'call') ? 'call' : 'wait')
    return vote('follow_up', option, {
      bin: binOfFinding(finding),
      reason: option === 'wait' ? 'answers_broken_down_wait' : 'answers_broken_down_other_way',
      text: `${finding.text} ${option === 'wait' ? 'Another message is not likely to be answered.' : `By ${option} it may be otherwise.`}`,
      evidence: evidenceOf('performance_monitor', finding),
    })
  },
}
