/**
 * `rekindle whatif` on real engines: leads live through the stages, what the stages wrote lies on Kafka under its own times, the
 * sink has stored it in Postgres, and the verb reads both. No decision, draw or result is written by hand.
 */
import { Command } from 'commander'
import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { prepare } from '../../cli/prepare.ts'
import { runProgram } from '../../cli/program.ts'
import { kafkaOf } from '../../cli/roles/connections.ts'
import { postgresGroup } from '../../cli/roles/groups.ts'
import { addWhatIf } from '../../cli/verbs/whatif.ts'
import { loadConfig } from '../../config/config.ts'
import { policyKey, sealed } from '../../pipelines/consensus/policy.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { postgresSink, postgresSinkTopics } from '../../sinks/postgres/sink.ts'
import { allTopics, assessments, ballots, decisions, policies, profiles, results, tenants } from '../../topics/index.ts'
import { caughtUp } from '../runtime/kafka/fixtures.ts'
import { DAY, HOUR, tenantId, tenantRecord } from '../support/leadRecords.ts'
import { livedTrials } from '../support/livedTrials.ts'
import { testStack } from '../support/stack.ts'
import { stackEnv } from '../support/stackEnv.ts'

const LEADS = 140
/**
 * The sign-ups: the last 17:00 UTC (noon in New York) that is 5.5 days ago or longer, at most 6.5. The last result came five days
 * and two hours after it, and questions are kept for seven.
 */
const begun = Math.floor((Date.now() - 5.5 * DAY - 17 * HOUR) / DAY) * DAY + 17 * HOUR
const shipped = shippedPolicies.find(({ decisionType }) => decisionType === 'content') as Policy
const same = sealed({ ...shipped, label: 'the same under another name' })
/** Words everything as information, which the lot did not always draw. */
const informs = sealed({
  ...shipped,
  label: 'informs',
  options: shipped.options.map((one) => (one.option === 'inform' ? one : { ...one, costMicros: 5_000_000 })),
})

t.test('a what-if on stored draws and results tells size and estimates, and refuses below a hundred', async (t) => {
  const stack = await testStack(t)
  const config = loadConfig(stackEnv(stack))
  const logger = pino({ level: 'silent' })
  await prepare(config, logger)
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  const pool = createPool({ url: stack.databaseUrl, max: 4 })
  const { line } = livedTrials(LEADS, begun)
  await kafka.registerSchemas(allTopics)
  const producer = kafka.producer()
  const sent: Promise<unknown>[] = []
  for (const topic of [assessments, ballots, decisions, profiles, results] as const)
    for (const { key, value, timestamp } of line.records(topic))
      sent.push(producer.send(topic as never, key, value as never, { timestamp }))
  sent.push(producer.send(tenants, tenantId, tenantRecord()))
  // One after the other is put in force, so that both are stored.
  for (const policy of [informs, same]) sent.push(producer.send(policies, policyKey(policy), policy))
  await Promise.all(sent)
  const onFatal = (error: Error) => {
    throw error
  }
  const sink = await kafka.runSink({ group: postgresGroup, sink: postgresSink(pool), onFatal })
  t.teardown(async () => {
    await sink.stop()
    await kafka.close()
    await pool.end()
  })
  await caughtUp(kafka, postgresGroup, postgresSinkTopics)
  const { rows } = await pool.query('SELECT 1 FROM policies WHERE policy_hash = ANY($1)', [[same.policyHash, informs.policyHash]])
  t.equal(rows.length, 2, 'both policies are stored')
  const told = async (...flags: string[]) => {
    const lines: string[] = []
    const terminal = {
      out: (text: string) => lines.push(...text.split('\n')),
      err: (text: string) => lines.push(text),
      live: () => undefined,
    }
    const surroundings = { terminal, config: () => config, now: Date.now, stop: new AbortController().signal }
    const program = new Command('rekindle').exitOverride()
    addWhatIf(program, surroundings)
    const argv = ['whatif', '--from', new Date(begun).toISOString(), '--limit', '0', ...flags]
    return { code: await runProgram(program, argv, surroundings), lines }
  }

  const estimated = await told('--policy', same.policyHash.slice(0, 12))
  t.equal(estimated.code, 0, estimated.lines.join('\n'))
  t.match(estimated.lines[0], /^[0-9a-f]{12}, the same under another name: 0 of \d+ decisions would be others\.$/)
  t.match(estimated.lines, [
    String,
    '',
    'Effective sample size 140: 140 decisions on 140 leads that were left to lot.',
    /^ +answered within 72 hours +rate +95 % interval$/,
    // 10 of 140 answered, and every weight is 1 under the policy that drew: 1.96 sqrt(p (1 - p) / 140) = .0427.
    /^ +as it was decided +7\.1 % +2\.9 to 11\.4 %$/,
    /^ +under the other policy, weighted \(SNIPS\) +7\.1 % +2\.9 to 11\.4 %$/,
    /^ +under the other policy, doubly robust \(DR\) +\d+\.\d % +-?\d+\.\d to \d+\.\d %$/,
    /^Left out are decisions: 140 not left to lot; \d+ without a result:/,
  ])

  const refused = await told('--policy', informs.policyHash)
  t.equal(refused.code, 0, refused.lines.join('\n'))
  const sizes = refused.lines.flatMap((one) => /^Effective sample size (\d+): below 100 nothing is estimated\.$/.exec(one)?.[1] ?? [])
  t.ok(sizes.length === 1 && Number(sizes[0]) > 0 && Number(sizes[0]) < 100, refused.lines.join('\n'))
  t.notMatch(refused.lines.join('\n'), /SNIPS|doubly robust/)
  t.match(refused.lines.join('\n'), /Nobody has judged a decision of the random audit among them: rekindle audit next\./)
  t.ok(refused.lines.some((one) => /^ {2}wait -> inform +\d+$/.test(one)))

  const json = await told('--policy', informs.policyHash, '--json')
  const documents = json.lines.map((one) => JSON.parse(one) as { before?: string; after?: string; effect?: unknown })
  t.match(documents.at(-1)?.effect, { answer: { kind: 'refused', because: 'too_few' } })
  t.ok(documents.slice(0, -1).every(({ before, after }) => before !== after && after === 'inform'))

  const unknown = await told('--policy', '00000000')
  t.not(unknown.code, 0)
  t.match(unknown.lines.join('\n'), /E_POLICY_UNKNOWN: No policy has a hash that begins with 00000000\./)
})
