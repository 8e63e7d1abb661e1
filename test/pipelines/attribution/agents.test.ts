/** System 6 on leads: a standing finding about the lead's channel tips the scales of a silent lead, and nothing else. */
import t from 'tap'
import type { AgentTables } from '../../../pipelines/agents/agent.ts'
import { agents as agentsStage } from '../../../pipelines/agents/agents.ts'
import { panel } from '../../../pipelines/agents/panel.ts'
import { roster } from '../../../pipelines/agents/roster.ts'
import { drive } from '../../../runtime/driver.ts'
import type { AgentInsight, Assessment, Finding } from '../../../schemas/generated/records.ts'
import { assessments, ballots, insightKey } from '../../../topics/index.ts'
import { asked, day, question, silent, view } from '../leads.ts'

const own = roster.filter(({ system }) => system === 'attribution')
const found = (agentId: string, over: Partial<Finding>): AgentInsight => ({
  ...{ tenantId: 'sandboxLocation000001', agentId, agentVersion: 1, system: 'attribution', at: asked - day, validUntil: asked + day },
  findings: [
    {
      ...{
        kind: 'channel',
        subject: 'paid_search',
        bin: 5,
        value: null,
        samples: 100,
        reason: 'converts_well',
        text: 'Paid search converts well.',
      },
      evidence: [{ field: 'mature_leads', value: '100' }],
      ...over,
    },
  ],
})
const tablesOf = (...insights: AgentInsight[]): AgentTables => ({ insight: (agentId) => insights.find((one) => one.agentId === agentId) })

/** `option bin reason`, or `abstain reason`. */
function opinion(agentId: string, finding: Partial<Finding>, changes: Partial<Assessment> = {}): string {
  const asking = question({ stage: 'silent', reason: 'silence_48h', view: silent(1, 48, { source: 'Google Ads' }), ...changes })
  const cast = panel(asking, own, tablesOf(found(agentId, finding))).find((one) => one.agentId === agentId)
  return cast?.kind === 'vote'
    ? `${String(cast.option)} ${String(cast.bin)} ${cast.reasonCode}`
    : `${String(cast?.kind)} ${String(cast?.reasonCode)}`
}

t.test('system 6 has four agents of one family, and without findings none of them says anything', async (t) => {
  t.strictSame(
    own.map(({ id, family }) => [id, family]),
    ['attribution_modeler', 'channel_analyzer', 'roi_optimizer', 'predictive_modeler'].map((id) => [id, 'attribution']),
  )
  t.strictSame(
    panel(question({ stage: 'silent', view: silent(1, 48, { source: 'Google Ads' }) }), own).map(({ kind }) => kind),
    ['abstain', 'abstain', 'abstain', 'abstain'],
  )
})

t.test('a silent lead of a channel that converts well is written to, with a medium bin at most', async (t) => {
  const of = (finding: Partial<Finding>, changes: Partial<Assessment> = {}) => opinion('channel_analyzer', finding, changes)
  t.equal(of({}), 'sms 3 converts_well')
  t.equal(of({ bin: 2 }), 'sms 2 converts_well')
  t.equal(of({}, { view: silent(1, 48, { source: 'utm_source=google&utm_medium=cpc', hasPhone: false }) }), 'email 3 converts_well')
  t.equal(of({}, { view: silent(1, 48, { source: 'Google Ads', hasPhone: false, hasEmail: false }) }), 'abstain no_open_channel')
  t.equal(of({}, { view: silent(3, 48, { source: 'Google Ads' }) }), 'abstain not_silent', 'three attempts are enough')
  t.equal(of({}, { stage: 'engaged' }), 'abstain not_silent')
  t.equal(of({}, { view: silent(1, 48, { source: 'Zillow' }) }), 'abstain not_measured', 'another channel')
  t.equal(of({}, { view: silent(1, 48, { source: null }) }), 'abstain not_measured')
  t.equal(of({ reason: 'like_the_others' }), 'abstain channel_unremarkable')
  t.equal(of({ reason: 'too_few_leads' }), 'abstain channel_unremarkable')
})

t.test('nobody is passed over for a channel alone: it waits only after three attempts that were never answered', async (t) => {
  const of = (lead: Assessment['view']) => opinion('channel_analyzer', { reason: 'never_converts' }, { view: lead })
  t.equal(of(silent(3, 48, { source: 'Google Ads' })), 'wait 3 never_converts')
  t.equal(of(silent(2, 48, { source: 'Google Ads' })), 'abstain attempts_left')
  t.equal(of(silent(4, 48, { source: 'Google Ads', counters: { inbound: 1 } })), 'abstain attempts_left')
  t.equal(of(view({ source: 'Google Ads' })), 'abstain attempts_left', 'a new lead')
})

