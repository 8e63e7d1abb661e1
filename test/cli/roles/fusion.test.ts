/** The line of leads fused or split: which groups there are, what `describe` says, and that a line goes on as it began. */
import t from 'tap'
import { Command } from 'commander'
import { runProgram } from '../../../cli/program.ts'
import { insightsGroup, lineGroups, lingerMsOf, membersOf, pipelineStages } from '../../../cli/roles/groups.ts'
import { refuseOtherFusion } from '../../../cli/roles/refuseOtherFusion.ts'
import { addRun } from '../../../cli/verbs/run.ts'
import { loadConfig } from '../../../config/config.ts'
import { pipeline } from '../../../pipelines/pipeline.ts'
import type { PartitionLag } from '../../../runtime/kafka/connectKafka.ts'
import { subscriptions } from '../../../runtime/task.ts'
import { operatorRun } from '../operatorRun.ts'

const fused = loadConfig({})
const split = loadConfig({ PIPELINE_FUSED: 'false' })

t.test('fused, all stages are one group; split, each is one of its own, with the agents or without', async (t) => {
  t.strictSame(lineGroups(fused), [{ group: 'pipeline', stages: pipeline }])
  t.strictSame(
    lineGroups(split),
    pipeline.map((stage) => ({ group: `pipeline-${stage.name}`, stages: [stage] })),
  )
  const outside = { fused: false, agents: 'outside' } as const
  t.strictSame(
    lineGroups(outside).flatMap(({ stages }) => stages),
    pipelineStages(outside),
  )
  const names = membersOf(outside).map(({ group }) => group)
  t.equal(new Set(names).size, names.length, 'no group stands twice')
  t.ok(names.includes('agents') && !names.includes('pipeline') && !names.includes('pipeline-agents'))
  t.throws(() => loadConfig({ PIPELINE_FUSED: 'partly' }), /PIPELINE_FUSED is "partly": must be true or false/)
})

t.test('a group of the line lingers as it is set, the one of locations a quarter of a second at least', async (t) => {
  t.equal(lingerMsOf(fused, 'pipeline'), 20)
  t.equal(lingerMsOf(split, 'pipeline-enrich'), 20)
  t.equal(lingerMsOf(fused, insightsGroup), 250)
  t.equal(lingerMsOf(loadConfig({ PIPELINE_LINGER_MS: '400' }), insightsGroup), 400)
})

t.test('split, a stage reads from Kafka what fused it is handed in memory', async (t) => {
  const topicsOf = (name: string) =>
    subscriptions(lineGroups(split).find(({ group }) => group === `pipeline-${name}`)?.stages ?? []).map((topic) => topic.name)
  t.strictSame(topicsOf('consensus').sort(), ['agents.ballots', 'leads.assessments', 'leads.erasures', 'leads.profiles'].sort())
  const { out } = await operatorRun(['describe'], {}, { config: () => split })
  t.match(out[0], /^group pipeline-ingest: one stage, from Kafka: ghl\.webhooks\.urgent, /)
  t.ok(out.some((line) => line.startsWith('group pipeline-enrich: one stage, from Kafka: leads.events')))
  const said: string[] = []
  const terminal = { out: (text: string) => said.push(text), err: (text: string) => said.push(text) }
  const surroundings = { terminal, config: () => split, now: Date.now } as never
  const program = new Command('rekindle').exitOverride()
  addRun(program, surroundings)
  t.equal(await runProgram(program, ['run', 'pipeline', '--dry-run'], surroundings), 1)
  t.match(said.join('\n'), /--dry-run: goes with a line that runs fused/)
})

t.test('a line that began one way is not run the other way', async (t) => {
  /** A cluster on which these groups have committed. */
  const committed = (...groups: string[]) => ({
    lag: async (group: string, topics: readonly { readonly name: string }[]): Promise<readonly PartitionLag[]> =>
      topics.map(({ name }) => ({ topic: name, partition: 0, committed: groups.includes(group) ? 5n : undefined, end: 5n, lag: 0n })),
  })
  await t.resolves(refuseOtherFusion(committed(), fused), 'nothing has run')
  await t.resolves(refuseOtherFusion(committed('pipeline'), fused))
  await t.resolves(refuseOtherFusion(committed('pipeline-ingest', 'pipeline-enrich'), split))
  await t.rejects(refuseOtherFusion(committed('pipeline'), split), {
    code: 'E_FUSION_CHANGED',
    message: /PIPELINE_FUSED is false, and group pipeline has an offset on [\w.]+: this line began fused/,
  })
  await t.rejects(refuseOtherFusion(committed('pipeline-results'), fused), {
    code: 'E_FUSION_CHANGED',
    message: /PIPELINE_FUSED is true, and group pipeline-results has an offset on [\w.]+: this line began split/,
  })
  // Stages without state fold nothing twice.
  await t.resolves(refuseOtherFusion(committed('pipeline-agents', 'pipeline-shadow'), fused))
})
