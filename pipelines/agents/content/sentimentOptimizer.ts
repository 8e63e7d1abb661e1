/**
 * Row 15. The tone that suits the mood of the lead's last three messages, its level and its habit of asking. Works only
 * where there is a mood or a habit to read; otherwise it abstains.
 * @source reference/lead-domain.md 7.1
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { levelRank, levelRanks } from '../levels.ts'
import { clarityOf, lastSaid, moodOf } from '../readings.ts'

const messagesRead = 3
/** Messages from which a habit of asking can be told, and the share of them that asks. */
const habitFrom = 2
const habitShare = 0.5

export const sentimentOptimizer: Agent = {
  id: 'sentiment_optimizer',
  version: 4,
  system: 'content',
  family: 'text',
  answers: ['content'],
  reads: ['recentMessages', 'level'],
  assess(view) {
    const last = lastSaid(view, messagesRead)
    if (last.length === 0) return abstain('nothing_said')
    const completeness = 0.7 + 0.1 * last.length
    const mood = moodOf(last)
    if (mood !== undefined && mood.points !== 0) {
      const evidence = [field('recentMessages.text', mood.words.join(', '))]
      const bin = binOf(completeness * clarityOf(mood.points))
      if (mood.points < 0)
        return vote('content', 'reassure', { bin, reason: 'mood_low', text: 'The mood is low: calm words, no demand.', evidence })
      return levelRank(view.level) >= levelRanks.HOT
        ? vote('content', 'direct_ask', {
            bin,
            reason: 'mood_high_and_hot',
            text: `In good mood and ${view.level}: ask directly.`,
            evidence,
          })
        : vote('content', 'soft_ask', { bin, reason: 'mood_high', text: 'In good mood: a soft question fits.', evidence })
    }
    const asking = last.filter(({ text }) => text.includes('?')).length
    if (last.length < habitFrom || asking < habitShare * last.length) return abstain('no_tone')
    return vote('content', 'inform', {
      bin: binOf(completeness * 0.7),
      reason: 'asks_much',
      text: 'This lead asks a lot: give information.',
      evidence: [field('recentMessages.text', `${asking} of ${last.length} ask`)],
    })
  },
}
