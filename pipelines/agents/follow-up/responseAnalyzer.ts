/**
 * Row 7. What the replies say: stop when the lead declines, keep what works, stop what stays unanswered, hand over what
 * never worked.
 * Without history it abstains (an unknown rate is not a middling one).
 * @source reference/lead-domain.md 2.4, 4.4
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { openOr, optionOfChannel } from '../channels.ts'
import { declined } from '../declined.ts'
import { unanswered } from '../phrases.ts'
import { repliesOf } from '../replies.ts'

export const responseAnalyzer: Agent = {
  id: 'response_analyzer',
  version: 5,
  system: 'follow-up',
  family: 'conversation',
  answers: ['follow_up', 'escalation'],
  reads: [
    'replyHours',
    'counters.inbound',
    'counters.outbound',
    'counters.attemptsSinceReply',
    'recentMessages',
    'hasPhone',
    'hasEmail',
    'blockedChannels',
  ],
  assess(view) {
    const { outbound, attemptsSinceReply } = view.counters
    if (outbound === 0) return abstain('no_history')
    const refusal = declined(unanswered(view))[0]
    if (refusal !== undefined) {
      return vote('follow_up', 'wait', {
        bin: 5,
        reason: 'reply_declines',
        text: 'The last reply declines for now: writing again would annoy.',
        evidence: [field('recentMessages.text', refusal)],
      })
    }
    const { replies, sent, rate, words } = repliesOf(view)
    const evidence = [
      field('replyHours', replies),
      field('counters.outbound', sent),
      field('counters.attemptsSinceReply', attemptsSinceReply),
    ]
    if (attemptsSinceReply >= 3) {
      const waiting = vote('follow_up', 'wait', {
        // n unanswered attempts leave a chance of about 1 / (n + 2) for the next: 3 give .80, 5 give .86.
        bin: binOf((attemptsSinceReply + 1) / (attemptsSinceReply + 2)),
        reason: 'unanswered',
        text: `${attemptsSinceReply} attempts without a reply: more of the same only annoys.`,
        evidence,
      })
      if (rate >= 0.2) return waiting
      const handOver = vote('escalation', 'hand_over', {
        // Three attempts without effect are a hint (.46), six a finding (.73).
        bin: binOf(Math.min(0.9, 0.19 + 0.09 * attemptsSinceReply)),
        reason: 'automation_without_effect',
        text: `Only ${words}: a person may do better.`,
        evidence: evidence.slice(0, 2),
      })
      return [waiting, handOver]
    }
    if (rate <= 0.7 || replies < 2) return abstain('rate_unremarkable')
    const lastInbound = view.recentMessages.findLast((message) => message.direction === 'inbound')
    const option = openOr(view, optionOfChannel(lastInbound?.channel) ?? 'sms', 'sms', 'email')
    if (option === undefined) return abstain('no_open_channel')
    return vote('follow_up', option, {
      bin: binOf(rate * ((replies + 1) / (replies + 2))),
      reason: 'replies_well',
      text: `The lead answers: ${words}. Keep going the same way.`,
      evidence,
    })
  },
}
