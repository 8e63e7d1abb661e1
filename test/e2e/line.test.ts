/**
 * Simulated leads through the real line, 2,000 of them with `npm run test:e2e`: what was accepted, what became of it and what lies in every store agree to
 * the last record, and each difference has a reason.
 */
import '../support/lawfulHour.ts'
import t from 'tap'
import { pastDeliveries } from '../../simulate/deliveries.ts'
import { httpPost, sendAll } from '../../simulate/sender.ts'
import { sandboxRealtors } from '../../simulate/sandboxStaff.ts'
import { testStack } from '../support/stack.ts'
import { accountOf, accountText } from './accounting.ts'
import { dropsOf, findings } from './findings.ts'
import { startLine } from './line.ts'
import { quiet, standStill } from './quiet.ts'

const LEADS = Number(process.env['E2E_LEADS'] ?? 500)
const SEED = 11

t.setTimeout(1_190_000)

t.test(`${LEADS} leads: every webhook, event, decision, follow-up, row and message is accounted for`, async (t) => {
  const line = await startLine(t, await testStack(t))
  const { post, close } = httpPost(line.apiUrl)
  t.teardown(close)
  const began = Date.now()
  const accounts = await sendAll(pastDeliveries({ seed: SEED, leads: LEADS, now: Date.now, duplicates: 0.05, reordered: 0.02 }), {
    post,
    sign: (body) => line.key.sign(body),
    rate: Infinity,
  })
  t.comment(`sent in ${Date.now() - began} ms`)
  t.equal(accounts.accepted, accounts.sent, 'every webhook was accepted')
  t.strictSame(accounts.rejected, {})
  await quiet(line)
  t.comment(`quiet after ${Date.now() - began} ms`)
  const dropsAt = Date.now()
  const drops = await dropsOf(line.process('pipeline').address)
  await standStill(line)

  const accepted = new Set([...accounts.fates].filter(([, fate]) => fate === 'accepted').map(([id]) => id))
  const found = await findings(line, accepted, drops, dropsAt)
  const account = accountOf(found)
  for (const text of accountText(account)) t.comment(text)
  t.strictSame(account.faults, [], 'nothing is lost, nothing is doubled, every difference has its reason')
  t.equal(
    found.webhooks.length,
    accounts.accepted + accounts.duplicates + found.sandbox.messages.length + sandboxRealtors.length,
    'what was answered 2xx is what is on the topic',
  )
  t.equal(found.postgres.leads.length, LEADS, 'each lead is a row')
  t.ok(found.decisions.length > LEADS, 'there is more than one decision per lead')
  t.ok(found.sandbox.messages.length > 0, 'some follow-ups have left')
})
