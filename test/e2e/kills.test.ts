/**
 * `kill -9` of every process in mid-load, each at another moment: after the restarts nothing is lost, and nothing is
 * doubled on the decisions topic, in Postgres, in ClickHouse or at the sandbox provider; and every decision is the one that its
 * stored inputs give.
 */
import '../support/lawfulHour.ts'
import t from 'tap'
import { replayRange } from '../../cli/verbs/replay.ts'
import type { ReplaySource } from '../../cli/replaySource.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { tenants } from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'
import { accountOf, accountText } from './accounting.ts'
import { findings } from './findings.ts'
import { startLine } from './line.ts'
import type { RoleName } from './line.ts'
import { acceptedOf, sendThrough } from './midLoad.ts'
import { quiet, standStill } from './quiet.ts'

t.setTimeout(1_190_000)

t.test('kill -9 of every process in mid-load: after the restarts nothing is lost and nothing is doubled', async (t) => {
  const line = await startLine(t, await testStack(t))
  const kill = async (role: RoleName) => {
    const { signal } = await line.end(role, 'SIGKILL')
    t.equal(signal, 'SIGKILL', `${role} was killed`)
    await line.start(role)
  }
  const accounts = await sendThrough(line, { seed: 23, leads: 120, rate: 40 }, [
    { at: 0.15, happens: () => kill('pipeline') },
    { at: 0.3, happens: () => kill('sinks') },
    { at: 0.45, happens: () => kill('api') },
    { at: 0.6, happens: () => kill('sandbox') },
    { at: 0.75, happens: () => kill('pipeline') },
    { at: 0.9, happens: () => Promise.all([kill('pipeline'), kill('sinks'), kill('api'), kill('sandbox')]).then(() => undefined) },
  ])
  t.equal(accounts.lost, 0, 'the sender got everything through')
  await quiet(line)
  await standStill(line)
  const found = await findings(line, acceptedOf(accounts), undefined)
  const account = accountOf(found)
  for (const text of accountText(account)) t.comment(text)
  t.strictSame(account.faults, [], 'every webhook answered 2xx is on the topic, and every total agrees')
  t.ok(accounts.retries > 0, 'the sender met the faults')
  t.ok(found.sandbox.messages.length > 0, 'follow-ups have left')

  const known = new Map(shippedPolicies.map((policy) => [policy.policyHash, policy]))
  const locations = await line.kafka.table(tenants)
  const source: ReplaySource = {
    steps: (topic) => line.kafka.steps(topic),
    policy: (hash) => known.get(hash),
    tenant: (tenantId) => locations.get(tenantId),
  }
  const otherwise: unknown[] = []
  const counted = await replayRange(source, { from: 0, until: Infinity, lead: undefined }, ({ decisionId }, replayed) => {
    if (replayed.kind !== 'same') otherwise.push([decisionId, replayed])
  })
  t.strictSame(otherwise, [], 'every decision comes out byte for byte when it is decided again, whoever was killed around it')
  t.equal(counted.same, found.decisions.length)
})
