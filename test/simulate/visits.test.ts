/** Visits of simulated leads: the same for a seed, fitting what the lead states, told where the platform tells them, and nowhere else. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { workflowEnvelope } from '../../api/envelope.ts'
import { isChannel } from '../../pipelines/attribution/channels.ts'
import { touchesOf } from '../../pipelines/attribution/touchOf.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { browsingOf } from '../../simulate/browsing.ts'
import { pastDeliveries } from '../../simulate/deliveries.ts'
import { sources, tellStory } from '../../simulate/leadStory.ts'
import { platformTruth } from '../../simulate/platformTruth.ts'
import { receivedWebhook } from '../../simulate/receivedWebhook.ts'
import { runSimulator } from '../../simulate/runSimulator.ts'
import { sandboxSpend } from '../../simulate/sandboxSpend.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { httpPost, sendAll } from '../../simulate/sender.ts'
import type { Answer } from '../../simulate/sender.ts'
import { visitsOf } from '../../simulate/visits.ts'
import { leadEvents, leadKey, profiles, triggers, unrecognised, webhooks } from '../../topics/index.ts'

const at = Date.parse('2026-11-24T15:00:00.000Z')
const quiet = { duplicates: 0, reordered: 0 }
const past = (seed: number, leads: number, visits: boolean) => [
  ...pastDeliveries({ seed, leads, now: () => at, ...quiet, ...(visits ? { visits } : {}) }),
]
const accepted: Answer = { status: 202, body: '{"accepted":1,"dropped":0}' }

t.test('the same seed tells the same visits; every source has one that fits it', async (t) => {
  const stories = Array.from({ length: 400 }, (_, index) => tellStory(5, index))
  t.strictSame(
    stories.map((story) => visitsOf(story, 5)),
    stories.map((story) => visitsOf(story, 5)),
  )
  t.notSame(
    stories.map((story) => visitsOf(story, 5)),
    stories.map((story) => visitsOf(story, 6)),
  )
  const words = (source: string) => [
    ...new Set(stories.filter((story) => story.source === source).map((story) => visitsOf(story, 5).first['sessionSource'])),
  ]
  t.strictSame(words('website').sort(), ['Direct traffic', 'Organic Search', 'Referral'])
  t.strictSame(words('facebook lead ad'), ['Paid Social'])
  t.strictSame(words('google ads'), ['Paid Search'])
  t.strictSame(words('portal inquiry'), ['Referral'])
  for (const source of ['referral', 'open house']) t.strictSame(words(source), ['CRM UI'], 'typed in by the office')
  for (const story of stories) t.equal(visitsOf(story, 5).last === undefined, story.plot !== 'comes_back')
})

t.test('campaigns of paid visits are those that the location spends on', async (t) => {
  const spent = new Set(sandboxSpend(at).map(({ campaign }) => campaign))
  const told = new Set(
    Array.from({ length: 200 }, (_, index) => tellStory(2, index)).flatMap((story) => visitsOf(story, 2).first['utmCampaign'] ?? []),
  )
  t.equal(told.size, 3)
  t.strictSame(
    [...told].filter((campaign) => !spent.has(campaign as string)),
    [],
  )
})

t.test('reports are added and nothing else changes: no byte, no id, no order of the webhooks of a lead', async (t) => {
  const [plain, withReports] = [past(7, 60, false), past(7, 60, true)]
  const ofLead = (deliveries: typeof plain) => {
    const bodies: Record<string, string[]> = {}
    for (const { webhook } of deliveries)
      if (webhook.isReport !== true) (bodies[webhook.contactId] ??= []).push(webhook.body.toString('utf8'))
    return bodies
  }
  t.strictSame(ofLead(withReports), ofLead(plain))
  const reports = withReports.filter(({ webhook }) => webhook.isReport)
  const returned = Array.from({ length: 60 }, (_, index) => tellStory(7, index)).filter(({ plot }) => plot === 'comes_back').length
  const ofTheWebsite = Array.from({ length: 60 }, (_, index) => browsingOf({ index }, 7)).flat().length
  t.equal(reports.length, 60 + returned + ofTheWebsite)
  t.equal(plain.filter(({ webhook }) => webhook.isReport).length, 0)
  for (const { webhook } of reports) {
    const { envelope, stated } = workflowEnvelope(webhook.body, sandboxTenantId)
    t.match(envelope, { contactId: webhook.contactId, key: leadKey(sandboxTenantId, webhook.contactId) })
    t.equal(stated, sandboxTenantId, 'the API takes it for a report of this location')
  }
  t.equal(new Set(withReports.map(({ webhook }) => webhook.webhookId)).size, withReports.length)
})

t.test('what the reports say becomes the visits of the profile and touches of its journey, without click ids', async (t) => {
  const tables = { tenants: [[sandboxTenantId, sandboxTenant(at)] as [string, ReturnType<typeof sandboxTenant>]] }
  const line = drive(ingest, { at, tables })
  const fold = drive(enrich, { at, tables })
  for (const { webhook } of past(3, 120, true))
    line.pipe(webhooks, leadKey(sandboxTenantId, webhook.contactId), receivedWebhook(webhook, at), { timestamp: at })
  t.strictSame(line.deadLetters, [])
  const touched = new Set<string>()
  for (const { key, value } of line.records(leadEvents)) {
    fold.pipe(leadEvents, key, value, { timestamp: at })
    if (value.workflow !== null)
      for (const { channel, basis } of touchesOf(value, { source: null, origins: [], touches: [] }, undefined).touches)
        if (basis === 'utm') touched.add(channel)
  }
  t.ok([...touched].every(isChannel))
  t.strictSame([...touched].sort(), ['direct_traffic', 'email_marketing', 'organic_search', 'paid_search', 'referral', 'social_media'])
  const last = new Map<string, LeadProfile>()
  for (const profile of fold.outputs(profiles)) last.set(profile.contactId, profile)
  const stories = Array.from({ length: 120 }, (_, index) => tellStory(3, index))
  for (const story of stories) {
    const profile = last.get(story.contactId)
    const { first, last: latest } = visitsOf(story, 3)
    t.equal(profile?.firstOrigin?.sessionSource, first['sessionSource'])
    t.equal(profile?.firstOrigin?.campaign, first['utmCampaign'] ?? null)
    t.equal(profile?.lastOrigin?.sessionSource ?? undefined, latest?.['sessionSource'])
    t.equal(profile?.source, story.source, 'the stated source stays')
  }
  t.strictSame(
    [...new Set(stories.map(({ contactId }) => last.get(contactId)?.firstOrigin?.click))].sort(),
    ['facebook', 'google', null],
    'whose advertisement was clicked',
  )
  const ids = stories.flatMap((story) => [visitsOf(story, 3).first['gclid'], visitsOf(story, 3).first['fbclid']]).filter(Boolean)
  t.ok(ids.length > 20)
  const kept = JSON.stringify([...last.values()])
  t.ok(ids.every((id) => !kept.includes(String(id))))
})

t.test('what leads do on the website fires rules: the signals are known, and most leads do nothing there', async (t) => {
  const all = Array.from({ length: 400 }, (_, index) => browsingOf({ index }, 3))
  const share = all.filter((posts) => posts.length > 0).length / all.length
  t.ok(share > 0.13 && share < 0.27, `${share} of the leads`)
  t.strictSame(
    all,
    Array.from({ length: 400 }, (_, index) => browsingOf({ index }, 3)),
  )
  const tables = { tenants: [[sandboxTenantId, sandboxTenant(at)] as [string, ReturnType<typeof sandboxTenant>]] }
  const line = drive([ingest, enrich], { at, tables })
  for (const { webhook } of past(3, 120, true))
    line.pipe(webhooks, leadKey(sandboxTenantId, webhook.contactId), receivedWebhook(webhook, line.now))
  line.advance('25h')
  t.strictSame([line.deadLetters, line.outputs(unrecognised)], [[], []])
  const posted = Array.from({ length: 120 }, (_, index) => browsingOf({ index }, 3)).flat().length
  t.equal(line.outputs(leadEvents).filter(({ kind }) => kind === 'behaviour_observed').length, posted, 'each is told')
  const fired = new Set(line.outputs(triggers).map(({ trigger }) => trigger))
  for (const rule of ['comparison_shopping', 'decision_signals', 'price_click_left', 'abandonment']) t.ok(fired.has(rule), rule)
})

t.test('reports go to a URL of their own, unsigned; the API of the platform shows the same visits on the contact', async (t) => {
  const seen: { url: string; signed: boolean; body: Record<string, unknown> }[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const signed = request.headers['x-ghl-signature'] !== undefined
      seen.push({ url: request.url ?? '', signed, body: JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown> })
      response.writeHead(202).end(accepted.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [own, reports] = [httpPost(url), httpPost(url, { path: '/webhooks/workflow/token' })]
  t.teardown(async () => {
    own.close()
    reports.close()
    await new Promise((resolve) => server.close(resolve))
  })
  const accounts = await runSimulator({
    seed: 4,
    leads: 20,
    markFile: join(t.testdir(), 'simulator.json'),
    rate: Infinity,
    now: () => at,
    ...quiet,
    visits: true,
    sign: () => 'signature',
    post: own.post,
    postReport: (body) => reports.post(body, ''),
    onHappened: platformTruth({ sandboxUrl: url, seed: 4, lost: 0, now: () => at }),
  })
  t.equal(accounts.accepted, accounts.sent)
  const to = (path: string) => seen.filter(({ url: one }) => one === path)
  const posted = to('/webhooks/workflow/token')
  t.ok(posted.length >= 20 && posted.every(({ signed, body }) => !signed && typeof body['contact_id'] === 'string'))
  t.ok(
    to('/webhooks/ghl').every(({ signed, body }) => signed && body['attributionSource'] === undefined),
    'webhooks of contacts lack them',
  )
  const told = to('/_sandbox/happened').map(({ body }) => body['body'] as Record<string, unknown>)
  t.equal(told.length, to('/webhooks/ghl').length, 'a report is no news for the platform')
  const shown = new Map(told.filter(({ type }) => type === 'ContactCreate').map((body) => [body['id'], body['attributionSource']]))
  for (const story of Array.from({ length: 20 }, (_, index) => tellStory(4, index)))
    t.strictSame(shown.get(story.contactId), visitsOf(story, 4).first)
})

t.test('a report without a URL for it is a mistake of the caller', async (t) => {
  const [delivery] = past(4, 1, true).filter(({ webhook }) => webhook.isReport)
  if (delivery === undefined) return t.fail('there is a report')
  await t.rejects(sendAll([delivery], { post: async () => accepted, sign: () => '', rate: Infinity }), TypeError)
})

t.test('all sources of the stories have visits', async (t) => {
  for (const source of sources) t.type(visitsOf({ ...tellStory(1, 0), source }, 1).first['sessionSource'], 'string')
})
