/**
 * How often a lead answered what was sent: a reply is its first message after one to it, so that what it wrote unasked, and the second
 * text of three in a row, are none. As far as the view remembers: the last thirty messages to it and the last ten replies.
 * @source reference/lead-domain.md 2.4: response rate = replies received / follow-ups sent
 */
import { counted } from '../counted.ts'
import type { AgentView } from './agentView.ts'

/** What the profile keeps of times, in both directions, and of replies. */
const timesKept = 30
const repliesKept = 10

export interface Replies {
  /** Where more were kept than the view holds, at most so many. */
  readonly replies: number
  readonly sent: number
  /** 0 to 1; 0 where nothing was sent. */
  readonly rate: number
  /** `3 replies to 5 messages`. */
  readonly words: string
}

export function repliesOf({ replyHours, counters: { inbound, outbound } }: Pick<AgentView, 'replyHours' | 'counters'>): Replies {
  const sent = Math.min(outbound, timesKept)
  const isAll = replyHours.length < repliesKept
  const replies = isAll ? replyHours.length : Math.max(repliesKept, Math.min(inbound, sent))
  return {
    replies,
    sent,
    rate: sent === 0 ? 0 : Math.min(1, replies / sent),
    words: `${isAll ? counted(replies, 'reply', 'replies') : `${repliesKept} replies or more`} to ${outbound > sent ? 'the last ' : ''}${counted(sent, 'message')}`,
  }
}
