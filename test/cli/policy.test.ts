/**
 * `rekindle policy` on real engines: a location's own policy is put in force, taken away and put in force again, and every verb says so
 * once the sink has stored it. Words that name nothing are refused with what to do.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { learnPorts } from '../../cli/learnPorts.ts'
import { prepare } from '../../cli/prepare.ts'
import { runProgram } from '../../cli/program.ts'
import { kafkaOf } from '../../cli/roles/connections.ts'
import { postgresGroup } from '../../cli/roles/groups.ts'
import { addLearn } from '../../cli/verbs/learn.ts'
import { addPolicy, policyMeant } from '../../cli/verbs/policy.ts'
import { addPolicyClear, ownOf } from '../../cli/verbs/policyClear.ts'
import { loadConfig } from '../../config/config.ts'
import { policyKey, sealed } from '../../pipelines/consensus/policy.ts'
import { shippedPolicies, shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { postgresSink, postgresSinkTopics } from '../../sinks/postgres/sink.ts'
import { caughtUp } from '../runtime/kafka/fixtures.ts'
import { tenantId } from '../support/leadRecords.ts'
import { testStack } from '../support/stack.ts'
import { stackEnv } from '../support/stackEnv.ts'

const shipped = shippedPolicy('follow_up') as Policy
const own = sealed({ ...shipped, tenantId, label: 'their own' })
const key = policyKey(own)

t.test('a location is named whole or with one type, and that of all cannot be taken away', (t) => {
  const escalates = sealed({ ...(shippedPolicy('escalation') as Policy), tenantId, label: 'their own' })
  const other = sealed({ ...shipped, tenantId: `${tenantId}2` })
  const inForce = new Map([...shippedPolicies, own, escalates, other].map((policy) => [policyKey(policy), policy]))
  const named = (of: string) => ownOf(inForce, of).map(([of]) => of)
  t.strictSame(named(tenantId), [policyKey(escalates), key])
  t.strictSame(named(key), [key])
  for (const given of ['*', '*:follow_up']) t.throws(() => ownOf(inForce, given), { code: 'E_OPTION_INVALID', message: /nothing behind/ })
  for (const given of ['', 'nowhere', `${tenantId}:content`, ':', tenantId.slice(0, -1)])
    t.throws(() => ownOf(inForce, given), { code: 'E_OPTION_INVALID', message: /no policy of its own/ }, given)
  t.end()
})

t.test('a policy that somebody has changed is sealed under another hash, and only then taken from its file', async (t) => {
  const folder = t.testdir({})
  const changed = { ...own, options: own.options.map((one) => (one.option === 'sms' ? { ...one, costMicros: one.costMicros + 1 } : one)) }
  const file = (name: string, policy: unknown) => {
    writeFileSync(join(folder, name), JSON.stringify(policy))
    return join(folder, name)
  }
  const nobody = { query: async () => Promise.reject(new Error('a file needs no store')) } as never
  const mine = file('mine.json', changed)
  await t.rejects(policyMeant(nobody, mine), { code: 'E_POLICY_UNSOUND', message: /not the hash of the content/ })
  const lines: string[] = []
  const terminal = { out: (text: string) => lines.push(text), err: (text: string) => lines.push(text), live: () => undefined }
  const surroundings = { terminal, config: () => loadConfig({}), now: () => 5 }
  const run = (...words: string[]) => {
    const program = new Command('rekindle').exitOverride()
    addPolicy(program, surroundings)
    return runProgram(program, ['policy', 'seal', ...words], surroundings)
  }
  t.equal(await run(mine, '--label', 'dearer texts'), 0)
  const made = JSON.parse(lines.splice(0).join('\n')) as Policy
  t.strictSame(made, { ...changed, label: 'dearer texts', createdAt: 5, policyHash: made.policyHash })
  t.not(made.policyHash, own.policyHash)
  t.strictSame(await policyMeant(nobody, file('sealed.json', made)), made)
  t.equal(await run(file('bad.json', { ...changed, fallback: 'sms' })), 1)
  t.match(lines.join('\n'), /E_POLICY_UNSOUND: .*fallback sms is not reversible/)
})

t.test('a location goes back to the policy of all: said by list and show, known to the timer, and its own can be used again', async (t) => {
  const stack = await testStack(t)
  const config = loadConfig(stackEnv(stack))
  const logger = pino({ level: 'silent' })
  await prepare(config, logger)
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  const pool = createPool({ url: stack.databaseUrl, max: 4 })
  const onFatal = (error: Error) => {
    throw error
  }
  const sink = await kafka.runSink({ group: postgresGroup, sink: postgresSink(pool), onFatal })
  t.teardown(async () => {
    await sink.stop()
    await kafka.close()
    await pool.end()
  })
  const stored = () => caughtUp(kafka, postgresGroup, postgresSinkTopics)
  const ports = await learnPorts(pool, kafka, Date.now)
  await ports.publish(own)
  await stored()
  const told = async (...words: string[]) => {
    const lines: string[] = []
    const terminal = { out: (text: string) => lines.push(text), err: (text: string) => lines.push(text), live: () => undefined }
    const surroundings = { terminal, config: () => config, now: Date.now }
    const program = new Command('rekindle').exitOverride().configureOutput({ writeErr: (text) => lines.push(text) })
    addPolicy(program, surroundings)
    addPolicyClear(program, surroundings)
    const code = await runProgram(program, ['policy', ...words], surroundings)
    await stored()
    return { code, text: lines.join('\n') }
  }
  const [out, err]: [string[], string[]] = [[], []]
  const streams = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text), live: () => undefined }
  const learning = new Command('rekindle').exitOverride()
  addLearn(learning, { terminal: streams, config: () => config, now: Date.now })
  t.equal(await runProgram(learning, ['learn', '--json'], { terminal: streams }), 0)
  t.strictSame([out, err.length], [[], shippedPolicies.length], 'what reads JSON reads no sentence')
  t.match(err[0], 'nobody has judged a decision')
  const hash = own.policyHash.slice(0, 12)
  const inForce = new RegExp(`^\\* +${key} +${hash} `, 'm')
  t.match((await told('list')).text, inForce)

  const cleared = await told('clear', tenantId, '--by', 'anna', '--note', 'too many calls')
  t.strictSame(cleared, { code: 0, text: `${key} is decided with the policy of all, and no longer with ${hash}, their own.` })
  const { text: listed } = await told('list')
  t.notMatch(listed, inForce)
  t.match(listed, new RegExp(`^  +${key} +${hash} `, 'm'), 'it stays known')
  t.match(listed, new RegExp(`^${key} is decided with the policy of all since .* UTC, by anna: too many calls$`, 'm'))
  t.ok((await ports.rolledBack('follow_up')).has(key), 'the timer leaves it so')
  const again = await told('clear', tenantId)
  t.equal(again.code, 1)
  t.match(again.text, `E_OPTION_INVALID: ${tenantId} has no policy of its own in force.`)

  t.equal((await told('use', hash, '--by', 'ben')).code, 0)
  t.notOk((await ports.rolledBack('follow_up')).has(key))
  const { text: used } = await told('list')
  t.match(used, inForce)
  t.notMatch(used, 'policy of all')
  t.match((await told('show', hash)).text, /^ {2}put in force .* UTC, by learning\n {2}put in force .* UTC, by ben$/m)
})
