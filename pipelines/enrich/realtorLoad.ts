/**
 * What a change of a lead means for the realtor it belongs to: a lead more or less, an answer, a lead won or lost. Told
 * without the lead. Each lead remembers for whom it was told to count, so that counts are right however they began.
 */
import type { Emission } from '../../runtime/outcome.ts'
import type { Context } from '../../runtime/stage.ts'
import { emit } from '../../runtime/outcome.ts'
import type { LeadEvent, LeadProfile, RealtorActivity } from '../../schemas/generated/records.ts'
import { realtorActivity } from '../../topics/index.ts'

const MINUTE_MS = 60_000
/** An answer after a week answers nothing: 7 days in minutes. */
const LATEST_ANSWER = 7 * 24 * 60

const closed: ReadonlySet<string> = new Set(['converted', 'lost', 'disqualified'])

/** Is the lead one that somebody works on? */
export function countsForSomebody({ status, deletedAt }: Pick<LeadProfile, 'status' | 'deletedAt'>): boolean {
  return deletedAt === null && !closed.has(status)
}

/** For whom a lead counts: its owner while it is open. */
export function countsFor(profile: LeadProfile): string | null {
  return countsForSomebody(profile) ? profile.ownerId : null
}

type Kind = 'taken' | 'released' | 'answered' | 'won' | 'lost'
interface Told {
  readonly kind: Kind
  readonly realtorId: string
  readonly answerMinutes?: number
}

/** What is told when `before` has become `after`, whose `countedFor` is already the new one; `after` is undefined for an erased lead. */
export function realtorNews(before: LeadProfile | undefined, after: LeadProfile | undefined, event?: LeadEvent): Told[] {
  const was = before?.countedFor ?? null
  const is = after?.countedFor ?? null
  const news: Told[] = []
  if (was !== is) {
    if (was !== null) news.push({ kind: 'released', realtorId: was })
    if (is !== null) news.push({ kind: 'taken', realtorId: is })
  }
  if (before === undefined || after === undefined) return news
  const serving = after.ownerId ?? before.ownerId
  const end =
    after.status === before.status ? undefined : after.status === 'converted' ? 'won' : after.status === 'lost' ? 'lost' : undefined
  if (end !== undefined && serving !== null) news.push({ kind: end, realtorId: serving })
  const answered = event === undefined ? undefined : answerOf(before, after, event)
  if (answered !== undefined) news.push(answered)
  return news
}

/** A person's message to a lead that waited for one. */
function answerOf(before: LeadProfile, after: LeadProfile, { message, occurredAt }: LeadEvent): Told | undefined {
  if (message === null || message.sender !== 'human' || after.counters.outboundHuman === before.counters.outboundHuman) return undefined
  const realtorId = message.userId ?? after.ownerId
  // A workflow that writes to everybody at once has answered nobody: decision 36.
  const answeredAt = Math.max(before.lastHumanAt ?? Number.NEGATIVE_INFINITY, before.lastOwnAt ?? Number.NEGATIVE_INFINITY)
  const waiting = before.inboundTimes.filter((at) => at > answeredAt && at <= occurredAt)
  if (realtorId === null || waiting.length === 0) return undefined
  const answerMinutes = Math.floor((occurredAt - Math.min(...waiting)) / MINUTE_MS)
  return answerMinutes > LATEST_ANSWER ? undefined : { kind: 'answered', realtorId, answerMinutes }
}

const none: Emission<typeof realtorActivity>[] = []

/** The news as records, keyed by location. `anchor` makes their ids unique for the lead. */
export function realtorActivities(
  news: readonly Told[],
  tenantId: string,
  anchor: string | number,
  ctx: Pick<Context, 'at' | 'id'>,
): Emission<typeof realtorActivity>[] {
  // Nearly every event is no news for a realtor.
  if (news.length === 0) return none
  return news.map(({ kind, realtorId, answerMinutes }) => {
    const value: RealtorActivity = {
      activityId: ctx.id('activity', kind, realtorId, anchor),
      tenantId,
      realtorId,
      kind,
      at: ctx.at,
      answerMinutes: answerMinutes ?? null,
    }
    return emit(realtorActivity, value, { key: tenantId })
  })
}
