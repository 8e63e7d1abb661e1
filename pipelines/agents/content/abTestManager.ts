/**
 * Row 16. Draws, for a part of the decisions on a wording, which one is tried: by Thompson sampling over what the location's
 * results say, from the hash of the lead and the question. It votes for the wording that was drawn and abstains where the
 * lot leaves the choice to the others; the lot stands in its answer either way, and consensus carries it out.
 * Nothing is drawn at the first contact, while a person is due, and after a complaint.
 * @source reference/lead-domain.md 7.1, 7.2; reference/consensus.md 10.1 to 10.5
 */
import { namedBy, seedOf } from '../../trials/lot.ts'
import type { Lot } from '../../trials/lot.ts'
import { statedShares } from '../../trials/findings.ts'
import { begun } from '../../trials/review.ts'
import { runningTrial, trialAgentId } from '../../trials/trial.ts'
import { abstain, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import { groundForHandOver } from '../follow-up/escalationManager.ts'
import { complainedLately } from '../readings.ts'

/** Where nothing is known of a location every wording is as good as another. */
const equalShares = begun(runningTrial, 0).arms.map(({ option, shareMicro }) => ({ option, shareMicro }))

export const abTestManager: Agent = {
  id: trialAgentId,
  version: 5,
  system: 'content',
  family: 'experiment',
  answers: ['content'],
  reads: [
    'insights.ab_test_manager',
    'settings.trials',
    ...['leadHash', 'askedAt', 'recentMessages', 'level', 'counters.attemptsSinceReply', 'counters.outbound'],
  ],
  assess(view, tables) {
    if (tables.trials === 'off') return abstain('trials_off')
    if (view.counters.outbound === 0) return abstain('first_contact')
    if (groundForHandOver(view) !== undefined) return abstain('person_due')
    if (complainedLately(view)) return abstain('complained_lately')
    const stated = tables.insight(trialAgentId)
    const shares = statedShares(stated, runningTrial) ?? equalShares
    if (shares.filter(({ shareMicro }) => shareMicro > 0).length < 2) return abstain('one_wording_left')
    const { id, exploreMicro } = runningTrial
    const lot: Lot = { trial: id, seed: seedOf(id, view.leadHash, view.askedAt), exploreMicro, shares }
    const evidence = stated === undefined ? [] : [field('insights.ab_test_manager', `stated at ${stated.at}`)]
    const named = namedBy(lot)
    if (named === undefined) return { ...abstain('not_in_trial'), evidence, params: { lot } }
    return vote('content', named as OptionOf<'content'>, {
      // No finding: where it is the lot that decides, it does so whatever weighs how much.
      bin: 1,
      reason: 'in_trial',
      text: `Trial ${id} drew this wording.`,
      evidence,
      params: { lot },
    })
  },
}
