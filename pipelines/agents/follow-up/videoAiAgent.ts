/**
 * Row 37. Whether a personal video of a hot lead should be shown: by the realtor who calls, since no text carries links.
 * Only a video that somebody has recorded and linked counts; without its address, and for any other lead, it abstains.
 * @source reference/lead-domain.md 2.5
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { isOpen } from '../channels.ts'
import { levelRank, levelRanks } from '../levels.ts'

/** An address that is longer is not shown, and a cut one would lead nowhere. */
const factLength = 200

/** Is the text one whole https address? */
export function isVideoAddress(text: string | undefined): boolean {
  return text !== undefined && text.length <= factLength && /^https:\/\/[^\s/]+\.[^\s/]+\/\S+$/.test(text)
}

export const videoAiAgent: Agent = {
  id: 'video_ai_agent',
  version: 2,
  system: 'follow-up',
  family: 'media',
  answers: ['follow_up'],
  reads: ['level', 'facts.video_url', 'hasPhone', 'blockedChannels'],
  assess(view) {
    const address = view.facts.video_url
    if (address === undefined || !isVideoAddress(address)) return abstain('no_video')
    const rank = levelRank(view.level)
    if (rank < levelRanks.HOT) return abstain('not_hot')
    if (!isOpen(view, 'call')) return abstain('no_open_channel')
    return vote('follow_up', 'call', {
      bin: binOf(rank === levelRanks.URGENT ? 0.9 : 0.75),
      reason: 'video_recorded',
      text: 'A personal video is recorded: a realtor can call and show it.',
      evidence: [field('facts.video_url', address), field('level', view.level)],
    })
  },
}
