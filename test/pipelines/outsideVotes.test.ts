/** A program outside votes late and without weight, is held against verdicts, and from thirty of them on is weighed and waited for. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { compiled } from '../../pipelines/consensus/policy.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { auditReport } from '../../pipelines/learning/auditReport.ts'
import { learn } from '../../pipelines/learning/learn.ts'
import { HEARD_WITHIN, keptVotes, SOURCES_AT_MOST, uncounted, VOTES_AT_MOST } from '../../pipelines/learning/outsideVotes.ts'
import { voteTableOf } from '../../pipelines/learning/voteTable.ts'
import type { JudgedDecision } from '../../pipelines/learning/judgedDecision.ts'
import { drive } from '../../runtime/driver.ts'
import type { Ballot, Decision, Policy, Vote } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, policies } from '../../topics/index.ts'
import { DAY, HOUR } from '../support/leadRecords.ts'
import { asked, question } from './leads.ts'

const shipped = shippedPolicy('follow_up') as Policy
const key = 'sandboxLocation000001:maria'
const guru = 'team:x/guru'
const said = (option: string, over: Partial<Vote> = {}): Vote => ({
  ...{ agentId: 'guru', agentVersion: 1, family: 'x', kind: 'vote', decisionType: 'follow_up', option, bin: 5 },
  ...{ reasonCode: 'r', reasonText: null, evidence: [], params: {} },
  ...over,
})
const ballot = (votes: Vote[], over: Partial<Ballot> = {}): Ballot => ({
  ...{ ballotId: 'out', assessmentId: 'a-1', tenantId: 'sandboxLocation000001', contactId: 'maria', epoch: 1, source: 'team:x' },
  ...{ castAt: asked, votes },
  ...over,
})
const truths = ['wait', 'sms', 'email', 'call', 'sms']

/** The question as the shipped line decides it, and the vote of the team that comes after. */
function decidedBefore(truth: string): { decision: Decision; late: Ballot; reasons: string[] } {
  const line = drive([agents, consensus], { at: asked })
  line.pipe(assessments, key, question({ decisionTypes: ['follow_up'] }))
  const [decision] = line.outputs(decisions)
  const late = ballot([said(truth)])
  line.pipe(ballots, key, late)
  return { decision: decision as Decision, late, reasons: line.drops.map(({ reason }) => reason) }
}

function judgedQuestions(count: number): (JudgedDecision & { selection: string })[] {
  return Array.from({ length: count }, (_, n) => {
    const option = truths[n % truths.length] as string
    const { decision, late } = decidedBefore(option)
    return {
      decision: {
        ...decision,
        decisionId: `d${String(n).padStart(4, '0')}`,
        contactId: `c${n}`,
        decidedAt: asked + n * HOUR,
        auditSelected: true,
        pAudit: 0.03,
      },
      option,
      labeller: 'anna',
      inclusion: 0.03,
      selection: 'random',
      labelledAt: asked + n * HOUR + DAY,
      outside: uncounted(decision, keptVotes(late)),
    }
  })
}
const learned = (judged: readonly JudgedDecision[]) =>
  learn({ decisionType: 'follow_up', judged, shipped, inForce: () => undefined })[0]?.policy as Policy
const lineUnder = (policy: Policy) => {
  const line = drive([agents, consensus], { at: asked, tables: { [policies.name]: [['*:follow_up', policy]] } })
  line.pipe(assessments, key, question({ decisionTypes: ['follow_up'] }))
  return line
}

t.test('votes that come late change nothing, are judged, and then the agent is weighed and waited for', async (t) => {
  const { reasons, decision } = decidedBefore('call')
  t.strictSame(reasons, ['late_ballot'])
  t.notOk(decision.contributions.some(({ agentId }) => agentId === guru))

  const judged = judgedQuestions(30)
  const few = learned(judged.slice(0, 29))
  t.notOk(few.roster.includes(guru))
  t.strictSame(few, learned(judged.slice(0, 29).map((one) => ({ ...one, outside: [] }))), 'twenty-nine votes move no number')
  t.equal(lineUnder(few).outputs(decisions).length, 1, 'and nobody waits for it')

  const policy = learned(judged)
  t.ok(policy.roster.includes(guru))
  t.ok(compiled(policy).lambdaOf(guru, 5, 'call') > 0)
  const line = lineUnder(policy)
  t.strictSame(line.outputs(decisions), [], 'the question waits for it')
  line.pipe(ballots, key, ballot([said('call')]))
  const [weighed] = line.outputs(decisions)
  t.equal(weighed?.stopReason, 'all_votes')
  t.ok(Number(weighed?.contributions.find(({ agentId }) => agentId === guru)?.nats) > 0)

  const silent = lineUnder(policy)
  silent.advance('2s')
  t.match(silent.outputs(decisions), [{ stopReason: 'deadline' }], 'and for two seconds at most')
})

