/**
 * Row 8. When a person has to take over: the lead asks for one, is angry with us, speaks of law, is URGENT, or five attempts
 * stayed without a reply. In the first three cases a gate keeps the machine silent as well. Otherwise no finding: it abstains.
 * @source reference/lead-domain.md 2.4, 4.4; reference/consensus.md 4.2
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { presentHearing } from '../hearing.ts'
import type { Hearing } from '../hearing.ts'
import { unanswered } from '../phrases.ts'

export type Cause = 'legal_words' | 'asked_for_a_person' | 'negative_sentiment' | 'urgent_level' | 'five_attempts_unanswered'

export interface Ground {
  readonly cause: Cause
  readonly probability: number
  readonly text: string
  /** The lead's own words that it rests on, which a person should answer; empty when it rests on something else. */
  readonly words: readonly string[]
}

/** The weightiest ground for a hand-over, if any. `hears` says what is heard in the messages that wait for an answer. */
export function groundForHandOver(
  view: Pick<AgentView, 'recentMessages' | 'level' | 'counters'>,
  hears: Hearing = presentHearing,
): Ground | undefined {
  const waiting = unanswered(view)
  const legal = hears.legal(waiting)
  if (legal.length > 0) return { cause: 'legal_words', probability: 0.95, text: `The lead speaks of "${legal[0] ?? ''}".`, words: legal }
  const person = hears.person(waiting)
  if (person.length > 0) return { cause: 'asked_for_a_person', probability: 0.95, text: 'The lead asked for a person.', words: person }
  const negative = hears.unhappy(waiting)
  if (negative.length > 0) {
    // One hard word may be about something else, two are a mood.
    return {
      cause: 'negative_sentiment',
      probability: negative.length > 1 ? 0.9 : 0.75,
      text: `The lead is unhappy: "${negative.slice(0, 2).join('", "')}".`,
      words: negative,
    }
  }
  if (view.level === 'URGENT') {
    return { cause: 'urgent_level', probability: 0.9, text: 'The lead is URGENT: a realtor should take it now.', words: [] }
  }
  const attempts = view.counters.attemptsSinceReply
  if (attempts >= 5) {
    // Five attempts give .80, ten .90.
    return {
      cause: 'five_attempts_unanswered',
      probability: Math.min(0.95, 0.7 + 0.02 * attempts),
      text: `${attempts} attempts without a reply: a person should look.`,
      words: [],
    }
  }
  return undefined
}

export const escalationManager: Agent = {
  id: 'escalation_manager',
  version: 4,
  system: 'follow-up',
  family: 'text',
  answers: ['escalation'],
  reads: ['level', 'counters.attemptsSinceReply', 'recentMessages'],
  assess(view) {
    const ground = groundForHandOver(view)
    if (ground === undefined) return abstain('no_ground')
    const evidence = [
      ground.words.length > 0
        ? field('recentMessages.text', ground.words.join(', '))
        : ground.cause === 'urgent_level'
          ? field('level', view.level)
          : field('counters.attemptsSinceReply', view.counters.attemptsSinceReply),
    ]
    return vote('escalation', 'hand_over', { bin: binOf(ground.probability), reason: ground.cause, text: ground.text, evidence })
  },
}
