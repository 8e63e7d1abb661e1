/**
 * The line with a group for each stage, beside the fused one on the same webhooks: both accounts close to the last record, every
 * decision is the one that its stored inputs give, and both tell the same events of the same leads.
 */
import '../support/lawfulHour.ts'
import t from 'tap'
import { replayRange } from '../../cli/verbs/replay.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { pastDeliveries } from '../../simulate/deliveries.ts'
import { httpPost, sendAll } from '../../simulate/sender.ts'
import { tenants } from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'
import { accountOf, accountText } from './accounting.ts'
import type { Findings } from './accounting.ts'
import { dropsOf, findings } from './findings.ts'
import { startLine } from './line.ts'
import { quiet, standStill } from './quiet.ts'

const LEADS = 40
const SEED = 37
/** Both lines are told the same stories, to the byte. */
const now = Date.now()

t.setTimeout(1_190_000)

/** What the line makes of the stories. */
async function told(fused: boolean): Promise<Findings> {
  const line = await startLine(t, await testStack(t), { PIPELINE_FUSED: String(fused) })
  const { post, close } = httpPost(line.apiUrl)
  const accounts = await sendAll(pastDeliveries({ seed: SEED, leads: LEADS, now: () => now, duplicates: 0.05, reordered: 0.02 }), {
    post,
    sign: (body) => line.key.sign(body),
    rate: Infinity,
  }).finally(close)
  t.equal(accounts.accepted, accounts.sent, 'every webhook was accepted')
  await quiet(line)
  const dropsAt = Date.now()
  const drops = await dropsOf(line.process('pipeline').address)
  await standStill(line)
  await t.rejects(line.start('pipeline', [], { PIPELINE_FUSED: String(!fused) }), /E_FUSION_CHANGED/, 'it goes on as it began')
  const accepted = new Set([...accounts.fates].filter(([, fate]) => fate === 'accepted').map(([id]) => id))
  const found = await findings(line, accepted, drops, dropsAt)

  const known = new Map(shippedPolicies.map((policy) => [policy.policyHash, policy]))
  const locations = await line.kafka.table(tenants)
  const otherwise: unknown[] = []
  const counted = await replayRange(
    { steps: (topic) => line.kafka.steps(topic), policy: (hash) => known.get(hash), tenant: (tenantId) => locations.get(tenantId) },
    { from: 0, until: Infinity, lead: undefined },
    ({ decisionId }, replayed) => {
      if (replayed.kind !== 'same') otherwise.push([decisionId, replayed])
    },
  )
  t.strictSame(otherwise, [], 'every decision comes out byte for byte when it is decided again')
  t.equal(counted.same, found.decisions.length)
  await line.close()
  return found
}

/** What the webhooks of the stories came to, by id; without when they came: they are sent many at a time. */
function storyEvents({ accepted, events }: Findings): Record<string, unknown> {
  const told = events.flatMap(({ value }) => (value !== null && accepted.has(value.sourceId) ? [value] : []))
  return Object.fromEntries(told.map((event) => [event.eventId, { ...event, receivedAt: 0 }]).sort())
}

t.test(`${LEADS} leads, split and fused: both accounts close, and both have folded the same`, async (t) => {
  const split = await told(false)
  const fused = await told(true)
  for (const [name, found] of Object.entries({ split, fused })) {
    const account = accountOf(found)
    for (const text of accountText(account)) t.comment(`${name}: ${text}`)
    t.strictSame(account.faults, [], `${name}: nothing is lost, nothing is doubled, every difference has its reason`)
    t.equal(found.postgres.leads.length, LEADS, `${name}: each lead is a row`)
    t.ok(found.decisions.length > LEADS, `${name}: there is more than one decision per lead`)
  }
  t.strictSame(storyEvents(split), storyEvents(fused), 'the same events of the same leads')
})
