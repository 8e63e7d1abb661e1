/**
 * Row 16. Which group of the running test of wordings a lead is in: by a hash of lead and test, so for life, balanced, and
 * the same on every machine. It votes for the wording of its group, weakly: a try is no finding.
 * Abstains outside the test, at the first contact, and while a person is due or the lead has just complained.
 * @source reference/lead-domain.md 7.1, 7.2; reference/consensus.md 10.1, 10.3
 */
import { createHash } from 'node:crypto'
import { abstain, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import { groundForHandOver } from '../follow-up/escalationManager.ts'
import { lastSaid, moodOf } from '../readings.ts'

export interface WordingTest {
  /** Another test has another id: its groups are drawn anew. */
  readonly id: string
  /** Leads of 1,000 that take part. */
  readonly perThousand: number
  /** Equal groups. The control keeps the plain text. */
  readonly arms: readonly { readonly arm: string; readonly approach: OptionOf<'content'> }[]
}

/** Only wordings that nobody can be hurt by are tried: plain, a soft question, an offer of information. */
export const runningTest: WordingTest = {
  id: 'wording-1',
  perThousand: 300,
  arms: [
    { arm: 'control', approach: 'wait' },
    { arm: 'a', approach: 'soft_ask' },
    { arm: 'b', approach: 'inform' },
  ],
}

/** The group of a lead; `undefined` outside the test. Whole numbers of a SHA-256, so no rounding and no draw. */
export function armOf(leadHash: string, test: WordingTest): WordingTest['arms'][number] | undefined {
  const digest = createHash('sha256').update(`${test.id}:${leadHash}`).digest()
  if (digest.readUInt32BE(0) % 1000 >= test.perThousand) return undefined
  return test.arms[digest.readUInt32BE(4) % test.arms.length]
}

/** After a complaint nothing is tried for so long. */
const restMs = 24 * 3_600_000

export const abTestManager: Agent = {
  id: 'ab_test_manager',
  version: 1,
  system: 'content',
  family: 'experiment',
  answers: ['content'],
  reads: ['leadHash', 'askedAt', 'recentMessages', 'level', 'counters.attemptsSinceReply', 'counters.outbound'],
  assess(view) {
    if (view.counters.outbound === 0) return abstain('first_contact')
    const group = armOf(view.leadHash, runningTest)
    if (group === undefined) return abstain('not_in_test')
    if (groundForHandOver(view) !== undefined) return abstain('person_due')
    const lately = lastSaid(view, view.recentMessages.length).filter(({ at }) => view.askedAt - at < restMs)
    if ((moodOf(lately)?.points ?? 0) < 0) return abstain('complained_lately')
    return vote('content', group.approach, {
      // Medium: tips the scales where nobody knows better, never against two who do.
      bin: 3,
      reason: `arm_${group.arm}`,
      text: `Test ${runningTest.id}, group ${group.arm}.`,
      evidence: [field('leadHash', view.leadHash)],
      params: { arm: `${runningTest.id}:${group.arm}` },
    })
  },
}
