/** P-10, P-14: what a lead does after a message goes through the stages into findings, and a finding moves the vote on the next lead. */
import t from 'tap'
import { adaptation } from '../../pipelines/adaptation/adaptation.ts'
import { resultsStage } from '../../pipelines/adaptation/results.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { drive } from '../../runtime/driver.ts'
import type { AgentInsight } from '../../schemas/generated/records.ts'
import { ballots, decisions, deliveries, followups, insightKey, insights, leadEvents, outcomes, results } from '../../topics/index.ts'
import { DAY, HOUR, MINUTE, deliveryRecord, messageEvent, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { signUp, tables } from './signUp.ts'

const maria = `${tenantId}:maria`

t.test('a message that is confirmed and answered is one result, with the agents that voted for it', async (t) => {
  const line = drive([enrich, agents, consensus, followup, resultsStage], { at: tuesdayNoon, tables })
  line.pipe(leadEvents, maria, signUp)
  line.advance('1m')
  const [planned] = line.outputs(followups).filter(({ action }) => action === 'send_message')
  t.ok(planned, 'a new lead is written to')
  const decisionId = planned?.decisionId ?? ''
  const sentAt = line.now
  line.pipe(deliveries, maria, deliveryRecord({ decisionId, channel: planned?.channel ?? 'sms', at: sentAt }))
  const delivery = {
    followupId: 'f',
    decisionId,
    channel: 'sms',
    status: 'confirmed',
    messageId: 'own',
    text: 'x',
    action: 'send_message',
    echoed: false,
    assigneeId: null,
    closedBecause: null,
  }
  line.pipe(leadEvents, maria, { ...signUp, ...noSections, eventId: 'sent', kind: 'followup_delivered', occurredAt: sentAt, delivery })
  line.advance('2h')
  line.pipe(leadEvents, maria, messageEvent({ eventId: 'reply', occurredAt: line.now, receivedAt: line.now }, 'Sounds good'))
  line.advance('11m')
  t.match(line.outputs(outcomes), [{ kind: 'reply', sourceId: 'reply', channel: 'sms' }])
  line.advance('4d')
  const decision = line.outputs(decisions).find((one) => one.decisionId === decisionId)
  const [first] = line.outputs(results).filter(({ option }) => option === decision?.chosen)
  t.match(first, { tenantId, outcome: 'reply', latencyMs: 2 * HOUR, policyHash: decision?.policyHash })
  t.strictSame(
    first?.votedFor,
    decision?.contributions.flatMap(({ agentId, option }) => (option === decision.chosen ? [agentId] : [])).sort(),
  )
  t.ok(first?.abstained.includes('performance_monitor'), 'nothing was found yet')
  t.match(first?.wording, { trial: null, drawn: false, propensityMicro: 1_000_000 }, 'nothing is tried at the first contact')
  const voted = line
    .outputs(decisions)
    .filter(({ type, stopReason }) => type === 'follow_up' && stopReason !== 'gated' && stopReason !== 'superseded')
  t.ok(line.outputs(results).length <= voted.length)
})

t.test(
  'P-10 P-44: results of a location become a finding, and the next lead there is not written to on the way that broke down',
  async (t) => {
    const line = drive(adaptation, { at: tuesdayNoon - 12 * DAY })
    const result = {
      ...{
        resultId: 'r',
        tenantId,
        decisionType: 'follow_up',
        option: 'sms',
        policyHash: 'p',
        votedFor: [],
        votedAgainst: [],
        abstained: [],
        failed: [],
        wording: null,
        guardrails: null,
        hour: null,
      },
      latencyMs: null,
    }
    for (let day = 0; day < 12; day++) {
      for (let n = 0; n < 40; n++) {
        const outcome = day < 11 && n < 14 ? 'reply' : 'none'
        line.pipe(results, tenantId, {
          ...result,
          startedAt: line.now - 73 * HOUR,
          closedAt: line.now,
          outcome,
          latencyMs: outcome === 'reply' ? MINUTE : null,
        })
      }
      line.advance('1d')
    }
    const stated = line
      .records(insights)
      .filter(({ key }) => key === insightKey(tenantId, 'performance_monitor'))
      .at(-1)
    t.match(stated?.value.findings, [
      { kind: 'answered_less', subject: 'messages' },
      { kind: 'answered_less', subject: 'sms' },
    ])
    const vote = (rows: readonly (readonly [string, AgentInsight])[]) => {
      const next = drive([enrich, agents], { at: tuesdayNoon, tables: { ...tables, [insights.name]: rows } })
      next.pipe(leadEvents, maria, signUp)
      const cast = next.outputs(ballots)[0]?.votes.find(({ agentId, kind }) => agentId === 'performance_monitor' && kind === 'vote')
      return cast?.option
    }
    t.equal(vote([]), undefined)
    t.equal(vote(stated === undefined ? [] : [[stated.key, stated.value]]), 'email')
  },
)
