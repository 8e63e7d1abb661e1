/** Agents 28 to 30: what they make of findings about a location for one lead, and their silence without any. */
import t from 'tap'
import type { AgentTables } from '../../pipelines/agents/agent.ts'
import { agentView } from '../../pipelines/agents/agentView.ts'
import type { AgentView } from '../../pipelines/agents/agentView.ts'
import { agents as agentsStage } from '../../pipelines/agents/agents.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { drive } from '../../runtime/driver.ts'
import type { AgentInsight, Finding } from '../../schemas/generated/records.ts'
import { assessments, ballots, insightKey, insights } from '../../topics/index.ts'
import { HOUR } from '../support/leadRecords.ts'
import { question } from './leads.ts'

const adaptive = roster.filter(({ system }) => system === 'adaptive')
const found = (kind: string, over: Partial<Finding> = {}): Finding => ({
  ...{
    kind,
    subject: 'sms',
    bin: 4,
    value: '1/40',
    samples: 40,
    reason: 'fell_in_24h',
    text: 'Of the messages by sms whose 72 hours ended on the last day fewer were answered.',
  },
  evidence: [{ field: 'last day', value: '1 of 40, 2.5 %' }],
  ...over,
})
const tablesOf = (agentId: string, findings: readonly Finding[]): AgentTables => ({
  insight: (id) => (id === agentId ? ({ agentId, findings } as AgentInsight) : undefined),
})
type View = Partial<AgentView>
/** `option bin reason`, or `abstain reason`, of one agent on one type of decision. */
function says(agentId: string, findings: readonly Finding[], view: View = {}, type = 'follow_up'): string {
  const asked = question({ decisionTypes: [type] })
  const [cast] = panel(
    { ...asked, view: { ...asked.view, ...view } },
    adaptive.filter(({ id }) => id === agentId),
    tablesOf(agentId, findings),
  )
  if (cast === undefined) return 'none'
  return cast.kind === 'vote' ? `${String(cast.option)} ${String(cast.bin)} ${cast.reasonCode}` : `${cast.kind} ${cast.reasonCode}`
}
const open: View = { hasPhone: true, hasEmail: true, blockedChannels: {} }

t.test('without findings, or with those of another kind, they abstain', async (t) => {
  for (const { id, answers } of adaptive) {
    for (const type of answers) {
      t.match(says(id, [], open, type), /^abstain /, `${id} ${type}`)
      t.match(says(id, [found('anomaly'), found('something_later')], open, type), /^abstain /, `${id} ${type}`)
    }
  }
  t.equal(says('performance_monitor', [], open), 'abstain nothing_broken_down')
})

t.test('row 28: where one written way has broken down, the other one; where both have, a call, else waiting', async (t) => {
  const of = (subjects: readonly string[], view: View) =>
    says(
      'performance_monitor',
      subjects.map((subject) => found('answered_less', { subject })),
      view,
    )
  t.equal(of(['sms', 'messages'], open), 'email 4 answers_broken_down_other_way')
  t.equal(of(['email'], open), 'sms 4 answers_broken_down_other_way')
  t.equal(of(['sms', 'email', 'messages'], open), 'call 4 answers_broken_down_other_way')
  t.equal(of(['messages'], open), 'call 4 answers_broken_down_other_way', 'which way it is, is not known')
  t.equal(of(['sms'], { ...open, hasEmail: false }), 'call 4 answers_broken_down_other_way')
  t.equal(of(['sms'], { ...open, blockedChannels: { email: 'dnd', call: 'dnd' } }), 'wait 4 answers_broken_down_wait')
  t.equal(of(['sms', 'email'], { ...open, hasPhone: false }), 'wait 4 answers_broken_down_wait')
  // Of two that have broken down the less certain one decides how sure it is.
  const uneven = [found('answered_less', { bin: 5 }), found('answered_less', { subject: 'email', bin: 2 })]
  t.equal(says('performance_monitor', uneven, open), 'call 2 answers_broken_down_other_way')
})

t.test('row 29: the way that is answered more, never more than medium, where it is open', async (t) => {
  const better = (subject: string) => [found('answers_better', { subject, bin: 5 })]
  t.equal(says('optimization_analyzer', better('email'), open), 'email 3 answered_more_here')
  t.equal(says('optimization_analyzer', [found('answers_better', { bin: 2 })], open), 'sms 2 answered_more_here')
  t.equal(says('optimization_analyzer', better('email'), { ...open, blockedChannels: { email: 'dnd' } }), 'abstain better_way_not_open')
  t.equal(says('optimization_analyzer', better('fax'), open), 'abstain better_way_not_open')
})