t.test('an agent that has not been heard on the newest judged decisions is forgotten: nobody waits for it', async (t) => {
  const judged = judgedQuestions(30)
  const gone = Array.from({ length: HEARD_WITHIN }, (_, n) => ({
    ...(judged[n % 30] as JudgedDecision),
    decision: {
      ...(judged[n % 30] as JudgedDecision).decision,
      decisionId: `e${n}`,
      contactId: `later${n}`,
      decidedAt: asked + (100 + n) * HOUR,
    },
    outside: [],
  }))
  t.ok(learned([...judged, ...gone.slice(1)]).roster.includes(guru))
  t.notOk(learned([...judged, ...gone]).roster.includes(guru))
  t.notOk(voteTableOf([...judged, ...gone], shipped).agents.some(({ agent }) => agent === guru))
})

t.test('late votes have a card in the audit report from the first verdict on', async (t) => {
  const { agents: cards } = auditReport(judgedQuestions(5), () => 0.5)
  t.match(
    cards.find(({ agent }) => agent === guru),
    { votes: 5, right: 5, abstained: 0, failed: 0 },
  )
})

t.test('the example for outside teams is one whose vote is kept', async (t) => {
  const text = readFileSync(new URL('../../schemas/examples/Ballot/outside-team.json', import.meta.url), 'utf8')
  const kept = keptVotes(JSON.parse(text) as Ballot)
  t.strictSame(kept, [{ agentId: 'team:acme/house_hunter', family: 'acme', decisionType: 'follow_up', option: 'call', bin: 4 }])
  t.ok(shipped.options.some(({ option }) => option === kept[0]?.option))
})

t.test('of a ballot is kept what may be counted, under the name of its source', async (t) => {
  const one = { agentId: guru, family: 'x', decisionType: 'follow_up', option: 'call', bin: 5 }
  t.strictSame(keptVotes(ballot([said('call')])), [one])
  t.strictSame(keptVotes(ballot([said('call', { agentId: guru })])), [one])
  t.strictSame(keptVotes(ballot([said('call', { kind: 'abstain', decisionType: '*', option: null, bin: null })])), [
    { ...one, decisionType: '*', option: null, bin: null },
  ])
  for (const source of ['panel', 'claude', '', 'team/x', 's'.repeat(65)])
    t.strictSame(keptVotes(ballot([said('call')], { source })), [], source)
  const refused = [
    { bin: 0 },
    { bin: 6 },
    { bin: null },
    { option: null },
    { kind: 'error' },
    { decisionType: '*' },
    { agentId: 'a'.repeat(58) },
  ]
  for (const over of refused) t.strictSame(keptVotes(ballot([said('call', over)])), [], JSON.stringify(over))
  const votes = (count: number) => Array.from({ length: count }, (_, n) => said('call', { agentId: `a${n}` }))
  t.equal(keptVotes(ballot(votes(VOTES_AT_MOST))).length, 16)
  t.strictSame(keptVotes(ballot(votes(VOTES_AT_MOST + 1))), [])
  t.equal(SOURCES_AT_MOST, 8)
})

t.test('what a decision counted itself, repeated votes, other types and options that were not asked about are left out', async (t) => {
  const { decision } = decidedBefore('call')
  const votes = keptVotes(
    ballot([said('call'), said('sms'), said('wait', { agentId: 'b', decisionType: 'content' }), said('fly', { agentId: 'c' })]),
  )
  t.strictSame(uncounted(decision, votes), votes.slice(0, 1))
  const counted = { ...decision, silent: [{ agentId: guru, kind: 'abstain', reasonCode: 'r' }] }
  t.strictSame(uncounted(counted, votes), [])
  t.strictSame(uncounted({ ...counted, silent: [{ agentId: guru, kind: 'missing', reasonCode: 'r' }] }, votes), votes.slice(0, 1))
})
