/**
 * Counts what happened to the leads of the realtors of a location: how many are theirs, how soon they answer, what was won
 * and lost within a year. The sums do not depend on the order of what is told; what is kept is bounded.
 */
import { DateTime } from 'luxon'
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import { StaffState } from '../../schemas/generated/records.ts'
import type { RealtorActivity, RealtorFigures, RealtorTally } from '../../schemas/generated/records.ts'
import { realtorActivity, realtorFigures } from '../../topics/index.ts'

/** Realtors counted of a location: offices have dozens, and the figures of all are one record. */
export const REALTORS = 500
/** Answers the median is of, and how many it takes. */
export const ANSWERS = 20
export const ANSWERS_LEAST = 5
/** Months whose closed leads count: a year, the one that runs among them. */
export const MONTHS = 12

const nobody: RealtorTally = { openLeads: 0, answers: [], months: {} }

type Answer = Outcome<StaffState, typeof realtorFigures>

function tell(known: StaffState | undefined, record: StreamRecord<RealtorActivity>, ctx: Context): Answer {
  const activity = record.value
  const realtors = known?.realtors ?? {}
  const before = Object.hasOwn(realtors, activity.realtorId) ? realtors[activity.realtorId] : undefined
  if (before === undefined && Object.keys(realtors).length >= REALTORS) return drop('too_many_realtors')
  const tally = tallied(before ?? nobody, activity)
  const state = { realtors: { ...realtors, [activity.realtorId]: tally } }
  const figures = Object.entries(state.realtors)
    .map(([realtorId, one]) => figuresOf(realtorId, one, monthOf(ctx.at)))
    .sort((a, b) => (a.realtorId < b.realtorId ? -1 : 1))
  return next(state, {
    emit: [emit(realtorFigures, { tenantId: activity.tenantId, at: ctx.at, realtors: figures }, { key: activity.tenantId })],
  })
}

/** The tally after one more activity. */
export function tallied(
  before: RealtorTally,
  { kind, at, answerMinutes }: Pick<RealtorActivity, 'kind' | 'at' | 'answerMinutes'>,
): RealtorTally {
  switch (kind) {
    case 'taken':
      return { ...before, openLeads: before.openLeads + 1 }
    case 'released':
      return { ...before, openLeads: Math.max(0, before.openLeads - 1) }
    case 'answered':
      return answerMinutes === null ? before : { ...before, answers: [...before.answers, answerMinutes].slice(-ANSWERS) }
    case 'won':
    case 'lost': {
      const month = monthOf(at)
      const closed = before.months[month] ?? { won: 0, lost: 0 }
      return { ...before, months: latest({ ...before.months, [month]: { ...closed, [kind]: closed[kind] + 1 } }) }
    }
    default:
      return before
  }
}

/** What is told of a tally in the month `now` (YYYY-MM). */
export function figuresOf(realtorId: string, { openLeads, answers, months }: RealtorTally, now: string): RealtorFigures {
  const counting = Object.entries(months).filter(([month]) => monthsBetween(month, now) < MONTHS)
  return {
    realtorId,
    openLeads,
    answerMinutes: answers.length < ANSWERS_LEAST ? null : medianOf(answers),
    answers: answers.length,
    won: counting.reduce((sum, [, closed]) => sum + closed.won, 0),
    lost: counting.reduce((sum, [, closed]) => sum + closed.lost, 0),
  }
}

/** The lower of the two in the middle of an even number: a time that was really needed. */
function medianOf(minutes: readonly number[]): number {
  return [...minutes].sort((a, b) => a - b)[Math.floor((minutes.length - 1) / 2)] ?? 0
}

/** The latest months, in their order. */
function latest(months: RealtorTally['months']): RealtorTally['months'] {
  return Object.fromEntries(
    Object.entries(months)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(-MONTHS),
  )
}

/** YYYY-MM in UTC. */
export function monthOf(at: number): string {
  return DateTime.fromMillis(at, { zone: 'utc' }).toFormat('yyyy-LL')
}

function monthsBetween(from: string, to: string): number {
  const count = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5))
  return count(to) - count(from)
}

/** Counts the work of the realtors of each location. */
export const staff = stage({
  name: 'staff',
  state: StaffState,
  on: [from(realtorActivity, tell)],
  outputs: [realtorFigures],
})