t.test('row 30: under a policy that made it worse it waits, and hands a hot lead over, never by itself', async (t) => {
  const worse = [found('policy_worse', { subject: 'p2', bin: 5 })]
  t.equal(says('feedback_integrator', worse, { ...open, level: 'COLD' }), 'wait 5 policy_made_it_worse')
  t.equal(says('feedback_integrator', worse, { ...open, level: 'COLD' }, 'escalation'), 'abstain no_finding')
  t.equal(says('feedback_integrator', worse, { ...open, level: 'HOT' }, 'escalation'), 'hand_over 3 policy_made_it_worse')
  t.equal(says('feedback_integrator', worse, { ...open, level: 'URGENT' }, 'escalation'), 'hand_over 3 policy_made_it_worse')
  t.equal(says('feedback_integrator', [found('policy_better', { bin: 5 })], open), 'abstain no_worse_change')
})

t.test('at every stage of a lead a hand-over of row 30 alone hands nobody over; one vote of bin 4 would', async (t) => {
  const policy = shippedPolicy('escalation')
  if (policy === undefined) throw new Error('no policy')
  for (const [stage, bases] of Object.entries(policy.baseRatesMicro)) {
    // The strengths of bins 3 and 4, .5 and .8 nats, on the odds of the stage; handing over is best from P = .19 on.
    const [odds = 0] = [Math.exp(((bases['hand_over'] ?? 0) - (bases['wait'] ?? 0)) / 1e6)]
    const chance = (bin: number) => {
      const raised = odds * Math.exp((policy.coldStrengthsMicro[bin - 1] ?? 0) / 1e6)
      return raised / (1 + raised)
    }
    t.ok(chance(3) < 0.19, stage)
    t.ok(chance(4) >= 0.19, stage)
  }
})

t.test('a bin that is none is the nearest; the figures of the finding are the evidence', async (t) => {
  t.equal(says('optimization_analyzer', [found('answers_better', { bin: 0 })], open), 'sms 1 answered_more_here')
  t.equal(says('performance_monitor', [found('answered_less', { bin: 9 })], open), 'email 5 answers_broken_down_other_way')
  const agent = adaptive.find(({ id }) => id === 'optimization_analyzer')
  const opinion = agent?.assess({ ...agentView(question()), ...open }, tablesOf('optimization_analyzer', [found('answers_better')]))
  t.match(opinion, { evidence: [{ field: 'insights.optimization_analyzer', value: 'last day: 1 of 40, 2.5 %' }] })
  const bare = agent?.assess(
    { ...agentView(question()), ...open },
    tablesOf('optimization_analyzer', [found('answers_better', { evidence: [] })]),
  )
  t.match(bare, { evidence: [{ value: '1/40' }] })
})

t.test('each reads what it says it reads, and the findings of nobody else', async (t) => {
  for (const agent of adaptive) {
    const read = new Set<string>()
    const kinds = ['answered_less', 'answers_better', 'policy_worse'].map((kind) => found(kind))
    const tables: AgentTables = {
      insight: (id) => {
        read.add(`insights.${id}`)
        return { agentId: id, findings: kinds } as unknown as AgentInsight
      },
    }
    const view = new Proxy(
      { ...agentView(question()), ...open },
      {
        get(of, name) {
          if (typeof name === 'string') read.add(name)
          return Reflect.get(of, name) as unknown
        },
      },
    )
    agent.assess(view, tables)
    t.strictSame(
      [...read].filter((name) => !agent.reads.includes(name)),
      [],
      agent.id,
    )
    t.strictSame(
      [...read].filter((name) => name.startsWith('insights.')),
      [`insights.${agent.id}`],
    )
  }
})

t.test('what is not valid any more moves nobody', async (t) => {
  const asked = question()
  const insight: AgentInsight = {
    ...{ tenantId: asked.tenantId, agentId: 'performance_monitor', agentVersion: 1, system: 'adaptive', at: asked.askedAt - HOUR },
    validUntil: asked.askedAt,
    findings: [found('answered_less')],
  }
  const cast = (validUntil: number) => {
    const rows = [[insightKey(asked.tenantId, 'performance_monitor'), { ...insight, validUntil }]] as const
    const line = drive(agentsStage, { at: asked.askedAt, tables: { [insights.name]: rows } })
    line.pipe(assessments, `${asked.tenantId}:${asked.contactId}`, asked)
    return line.outputs(ballots)[0]?.votes.find(({ agentId }) => agentId === 'performance_monitor')?.kind
  }
  t.strictSame([cast(insight.validUntil), cast(insight.validUntil + 1)], ['abstain', 'vote'])
})