t.test('models, return and worth speak only where they speak clearly', async (t) => {
  t.equal(opinion('attribution_modeler', { kind: 'credit', reason: 'every_model_credits_more' }), 'email 3 every_model_credits_more')
  t.equal(opinion('attribution_modeler', { kind: 'credit', reason: 'credited' }), 'abstain models_differ_on_channel')
  t.equal(opinion('attribution_modeler', { kind: 'models', reason: 'models_agree' }), 'abstain not_measured')
  t.equal(opinion('roi_optimizer', { kind: 'return', reason: 'returns_more' }), 'email 3 returns_more')
  t.equal(opinion('roi_optimizer', { kind: 'return', reason: 'returns_unclear' }), 'abstain return_unremarkable')
  t.equal(opinion('roi_optimizer', { kind: 'shift', subject: 'radio>paid_search', reason: 'better_return' }), 'abstain not_measured')
  const worth = { kind: 'lead_worth', reason: 'worth_more' }
  const hot = { view: silent(1, 48, { source: 'Google Ads', level: 'HOT' }) }
  t.equal(opinion('predictive_modeler', worth, hot), 'call 3 worth_more')
  t.equal(opinion('predictive_modeler', worth), 'abstain not_hot')
  t.equal(opinion('predictive_modeler', { ...worth, reason: 'worth_less' }, hot), 'abstain worth_unremarkable')
  const unreachable = { view: silent(1, 48, { source: 'Google Ads', level: 'HOT', blockedChannels: { call: 'dnd' } }) }
  t.equal(opinion('predictive_modeler', worth, unreachable), 'abstain no_open_channel')
})

t.test('what they read is what they declare, with every finding there', async (t) => {
  const kinds: Record<string, Partial<Finding>> = {
    attribution_modeler: { kind: 'credit', reason: 'every_model_credits_more' },
    channel_analyzer: { reason: 'never_converts' },
    roi_optimizer: { kind: 'return', reason: 'returns_more' },
    predictive_modeler: { kind: 'lead_worth', reason: 'worth_more' },
  }
  for (const agent of own) {
    const read = new Set<string>()
    const note = <T extends object>(object: T, prefix: string): T =>
      new Proxy(object, {
        get(of, name) {
          const value: unknown = Reflect.get(of, name)
          if (typeof name === 'string' && name !== 'counters') read.add(prefix + name)
          return name === 'counters' ? note(value as object, 'counters.') : value
        },
      })
    for (const attempts of [1, 4]) {
      const asking = question({ view: silent(attempts, 48, { source: 'Google Ads', level: 'HOT' }) })
      const seen = { ...asking.view, leadHash: 'x', askedAt: asked, reason: 'silence_48h', stage: 'silent' }
      agent.assess(note(seen, ''), {
        insight(agentId) {
          read.add(`insights.${agentId}`)
          return found(agentId, kinds[agentId] ?? {})
        },
      })
    }
    t.strictSame(
      [...read].filter((name) => !agent.reads.includes(name)),
      [],
      agent.id,
    )
    t.ok(read.has(`insights.${agent.id}`))
  }
})

t.test('the stage of agents looks findings up by location, and one that is out of date is none', async (t) => {
  const votesWith = (validUntil: number) => {
    const insight = { ...found('channel_analyzer', {}), validUntil }
    const line = drive(agentsStage, {
      at: asked,
      tables: { 'agents.insights': [[insightKey('sandboxLocation000001', 'channel_analyzer'), insight]] },
    })
    const asking = question({ stage: 'silent', view: silent(1, 48, { source: 'Google Ads' }) })
    line.pipe(assessments, 'sandboxLocation000001:maria', asking)
    return line.outputs(ballots)[0]?.votes.find(({ agentId }) => agentId === 'channel_analyzer')
  }
  t.match(votesWith(asked + 1), {
    kind: 'vote',
    option: 'sms',
    evidence: [
      { field: 'source', value: 'Google Ads' },
      { field: 'insights.channel_analyzer', value: 'paid_search, mature_leads 100' },
    ],
  })
  t.match(votesWith(asked), { kind: 'abstain', reasonCode: 'not_measured' })
})
