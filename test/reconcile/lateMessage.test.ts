/** Why a lead waits whose message was known late, on a real Postgres: what was planned before it was known says nothing of it. */
import t from 'tap'
import type { Decision, FollowUp } from '../../schemas/generated/records.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { decisions, followups, leadEvents, profiles } from '../../topics/index.ts'
import { HOUR, MINUTE, decisionRecord, followUpRecord, messageEvent, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { database } from './platform.ts'

t.setTimeout(120_000)

/** The lead writes, to the millisecond. */
const wrote = tuesdayNoon + 123
const minute = (count: number) => wrote + count * MINUTE
const keyOf = (contactId: string) => `${tenantId}:${contactId}`

t.test('a follow-up of before the message was known gives way to the decision on it', async (t) => {
  const pool = await database(t)
  const sink = postgresSink(pool)
  const contacts = ['late', 'undecided', 'answered', 'assigned', 'handed']
  const keyed = <T extends { readonly contactId: string }>(all: readonly T[]) => all.map((one) => [keyOf(one.contactId), one] as const)
  const decided = (contactId: string, decisionId: string, over: Partial<Decision>) =>
    decisionRecord({ contactId, decisionId, assessmentId: decisionId, chosen: 'sms', askedAt: wrote, decidedAt: minute(1), ...over })
  const planned = (contactId: string, over: Partial<FollowUp> = {}) =>
    followUpRecord({ contactId, decisionId: `${contactId}-1`, plannedAt: minute(1), dueAt: minute(60), ...over })
  const firstOnes = contacts.map((contactId) => planned(contactId))
  const takenBack = firstOnes
    .filter(({ contactId }) => contactId === 'late' || contactId === 'undecided' || contactId === 'handed')
    .map((one): FollowUp => ({ ...one, change: 'cancelled', reason: 'Superseded: the lead or a person has acted since.' }))
  await sink.write([
    batch(
      profiles,
      0,
      keyed(
        contacts.map((contactId) =>
          // A message raises the epoch when it is known: after the first decisions, or before them.
          profileRecord({
            ...{ contactId, epoch: contactId === 'late' || contactId === 'undecided' ? 5 : 4 },
            ...{ lastInboundAt: wrote, lastOutboundAt: null, humanOwnership: null },
          }),
        ),
      ),
    ),
    batch(
      leadEvents,
      0,
      keyed(
        contacts.map((contactId) => {
          const isLate = contactId === 'late' || contactId === 'undecided'
          return messageEvent({ contactId, eventId: `m-${contactId}`, occurredAt: wrote, receivedAt: isLate ? minute(3) : wrote + 40 })
        }),
      ),
    ),
    batch(decisions, 0, [
      ...keyed(contacts.map((contactId) => decided(contactId, `${contactId}-1`, {}))),
      ...keyed([
        decided('late', 'late-2', { epoch: 5, chosen: 'wait', reason: 'inbound_message', askedAt: minute(3), decidedAt: minute(4) }),
        // On the same question as the hand-over that was planned, and later.
        decided('handed', 'handed-2', { assessmentId: 'handed-1', chosen: 'wait', decidedAt: minute(3) }),
      ]),
    ]),
    batch(followups, 0, keyed(firstOnes)),
  ])
  await sink.write([
    batch(
      followups,
      50,
      keyed([...takenBack, planned('assigned', { decisionId: 'r', action: 'assign', channel: 'none', plannedAt: minute(2) })]),
    ),
  ])
  await pool.query(`UPDATE followup_actions SET status = 'failed', reason = 'No such number.' WHERE contact_id = 'answered'`)
  const { leads } = await readerQueries(pool).owed({ writtenBefore: minute(9), limit: 20 }, wrote + HOUR)
  const told = Object.fromEntries(leads.map(({ contactId, cause, since, detail }) => [contactId, { cause, since, detail }]))
  t.match(told, {
    late: { cause: 'decided_to_wait', since: minute(4), detail: '' },
    undecided: { cause: 'no_decision', since: wrote },
    answered: { cause: 'delivery_failed', since: minute(1), detail: 'No such number.' },
    assigned: { cause: 'follow_up_waits', since: minute(1) },
    handed: { cause: 'follow_up_lapsed', detail: 'cancelled: Superseded: the lead or a person has acted since.' },
  })
  t.equal(leads.length, contacts.length)
})
