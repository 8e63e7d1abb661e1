/**
 * Row 31. The tone of the lead's last three messages and how to answer it: displeasure with reassurance, confusion with
 * information, praise with a soft question. Strong displeasure that waits for an answer is a person's to answer.
 * Abstains when the lead said nothing or nothing with a tone.
 * @source reference/lead-domain.md 2.5
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, Opinion } from '../agent.ts'
import { confusedWords, said, unanswered } from '../phrases.ts'
import { clarityOf, lastSaid, moodOf } from '../readings.ts'

const messagesRead = 3
export const sentimentAnalyst: Agent = {
  id: 'sentiment_analyst',
  version: 3,
  system: 'follow-up',
  family: 'text',
  answers: ['content', 'escalation'],
  reads: ['recentMessages'],
  assess(view) {
    const last = lastSaid(view, messagesRead)
    if (last.length === 0) return abstain('nothing_said')
    // One message of three is .9 of what there is to read.
    const completeness = 0.85 + 0.05 * last.length
    const mood = moodOf(last)
    const puzzled = last.flatMap(({ text }) => said(text, confusedWords))[0]
    if (mood !== undefined && mood.points < 0) {
      const opinions: Opinion[] = [
        vote('content', 'reassure', {
          bin: binOf(completeness * clarityOf(mood.points)),
          reason: 'tone_negative',
          text: 'The lead sounds unhappy: no pressure, room for questions.',
          evidence: [field('recentMessages.text', mood.words.join(', '))],
        }),
      ]
      const waiting = moodOf(unanswered(view))
      if (waiting !== undefined && waiting.points <= -2) {
        opinions.push(
          vote('escalation', 'hand_over', {
            bin: binOf(completeness * clarityOf(waiting.points)),
            reason: 'tone_negative',
            text: 'The unanswered words of the lead are unhappy.',
            evidence: [field('recentMessages.text', waiting.words.join(', '))],
          }),
        )
      }
      return opinions
    }
    if (puzzled !== undefined) {
      return vote('content', 'inform', {
        bin: binOf(completeness * 0.8),
        reason: 'tone_confused',
        text: 'The lead is unsure how things work: explain the next steps.',
        evidence: [field('recentMessages.text', puzzled)],
      })
    }
    if (mood === undefined || mood.points === 0) return abstain('no_tone')
    return vote('content', 'soft_ask', {
      bin: binOf(completeness * clarityOf(mood.points)),
      reason: 'tone_positive',
      text: 'The lead sounds pleased: a soft question fits.',
      evidence: [field('recentMessages.text', mood.words.join(', '))],
    })
  },
}
