/** What is told of several decisions on one question together. */
import t from 'tap'
import { explainedAll } from '../../api/leadStory.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import type { Decision } from '../../schemas/generated/records.ts'
import { decisionRecord } from '../support/leadRecords.ts'

const deps = { explain, realtors: undefined, queries: { policies: async () => [] } }

t.test('votes that would have left a lead with Rekindle are told as overruled where its own words call for a person', async (t) => {
  const silenced = decisionRecord({
    ...{ chosen: 'wait', stopReason: 'gated', dueAt: null },
    gates: [
      {
        ...{ gateId: 'person_due', ruleId: 'asked_for_a_person', option: '*', verdict: 'deny', liftsAt: null },
        reason: 'The lead asked for a person. A person should answer.',
      },
    ],
  })
  const stays = decisionRecord({ decisionId: 'd2', type: 'escalation', chosen: 'wait', dueAt: null })
  const headlines = async (...decisions: Decision[]) => (await explainedAll(deps, decisions)).map(({ headline }) => headline)
  const left = 'Leave the lead with Rekindle.'
  const overruled = 'Leave the lead with Rekindle: overruled, the lead is handed over all the same.'
  t.equal((await headlines(silenced, stays))[1], overruled)
  t.equal((await headlines(stays, silenced))[0], overruled)
  t.equal((await headlines(stays, { ...silenced, assessmentId: 'another' }))[0], left)
  t.equal((await headlines(stays, { ...silenced, stopReason: 'superseded' }))[0], left)
  const goes = { ...stays, chosen: 'hand_over' }
  t.equal((await headlines(silenced, goes))[1], 'Hand the lead over to a person.')
})

t.test('the wording of a message that was not decided on is told as that', async (t) => {
  const worded = decisionRecord({ decisionId: 'd2', type: 'content', chosen: 'soft_ask', dueAt: null })
  const headline = async (followUp: Partial<Decision>) => (await explainedAll(deps, [decisionRecord(followUp), worded]))[1]?.headline
  const unused = 'Ask softly, if a message is written: none was decided on.'
  t.equal(await headline({ chosen: 'sms' }), 'Ask softly.')
  t.equal(await headline({ chosen: 'email' }), 'Ask softly.')
  t.equal(await headline({ chosen: 'wait' }), unused)
  t.equal(await headline({ chosen: 'call' }), unused)
  t.equal(await headline({ chosen: 'wait', stopReason: 'gated' }), unused)
  t.equal(await headline({ chosen: 'wait', assessmentId: 'another' }), 'Ask softly.', 'of another question')
  t.equal(await headline({ chosen: 'wait', escalation: 'quorum_failed_twice' }), 'Ask softly.', 'whoever is asked may write one')
})
