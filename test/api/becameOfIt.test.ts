/** What became of a decision: every status of the ledger in words, and nothing where nothing is known. */
import t from 'tap'
import { becameOfIt } from '../../api/pages/becameOfIt.ts'
import type { DeliveryChanged, FollowUp } from '../../schemas/generated/records.ts'
import { HOUR, decisionRecord, deliveryRecord, followUpRecord, tuesdayNoon } from '../support/leadRecords.ts'

const decision = decisionRecord()
const planned = followUpRecord({ followupId: 'f1' })
const delivery = (changes: Partial<DeliveryChanged>) => deliveryRecord({ followupId: 'f1', decisionId: 'd1', reason: '', ...changes })
const became = (deliveries: readonly DeliveryChanged[], followups: readonly FollowUp[] = [planned]) =>
  becameOfIt(decision, { followups, deliveries })

t.test('each status says whether it has left, and why not', (t) => {
  const said = (status: string, reason = 'It is late.', changes: Partial<DeliveryChanged> = {}) =>
    became([delivery({ status, reason, ...changes })])
  t.equal(said('confirmed', 'sent'), 'It was sent 2026-11-10 17:00 UTC.')
  t.equal(said('reserved'), 'It is on its way.')
  t.equal(said('handed_over'), 'It is on its way.')
  t.equal(said('deferred'), 'It has not left yet. It is late.')
  t.equal(
    said('deferred', 'Outside lawful hours in America/Chicago.', { liftsAt: tuesdayNoon + 22 * HOUR }),
    'It has not left yet. Outside lawful hours in America/Chicago. It is looked at again 2026-11-11 15:00 UTC.',
  )
  t.equal(said('denied', 'The lead has become a client.'), 'It has not left and will not. The lead has become a client.')
  t.equal(said('failed', 'The provider refused it.'), 'It has not left and will not. The provider refused it.')
  t.equal(said('expired', 'Its time has passed.'), 'It has not left and will not. Its time has passed.')
  t.equal(said('unknown', 'No answer came.'), 'Whether it has left is being looked up. No answer came.')
  t.equal(
    said('cancelled', 'Superseded: the lead or a person has acted since.'),
    'It was taken back 2026-11-10 17:00 UTC. The lead or a person has acted since.',
  )
  t.equal(said('superseded', ''), 'It was taken back 2026-11-10 17:00 UTC.')
  t.end()
})

t.test('of several changes the latest counts, in whatever order they are told', (t) => {
  const changes = [
    delivery({ sequence: 1, status: 'deferred' }),
    delivery({ sequence: 3, status: 'confirmed' }),
    delivery({ sequence: 2, status: 'reserved' }),
  ]
  t.equal(became(changes), 'It was sent 2026-11-10 17:00 UTC.')
  t.equal(became([...changes].reverse()), 'It was sent 2026-11-10 17:00 UTC.')
  t.equal(became([delivery({ followupId: 'another' })]), 'It has not left yet: it is due 2026-11-10 17:00 UTC.', 'of another follow-up')
  t.end()
})

t.test('what is no message is done and does not leave', (t) => {
  const done = (action: string, status: string, channel = 'none') =>
    became([delivery({ action, channel, status })], [followUpRecord({ followupId: 'f1', action, channel })])
  t.equal(done('hand_over', 'confirmed'), 'It was handed over 2026-11-10 17:00 UTC.')
  t.equal(done('assign', 'confirmed'), 'It was given 2026-11-10 17:00 UTC.')
  t.equal(done('assign', 'denied'), 'It has not been done and will not.')
  t.equal(done('create_task', 'confirmed', 'call'), 'A realtor has the task since 2026-11-10 17:00 UTC.')
  t.equal(done('ask', 'confirmed'), 'A person is asked since 2026-11-10 17:00 UTC.')
  t.end()
})

t.test('what a person chose follows the question that was put first', (t) => {
  const ask = followUpRecord({ followupId: 'q', action: 'ask', channel: 'none' })
  const asked = delivery({ followupId: 'q', action: 'ask' })
  t.equal(became([asked], [ask]), 'A person is asked since 2026-11-10 17:00 UTC.')
  t.equal(became([delivery({ status: 'confirmed', at: tuesdayNoon + HOUR }), asked], [ask, planned]), 'It was sent 2026-11-10 18:00 UTC.')
  t.end()
})

t.test('where nothing is known nothing is said', (t) => {
  t.equal(became([], []), 'Nothing has been planned of it.')
  t.equal(becameOfIt(decisionRecord({ chosen: 'wait' }), { followups: [], deliveries: [] }), undefined)
  t.equal(becameOfIt(decisionRecord({ type: 'content', chosen: 'inform' }), { followups: [], deliveries: [] }), undefined)
  t.equal(became([], [{ ...planned, change: 'cancelled' }]), 'It was taken back before anything was done.')
  const others = <T>(one: T): T[] => Array.from({ length: 20 }, () => one)
  t.equal(became([], others(followUpRecord({ followupId: 'x', decisionId: 'newer' }))), undefined, 'older than what is told')
  t.equal(became(others(delivery({ followupId: 'x' }))), undefined, 'its changes are older than what is told')
  t.end()
})
