/** Agents outside the pipeline: which groups there are, what each process runs, and which settings do not fit together. */
import t from 'tap'
import { Command } from 'commander'
import { runProgram } from '../../../cli/program.ts'
import { agentsRole } from '../../../cli/roles/agentsRole.ts'
import { members, membersOf, pipelineStages } from '../../../cli/roles/groups.ts'
import { addRun } from '../../../cli/verbs/run.ts'
import { loadConfig } from '../../../config/config.ts'
import { systems } from '../../../pipelines/agents/agent.ts'
import { agents, agentsOf } from '../../../pipelines/agents/agents.ts'
import { roster } from '../../../pipelines/agents/roster.ts'
import { pipeline } from '../../../pipelines/pipeline.ts'
import { ballots, assessments, leadKey } from '../../../topics/index.ts'
import { drive } from '../../../runtime/driver.ts'
import { question, view } from '../../pipelines/leads.ts'

t.test('inside, the pipeline asks the agents; outside, groups of their own do and the pipeline does not', async (t) => {
  t.strictSame(membersOf({ agents: 'inside', fused: true }), members)
  t.strictSame(pipelineStages({ agents: 'inside' }), pipeline)
  t.notOk(pipelineStages({ agents: 'outside' }).includes(agents))
  t.equal(pipelineStages({ agents: 'outside' }).length, pipeline.length - 1)
  const groups = membersOf({ agents: 'outside', fused: true }).map(({ group }) => group)
  t.strictSame(groups.slice(0, 2), ['pipeline', 'agents'])
  for (const system of systems) t.ok(groups.includes(`agents-${system}`), system)
  t.strictSame(
    groups.slice(-(members.length - 1)),
    members.slice(1).map(({ group }) => group),
    'the others are there as ever',
  )
})

t.test('every agent belongs to a system, and the ballots of the systems hold together what the one of all holds', async (t) => {
  t.ok(roster.every(({ system }) => systems.includes(system)))
  const asking = question({ view: view({ level: 'HOT' }), decisionTypes: ['follow_up', 'escalation', 'content', 'routing'] })
  const key = leadKey(asking.tenantId, asking.contactId)
  const cast = (stage: typeof agents) => {
    const line = drive(stage, { at: asking.askedAt })
    line.pipe(assessments, key, asking)
    return line.outputs(ballots)
  }
  const [whole] = cast(agents)
  const parts = systems.flatMap((system) => cast(agentsOf(system)))
  t.equal(new Set([whole, ...parts].map((ballot) => ballot?.ballotId)).size, parts.length + 1)
  const byAgent = (a: { agentId: string; decisionType: string }, b: { agentId: string; decisionType: string }) =>
    `${a.agentId} ${a.decisionType}` < `${b.agentId} ${b.decisionType}` ? -1 : 1
  t.strictSame(parts.flatMap(({ votes }) => votes).sort(byAgent), [...(whole?.votes ?? [])].sort(byAgent))
  const line = drive(agentsOf('routing'), { at: asking.askedAt })
  line.pipe(assessments, key, { ...asking, decisionTypes: ['follow_up'] })
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    ['asked_of_others'],
  )
})

t.test('what does not fit together is refused with what to do', async (t) => {
  await t.rejects(agentsRole({ config: loadConfig({}) } as never), {
    code: 'E_CONFIG_INVALID',
    message: /AGENTS is "inside": must be "outside"/,
  })
  t.throws(() => loadConfig({ AGENTS: 'nowhere' }), /AGENTS is "nowhere": must be inside or outside/)
  const run = async (...argv: string[]) => {
    const out: string[] = []
    const terminal = { out: (text: string) => out.push(text), err: (text: string) => out.push(text) }
    const surroundings = { terminal, config: () => loadConfig({}), now: Date.now } as never
    const program = new Command('rekindle').exitOverride()
    addRun(program, surroundings)
    return { code: await runProgram(program, ['run', ...argv], surroundings), said: out.join('\n') }
  }
  t.match(await run('agents', '--system', 'weather'), {
    code: 1,
    said: /--system weather: belongs to `run agents` and is one of lead-intelligence, /,
  })
  t.match(await run('pipeline', '--system', 'routing'), { code: 1, said: /belongs to `run agents`/ })
  t.match(await run('pipeline', '--dry-run', '--system', 'routing'), { code: 1, said: /--system routing: .* goes without --dry-run/ })
})
