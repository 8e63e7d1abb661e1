/**
 * Row 4. When to contact: 15 minutes for URGENT, 2 hours for HOT, else 8 hours, refined by how fast the lead itself
 * replies. Speaks for silence when somebody has just written and nothing came back. Where a location leaves hours to lot, its vote
 * carries the lot, which changes nothing of its opinion.
 * @source reference/lead-domain.md 2.4, 4.1-4.3
 */
import { counted } from '../../counted.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { openOr, optionOfChannel } from '../channels.ts'
import { levelRank, levelRanks } from '../levels.ts'
import { hourLot, hourLotReads } from './hourLot.ts'

/** Minutes until contact by level. */
export const delayByLevel = { URGENT: 15, HOT: 120, other: 480 } as const
/** No second message within 4 h of the last one unless the lead replied. */
export const pauseAfterOutboundMs = 4 * 3_600_000

/** Weighted mean of the lead's reply times in minutes, newer ones heavier (1 + 0.5 per position), between 15 min and 48 h; needs three. */
export function habitMinutes(replyHours: readonly number[]): number | undefined {
  if (replyHours.length < 3) return undefined
  let sum = 0
  let weights = 0
  replyHours.forEach((hours, index) => {
    sum += hours * (1 + 0.5 * index)
    weights += 1 + 0.5 * index
  })
  return Math.round(60 * Math.min(48, Math.max(0.25, sum / weights)))
}

/**
 * Minutes until contact: the level's delay for a hot lead or an unknown habit, the habit otherwise; a hot lead is never kept
 * waiting by its habit.
 */
export function delayMinutes(view: Pick<AgentView, 'level' | 'replyHours'>): number {
  const byLevel = view.level === 'URGENT' ? delayByLevel.URGENT : view.level === 'HOT' ? delayByLevel.HOT : delayByLevel.other
  const habit = habitMinutes(view.replyHours)
  if (habit === undefined) return byLevel
  return levelRank(view.level) >= levelRanks.HOT ? Math.min(byLevel, habit) : habit
}

export const timingOptimizer: Agent = {
  id: 'timing_optimizer',
  version: 6,
  system: 'follow-up',
  family: 'timing',
  answers: ['follow_up'],
  reads: [...new Set(['replyHours', 'hasPhone', 'hasEmail', ...hourLotReads])],
  assess(view, tables) {
    const { lastInboundAt, lastOutboundAt, askedAt } = view
    const repliedSince = lastInboundAt !== null && lastOutboundAt !== null && lastInboundAt > lastOutboundAt
    if (lastOutboundAt !== null && !repliedSince && askedAt - lastOutboundAt < pauseAfterOutboundMs) {
      const minutes = Math.max(0, Math.round((askedAt - lastOutboundAt) / 60_000))
      return vote('follow_up', 'wait', {
        // The fresher the last message, the surer: .95 at once, .70 at the end of the pause.
        bin: binOf(0.95 - 0.25 * (minutes / 240)),
        reason: 'just_contacted',
        text: `The lead was last contacted ${counted(minutes, 'minute')} ago and has neither written nor called since.`,
        evidence: [field('lastOutboundAt', lastOutboundAt)],
      })
    }
    const lastInbound = view.recentMessages.findLast((message) => message.direction === 'inbound')
    const option = openOr(view, optionOfChannel(lastInbound?.channel) ?? 'sms', 'sms', 'email')
    if (option === undefined) return abstain('no_open_channel')
    const delay = delayMinutes(view)
    const completeness = 0.6 + 0.4 * Math.min(1, view.replyHours.length / 3)
    const evidence = [0.5, 0.7, 0.9, 1][levelRank(view.level)] ?? 0.5
    return vote('follow_up', option, {
      bin: binOf(completeness * evidence),
      reason: view.replyHours.length >= 3 ? 'reply_habit' : 'level_pace',
      text:
        `${view.level} leads are contacted within ${inWords(delay)}` +
        (delay === delayMinutes({ level: view.level, replyHours: [] }) ? '.' : ', given how fast this one replies.'),
      evidence: [
        field('level', view.level),
        ...(view.replyHours.length === 0 ? [] : [field('replyHours', view.replyHours.map((hours) => hours.toFixed(1)).join(' '))]),
      ],
      params: { delayMinutes: delay, ...hourLot(view, tables) },
    })
  },
}

/** Never less than it is: `1 h 29 min`. */
function inWords(minutes: number): string {
  if (minutes < 60) return counted(minutes, 'minute')
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
