/**
 * Row 6. The way a lead is most likely to answer on: the one it asks for, where it wrote before, else another way than the one that stays
 * unanswered, else a text, else an e-mail; a call for the URGENT. Abstains when no way is open or all are tried.
 * @source reference/lead-domain.md 2.4
 */
import { counted } from '../../counted.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { contactOptions, openChannels } from '../channels.ts'
import { declined } from '../declined.ts'
import { askedFor } from '../hearing.ts'
import { unanswered } from '../phrases.ts'

export const channelStrategist: Agent = {
  id: 'channel_strategist',
  version: 6,
  system: 'follow-up',
  family: 'conversation',
  answers: ['follow_up'],
  reads: ['level', 'recentMessages', 'counters.inboundByChannel', 'counters.attemptsSinceReply', 'hasPhone', 'hasEmail', 'blockedChannels'],
  assess(view) {
    const open = openChannels(view)
    const [first, second] = open
    if (first === undefined) return abstain('no_open_channel')
    const { inboundByChannel, attemptsSinceReply } = view.counters
    const waiting = unanswered(view)
    const wanted = askedFor('call', waiting)[0]
    // "Not now, call me in spring" is no wish for a call now.
    if (wanted !== undefined && open.includes('call') && declined(waiting).length === 0) {
      return vote('follow_up', 'call', {
        bin: 5,
        reason: 'asked_for_this_way',
        text: `The lead asked for a call: "${wanted}".`,
        evidence: [field('recentMessages.text', wanted)],
      })
    }
    const replies = contactOptions.map((option) => ({ option, count: inboundByChannel[option] ?? 0 }))
    // Those on ways that are no option, as a chat, are messages too.
    const total = Object.values(inboundByChannel).reduce((sum, count) => sum + count, 0)
    const elsewhere = total - replies.reduce((sum, { count }) => sum + count, 0)
    const favourite = replies.filter(({ option }) => open.includes(option)).sort((a, b) => b.count - a.count)[0]
    if (favourite !== undefined && favourite.count > 0 && attemptsSinceReply < 3) {
      return vote('follow_up', favourite.option, {
        // Share of its messages on this way, shrunk for few of them: 1 of 1 gives .67, 3 of 3 .80, 8 of 8 .90.
        bin: binOf((favourite.count / total) * ((total + 1) / (total + 2))),
        reason: 'replies_here',
        text: `${favourite.count} of ${counted(total, 'message')} of the lead came by ${favourite.option}.`,
        evidence: [
          field(
            'counters.inboundByChannel',
            [...replies, ...(elsewhere === 0 ? [] : [{ option: 'other', count: elsewhere }])]
              .map(({ option, count }) => `${option} ${count}`)
              .join(' '),
          ),
        ],
      })
    }
    if (view.level === 'URGENT' && open.includes('call')) {
      return vote('follow_up', 'call', {
        // The level is known, the lead's own preference is not: .8 rather than .9.
        bin: binOf(0.8),
        reason: 'urgent_call',
        text: 'An URGENT lead with a phone number is best called.',
        evidence: [field('level', view.level)],
      })
    }
    const tries = unansweredTries(view)
    const tried = contactOptions.map((option) => ({ option, count: tries.get(option) ?? 0 })).sort((a, b) => b.count - a.count)[0]
    const other = open.find((option) => option !== 'call' && (tries.get(option) ?? 0) < (tried?.count ?? 0))
    // Where the view has lost some of them, the ways of those are not known.
    const isKnown = [...tries.values()].reduce((sum, count) => sum + count, 0) >= attemptsSinceReply
    if (attemptsSinceReply >= 2 && attemptsSinceReply < 5 && isKnown && tried !== undefined && other !== undefined) {
      return vote('follow_up', other, {
        // Each further unanswered attempt makes the other way likelier: .60 at two, .70 at four; from five on no way is better.
        bin: binOf(0.5 + 0.05 * attemptsSinceReply),
        reason: 'other_way',
        text: `${attemptsSinceReply} attempts unanswered, ${tried.count === attemptsSinceReply ? 'all' : tried.count} by ${tried.option}: another way may work.`,
        evidence: [
          field('counters.attemptsSinceReply', attemptsSinceReply),
          field('recentMessages.channel', [...tries].map(([channel, count]) => `${channel} ${count}`).join(' ')),
        ],
      })
    }
    if (attemptsSinceReply >= 2) return abstain('no_better_way')
    const hasWritten = Object.values(inboundByChannel).some((count) => count > 0)
    return vote('follow_up', first, {
      // Without history the only open way is a finding, the first of several hardly one.
      bin: binOf(second === undefined ? 0.6 : 0.45),
      reason: second === undefined ? 'only_way' : 'usual_first_way',
      text:
        second === undefined
          ? `Only ${first} is open.`
          : `The lead has written ${hasWritten ? 'on no open way' : 'nothing yet'}: ${first} is the usual first way.`,
      evidence: [field('hasPhone', view.hasPhone), field('hasEmail', view.hasEmail)],
    })
  },
}

/** Messages to the lead since its last word, by channel, as far as the view remembers. What was written before that was answered. */
function unansweredTries({ recentMessages }: Pick<AgentView, 'recentMessages'>): ReadonlyMap<string, number> {
  const lastWord = Math.max(-Infinity, ...recentMessages.flatMap(({ direction, at }) => (direction === 'inbound' ? [at] : [])))
  const tries = new Map<string, number>()
  for (const { direction, at, channel } of recentMessages)
    if (direction === 'outbound' && at > lastWord) tries.set(channel, (tries.get(channel) ?? 0) + 1)
  return tries
}
