/**
 * The lot that a vote on when to contact carries: with what share each hour of the clock is drawn. Only where the location has asked for
 * it, and only of a message that we begin ourselves and that nobody waits for: not at the first contact, not after a word of the lead,
 * not for a hot lead, while a person is due, before an appointment, after a complaint, nor where the lead has withdrawn any permission.
 * Which hours are open the decision says, which knows the rules of the place.
 * @source reference/consensus.md 10.1 to 10.4
 */
import { isOwnBeginning } from '../../consensus/holdout.ts'
import { areAllStopped, statedHourShares } from '../../trials/hours/hourFindings.ts'
import type { HourShares } from '../../trials/hours/hourFindings.ts'
import { hourAgentId, runningHours } from '../../trials/hours/hourTrial.ts'
import { begunHours } from '../../trials/hours/reviewHours.ts'
import { seedOf } from '../../trials/lot.ts'
import type { AgentTables, VoteParams } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { levelRank, levelRanks } from '../levels.ts'
import { complainedLately } from '../readings.ts'
import { groundForHandOver } from './escalationManager.ts'

/** Where nothing is known of a location every hour is as good as another, on all days. */
const equalShares: HourShares = {
  weekday: begunHours(0)
    .arms.slice(0, runningHours.arms.length)
    .map(({ option, shareMicro }) => ({ option, shareMicro })),
  weekend: undefined,
}

/** What of a view says whether the hour may be left to lot. */
export const hourLotReads = [
  `insights.${hourAgentId}`,
  'settings.trialHours',
  ...['leadHash', 'askedAt', 'reason', 'stage', 'level', 'lastInboundAt', 'lastOutboundAt', 'recentMessages', 'blockedChannels'],
  ...['counters.outbound', 'counters.attemptsSinceReply'],
]

/** The lot as parameters of a vote; none where the hour is not left to lot. */
export function hourLot(view: AgentView, tables: AgentTables): Pick<VoteParams, 'lot' | 'weekendLot'> {
  if (tables.hours !== 'on' || !isBegunByUs(view)) return {}
  const stated = tables.insight(hourAgentId)
  if (areAllStopped(stated)) return {}
  const { weekday, weekend } = statedHourShares(stated) ?? equalShares
  const { id, exploreMicro } = runningHours
  const lot = { trial: id, seed: seedOf(id, view.leadHash, view.askedAt), exploreMicro }
  return { lot: { ...lot, shares: weekday }, ...(weekend === undefined ? {} : { weekendLot: { ...lot, shares: weekend } }) }
}

function isBegunByUs(view: AgentView): boolean {
  return (
    isOwnBeginning({ reason: view.reason, view }) &&
    view.counters.outbound > 0 &&
    view.stage !== 'booked' &&
    levelRank(view.level) < levelRanks.HOT &&
    groundForHandOver(view) === undefined &&
    !complainedLately(view) &&
    // The view does not tell when: who has ever withdrawn a permission is left out.
    !Object.values(view.blockedChannels).some((reason) => reason.endsWith('revoked') || reason === 'dnd')
  )
}
