/**
 * What became of a decision, in words: whether what it decided has left, and if not, why and when it is tried again. A decision says what
 * was to be done; whoever asks why somebody was not written to asks for this. Nothing is said where nothing is known.
 */
import type { Decision, DeliveryChanged, FollowUp } from '../../schemas/generated/records.ts'
import { instant } from './words.ts'

/** What is known of a lead's follow-ups, newest first; of each kind the newest `told` at most. */
export interface Became {
  readonly followups: readonly FollowUp[]
  readonly deliveries: readonly DeliveryChanged[]
}

/** As many of each kind as a story has (`leadStory.ts`). */
const TOLD = 20

const arrived: Readonly<Record<string, string>> = {
  send_message: 'It was sent',
  create_task: 'A realtor has the task since',
  hand_over: 'It was handed over',
  assign: 'It was given',
  ask: 'A person is asked since',
}

/** One or two sentences; `undefined` where the decision asks for nothing or nothing is known of it. */
export function becameOfIt({ decisionId, type, chosen }: Decision, { followups, deliveries }: Became): string | undefined {
  const own = followups.filter((one) => one.decisionId === decisionId)
  // What a person was asked first is followed by what was chosen.
  const followUp = own.find(({ action }) => action !== 'ask') ?? own[0]
  if (followUp === undefined) {
    const acts = type === 'follow_up' && chosen !== 'wait'
    return acts && followups.length < TOLD ? 'Nothing has been planned of it.' : undefined
  }
  const changes = deliveries.filter(({ followupId }) => followupId === followUp.followupId)
  const last = changes.reduce<DeliveryChanged | undefined>(
    (newest, one) => (newest && newest.sequence > one.sequence ? newest : one),
    undefined,
  )
  if (last !== undefined) return inWords(followUp, last)
  if (deliveries.length >= TOLD) return undefined
  if (followUp.change === 'cancelled') return 'It was taken back before anything was done.'
  return `It has not ${leftOrDone(followUp)} yet: it is due ${instant(followUp.dueAt)}.`
}

function leftOrDone({ action, channel }: FollowUp): string {
  return action === 'send_message' || channel === 'call' ? 'left' : 'been done'
}

function inWords(followUp: FollowUp, { status, at, reason, liftsAt }: DeliveryChanged): string {
  const why = reason === '' ? '' : ` ${sentence(reason)}`
  const left = leftOrDone(followUp)
  if (status === 'confirmed') return `${arrived[followUp.action] ?? 'It was done'} ${instant(at)}.`
  if (status === 'reserved' || status === 'handed_over') return 'It is on its way.'
  if (status === 'deferred') return `It has not ${left} yet.${why}${liftsAt === null ? '' : ` It is looked at again ${instant(liftsAt)}.`}`
  if (status === 'unknown') return `Whether it has ${left} is being looked up.${why}`
  if (status === 'denied' || status === 'failed' || status === 'expired') return `It has not ${left} and will not.${why}`
  return `It was taken back ${instant(at)}.${why}`
}

/** "Superseded: the lead has acted." is "The lead has acted." */
function sentence(reason: string): string {
  const clause = reason.replace(/^Superseded: /, '')
  return clause.charAt(0).toUpperCase() + clause.slice(1)
}
