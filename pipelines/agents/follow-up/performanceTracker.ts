/**
 * Row 35. What the history says works: the way with the best reply rate, or none when many messages brought little.
 * Abstains without history, with too little of it, and when the good way has gone quiet.
 * @source reference/lead-domain.md 2.5
 */
import { counted } from '../../counted.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { contactOptions, isOpen } from '../channels.ts'
import { repliesOf } from '../replies.ts'

/** Messages on a way before its rate is told. */
const sendsPerWay = 2
/** Messages after which few replies are a finding. */
const manySends = 5
const goodRate = 0.3
const fairRate = 0.15
/** Unanswered attempts after which a once good way is no finding. */
const quietAfter = 3

export const performanceTracker: Agent = {
  id: 'performance_tracker',
  version: 3,
  system: 'follow-up',
  family: 'conversation',
  answers: ['follow_up'],
  reads: [
    'replyHours',
    'counters.inbound',
    'counters.outbound',
    'counters.attemptsSinceReply',
    'counters.inboundByChannel',
    'counters.outboundByChannel',
    'hasPhone',
    'hasEmail',
    'blockedChannels',
  ],
  assess(view) {
    const { outbound, attemptsSinceReply, inboundByChannel, outboundByChannel } = view.counters
    if (outbound === 0) return abstain('no_history')
    const { replies, sent: sends, rate, words } = repliesOf(view)
    const ways = contactOptions
      // What the lead wrote on a way may be unasked: no more of it than there are replies at all.
      .map((option) => ({ option, sent: outboundByChannel[option] ?? 0, wrote: inboundByChannel[option] ?? 0 }))
      .filter(({ option, sent }) => sent >= sendsPerWay && isOpen(view, option))
      .map((way) => ({ ...way, rate: Math.min(1, Math.min(way.wrote, replies) / way.sent) }))
    const best = ways.reduce<(typeof ways)[number] | undefined>((a, b) => (a === undefined || b.rate > a.rate ? b : a), undefined)
    if (best !== undefined && best.rate > fairRate) {
      if (attemptsSinceReply >= quietAfter) return abstain('way_gone_quiet')
      return vote('follow_up', best.option, {
        // Shrunk for few messages: two keep .75 of it, ten .92.
        bin: binOf((best.rate > goodRate ? 0.9 : 0.8) * ((best.sent + 1) / (best.sent + 2))),
        reason: best.rate > goodRate ? 'way_works' : 'way_works_somewhat',
        text: `By ${best.option} the lead wrote ${counted(best.wrote, 'message')} and was sent ${best.sent}: the best of the open ways that were used more than once.`,
        evidence: [field('counters.inboundByChannel', `${best.option} ${best.wrote} of ${best.sent}`)],
      })
    }
    if (outbound < manySends) return abstain('history_too_short')
    if (rate > fairRate) return abstain('rate_unremarkable')
    return vote('follow_up', 'wait', {
      bin: binOf(0.85 * ((sends + 1) / (sends + 2))),
      reason: 'nothing_works',
      text: `Only ${words}: more of them will not help.`,
      evidence: [field('counters.outbound', sends), field('replyHours', replies)],
    })
  },
}
