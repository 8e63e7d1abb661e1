/** A message that a person has written for next week is no contact yet: the lead is silent, unowned and owed an answer until it leaves. */
import t from 'tap'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { silenceReached } from '../../pipelines/enrich/silence.ts'
import { contactTimes } from '../../pipelines/followup/gates/contactBudget.ts'
import { owed } from '../../pipelines/reconcile/owed.ts'
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { DAY, HOUR, messageEvent, tuesdayNoon } from '../support/leadRecords.ts'

const settings = settingsOf(undefined)
const asks = messageEvent({ eventId: 'asks', occurredAt: tuesdayNoon - 30 * HOUR, receivedAt: tuesdayNoon - 30 * HOUR })
const byRealtor = (status: string, at: number): LeadEvent => {
  const { message, ...event } = messageEvent({ eventId: status, kind: 'message_outbound', occurredAt: at, receivedAt: at })
  if (message === null) throw new Error('no message')
  return { ...event, message: { ...message, messageId: 'm1', direction: 'outbound', sender: 'human', userId: 'anna', status } }
}
const owedBy = (profile: LeadProfile, at: number) =>
  owed({ profile, knownAt: undefined, decision: undefined, followUp: undefined, foundAt: undefined }, at)?.cause

t.test('one that is scheduled changes nothing; when it leaves it counts, from then on', async (t) => {
  const before = applyEvent(undefined, asks, settings)
  const planned = applyEvent(before, byRealtor('scheduled', tuesdayNoon - 29 * HOUR), settings)
  t.match(planned, { lastOutboundAt: null, lastHumanAt: null, humanOwnership: null, epoch: before.epoch, counters: { outbound: 0 } })
  t.equal(silenceReached(planned, tuesdayNoon), 24, 'the lead has been silent for 30 hours')
  t.equal(owedBy(planned, tuesdayNoon), 'no_decision', 'it has had no answer')
  t.strictSame(contactTimes(planned, []), [])

  const sentAt = tuesdayNoon + 6 * DAY
  const sent = applyEvent(planned, byRealtor('delivered', sentAt), settings)
  t.match(sent, { lastHumanAt: sentAt, humanOwnership: { reason: 'human_message', userId: 'anna' }, epoch: before.epoch + 1 })
  t.equal(owedBy(sent, sentAt + 1), undefined, 'it is answered')
  t.strictSame(contactTimes(sent, []), [sentAt], 'and the budget of contacts knows of it')
})

t.test('one that is scheduled and taken back leaves no trace', async (t) => {
  const before = applyEvent(undefined, asks, settings)
  for (const status of ['canceled', 'cancelled']) {
    const after = applyEvent(
      applyEvent(before, byRealtor('scheduled', tuesdayNoon), settings),
      byRealtor(status, tuesdayNoon + 1),
      settings,
    )
    t.match(after, { lastOutboundAt: null, humanOwnership: null, counters: { outbound: 0 }, recentMessages: before.recentMessages })
    t.equal(owedBy(after, tuesdayNoon + 2), 'no_decision')
  }
})
