/** What a realtor reads about a choice is true of it: without the votes that a sentence names, the choice is what it says. */
import t from 'tap'
import { storyEvents } from '../../bench/enrichFold.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import type { Case } from '../../pipelines/consensus/decide.ts'
import { actionOf, explain } from '../../pipelines/consensus/explain.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { usualChoice } from '../../pipelines/consensus/usualChoice.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Decision, Policy } from '../../schemas/generated/records.ts'
import { sandboxStaff } from '../../simulate/sandboxStaff.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { assessments, leadEvents, realtorSettings } from '../../topics/index.ts'
import { caseOf, followUp, policyWith, rosterOf, vote } from './cases.ts'
import { profiles, view } from './leads.ts'

const now = Date.UTC(2026, 10, 27, 12)

/** The questions that simulated leads raise, each type once, as the line would decide them at the deadline. */
function simulatedCases(seed: number, leads: number): Case[] {
  const tenant = sandboxTenant(now)
  const line = drive(enrich, {
    at: now,
    tables: { tenants: [[sandboxTenantId, tenant]], [realtorSettings.name]: [[sandboxTenantId, sandboxStaff(now)]] },
  })
  for (const { key, value } of storyEvents(seed, leads, now)) line.pipe(leadEvents, key, value)
  return line.outputs(assessments).flatMap((question) =>
    question.decisionTypes.flatMap((type) => {
      const policy = shippedPolicy(type)
      if (policy === undefined) return []
      const gated = evaluateGates(
        { view: question.view, at: question.askedAt, tenant, asked: question },
        policy.options.map(({ option }) => option),
      )
      const decisionId = `${question.assessmentId}-${type}`
      const votes = panel(question, roster)
      const flags = { staleBallots: 0, policyRefused: false, degradedBefore: false }
      return [{ decisionId, question, decisionType: type, votes, policy, gated, at: question.askedAt, ...flags }]
    }),
  )
}

/** What would be chosen, and for what, when these agents had nothing to say; whether enough are left to speak is another matter. */
function choiceWithout(open: Case, named: (agentId: string, option: string | null) => boolean): string {
  const votes = open.votes.map((one) =>
    one.decisionType === open.decisionType && one.kind === 'vote' && named(one.agentId, one.option)
      ? { ...one, kind: 'abstain', option: null, bin: null }
      : one,
  )
  const policy = { ...open.policy, quorumMilli: 0, requiredFamilies: [] }
  return usualChoice(decideNow({ ...open, policy, votes }, 'deadline'))
}

const agentIn = (words: string) => words.trim().toLowerCase().replaceAll(' ', '_')

t.test('without the votes that a reason names, the choice is what the reason says, over the decisions of simulated leads', async (t) => {
  const cases = simulatedCases(11, 120)
  const checked = { named: 0, none: 0 }
  const untrue: unknown[] = []
  for (const open of cases) {
    const decision = decideNow(open, 'deadline')
    const lines = explain(decision, open.policy).sentences
    if (lines.length > 5) untrue.push(lines)
    const told = lines.find((line) => line.startsWith('Without '))
    if (told === undefined) continue
    const [, names, becomes] = /^Without (.+) it would be: (.+)\.$/.exec(told) ?? []
    if (names === undefined) {
      checked.none++
      if (choiceWithout(open, () => true) !== usualChoice(decision)) untrue.push([told, decision.decisionId])
      continue
    }
    checked.named++
    const agents = new Set(names.split(' and ').map(agentIn))
    const really = choiceWithout(open, (agentId) => agents.has(agentId))
    if (actionOf(really, open.decisionType) !== becomes || really === usualChoice(decision))
      untrue.push([told, really, decision.decisionId])
  }
  t.strictSame(untrue, [])
  t.ok(checked.named > 50 && checked.none > 50, `both are told: ${JSON.stringify(checked)}`)
})

t.test('the choice is watched, not the likeliest option: a call was likelier than the text message that was chosen', async (t) => {
  const open = caseOf({ view: profiles.high_intent })
  const decision = decideNow(open, 'deadline')
  const probability = (name: string) => decision.options.find(({ option }) => option === name)?.probability ?? NaN
  t.equal(decision.chosen, 'sms')
  t.ok(probability('call') > probability('sms'))
  t.equal(explain(decision, followUp).sentences.at(-1), 'Without Channel strategist it would be: have a realtor call.')
  t.equal(
    choiceWithout(open, (agentId) => agentId === 'channel_strategist'),
    'call',
  )
  const other: Policy = policyWith({ quorumMilli: 2_000 })
  for (const policy of [undefined, other])
    t.notMatch(explain(decision, policy).sentences.join(' '), /Without/, 'nothing is said without the policy it was made with')
})

t.test('what is contested is told in words, names the gate, and is never cut', async (t) => {
  const denied = rosterOf([1, 1, 1, 1, 1, 1], 0)
  const votes = denied.roster.map((agent) => vote(agent, 'email', 5))
  // Six votes of 1 nat each for what a gate took: more than .8 of any share but a tiny one.
  const decision = decideNow(caseOf({ policy: denied, votes, view: view({ blockedChannels: { email: 'dnd' } }) }), 'deadline')
  t.strictSame(decision.conflicts, ['gate-vs-pool'])
  const gate = decision.gates.find(({ option, verdict }) => option === 'email' && verdict !== 'allow')
  t.match(
    explain(decision, denied).sentences.join('\n'),
    new RegExp(
      `^Contested: the votes alone were clearly for this, which the gate "${gate?.gateId.replaceAll('_', ' ')}" does not allow: send an e-mail\\.$`,
      'm',
    ),
  )
  const said = (changes: Partial<Decision>) => explain({ ...decision, gates: [], ...changes }, denied).sentences
  t.match(
    said({ conflicts: ['split', 'stale'] }).join('\n'),
    /^Contested: the two likeliest choices .* right; some agents answered .* did not count\.$/m,
  )
  t.match(said({ conflicts: ['family-split'] }).join('\n'), /^Contested: agents that look at different things disagree\.$/m)
  t.match(said({ conflicts: ['policy-refused'] }).join('\n'), /^Contested: the policy that was published could not be used/m)
  // A gate of its own for each channel, a draw, a rival and a conflict: all are told, in five lines.
  const full = said({
    conflicts: ['split'],
    gates: decision.gates,
    draw: { trial: 'wording-2', usual: decision.chosen, drawn: false, arms: [], seed: 's' },
  })
  t.equal(full.length, 5)
  for (const part of [/Contested/, /what is usual puts/, /Not allowed: /, /left to what is usual/, /Without/])
    t.match(full.join('\n'), part)
  const many = said({
    stopReason: 'gated',
    conflicts: ['stale'],
    gates: Array.from({ length: 6 }, () => gate ?? decision.gates[0]).flatMap((one) => one ?? []),
  })
  t.equal(many.length, 5)
  t.match(many.slice(-2), [/does not lift by itself/, /^Contested: /])
})
