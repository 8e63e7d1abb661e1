import { createPublicKey, verify } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { changed as changedTenant, workflowUrl } from '../../cli/verbs/tenants.ts'
import type { Test } from 'tap'
import { explained } from '../../api/leadStory.ts'
import { apiUrl, clickhouseUrl, databaseUrl, kafkaAddresses } from '../../cli/addresses.ts'
import type { LeadStory } from '../../api/replySchemas.ts'
import { workflowToken } from '../../api/workflowToken.ts'
import { readApi } from '../../cli/apiClient.ts'
import { columns } from '../../cli/columns.ts'
import { rekindleProgram, runProgram } from '../../cli/program.ts'
import { isAbout, recordLine } from '../../cli/recordText.ts'
import { liveLine } from '../../cli/simulateText.ts'
import type { KafkaForVerbs, Surroundings } from '../../cli/surroundings.ts'
import { faultLines, processTerminal } from '../../cli/terminal.ts'
import { exactNats, whyText } from '../../cli/whyText.ts'
import { describeConfig, loadConfig } from '../../config/config.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import type { Decision } from '../../schemas/generated/records.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { httpPost, newAccounts } from '../../simulate/sender.ts'
import { processBirth } from '../../stack/osProcess.ts'
import { at, decisionOf, profileOf } from '../api/apiUnderTest.ts'
import { apiRun } from './apiRun.ts'

const story = {
  leadKey: `${sandboxTenantId}:contactMaria000000001`,
  profile: profileOf(),
  realtor: null,
  leader: null,
  linked: [],
  addressRefusals: [],
  timeZone: 'UTC',
  churn: null,
  decisions: [decisionOf(), decisionOf({ decisionId: 'older', decidedAt: at - 60_000 })].map((decision) =>
    explained({ explain }, decision),
  ),
  followups: [
    {
      followupId: 'f1',
      change: 'planned',
      tenantId: sandboxTenantId,
      contactId: 'contactMaria000000001',
      decisionId: 'decision-1',
      intentKey: 'i',
      epoch: 3,
      action: 'send_message',
      channel: 'sms',
      templateId: null,
      text: 'Thursday?',
      subject: null,
      assigneeId: null,
      body: null,
      chosenBy: null,
      alternates: [],
      priority: 4,
      reason: 'It asked for a showing.',
      plannedAt: at,
      dueAt: at,
      expiresAt: at + 1,
    },
  ],
  deliveries: [
    {
      deliveryId: 'd1',
      sequence: 1,
      followupId: 'f1',
      decisionId: 'decision-1',
      tenantId: sandboxTenantId,
      contactId: 'contactMaria000000001',
      epoch: 3,
      action: 'send_message',
      channel: 'sms',
      status: 'deferred',
      gateId: 'hours',
      ruleId: null,
      reason: 'Quiet hours in Texas.',
      liftsAt: Date.parse('2026-11-25T15:00:00Z'),
      gates: [],
      messageId: null,
      assigneeId: null,
      text: null,
      attempt: 0,
      at,
    },
  ],
}

interface Run {
  code: number
  out: string[]
  err: string[]
  live: string[]
  posted: { url: string; body: Buffer; signature: string }[]
}

async function run(
  t: Test,
  argv: string[],
  changes: { env?: Record<string, string>; surroundings?: Partial<Surroundings>; answer?: { status: number; body: string } } = {},
): Promise<Run & { dataDir: string }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-cli-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const env = { REKINDLE_DATA_DIR: dataDir, ...changes.env }
  const result: Run = { code: 0, out: [], err: [], live: [], posted: [] }
  let ids = 0
  const surroundings: Surroundings = {
    terminal: {
      out: (line) => result.out.push(...line.split('\n')),
      err: (line) => result.err.push(...line.split('\n')),
      live: (line) => result.live.push(line),
    },
    config: () => loadConfig(env),
    configLines: () => describeConfig(env),
    fetch: async () => ({ status: 200, text: async () => JSON.stringify(story) }),
    poster: (url) => ({
      post: async (body, signature) => {
        result.posted.push({ url, body, signature })
        return changes.answer ?? { status: 202, body: '{"accepted":1,"dropped":0}' }
      },
      close: () => undefined,
    }),
    kafka: async () => {
      throw new Error('not in this test')
    },
    operator: async () => {
      throw new Error('not in this test')
    },
    leadsMeant: async () => [],
    held: async () => {
      throw new Error('not in this test')
    },
    now: () => at,
    newId: () => `00000000-0000-4000-8000-00000000000${++ids}`,
    stop: new AbortController().signal,
    ...changes.surroundings,
  }
  result.code = await runProgram(rekindleProgram(surroundings), argv, surroundings)
  return { ...result, dataDir }
}

/** What follows the four factors of the composite score. */
const afterScore = (lines: readonly string[]) => lines.slice(lines.indexOf('SCORES') + 5)

t.test('why says it in words first, then in numbers that add up', async (t) => {
  const { code, out } = await run(t, ['why', 'contactMaria000000001'])
  t.equal(code, 0)
  t.strictSame(out, [
    'Maria Sample  (sandboxLocation000001:contactMaria000000001)',
    'intent HOT, score 72 (warm), contacted, epoch 3, last event 2026-11-24 15:00 UTC',
    '',
    'FOLLOW UP  2026-11-24 15:00 UTC, asked because of: inbound message',
    `${explain(decisionOf()).headline} It has not left yet. Quiet hours in Texas. It is looked at again 2026-11-25 15:00 UTC.`,
    ...explain(decisionOf()).sentences.map((line) => `  ${line}`),
    '',
    'FOLLOW-UPS',
    '  2026-11-24 15:00 UTC  planned  send message sms  due 2026-11-24 15:00 UTC  It asked for a showing.',
    '  2026-11-24 15:00 UTC  deferred  sms  Quiet hours in Texas.  lifts 2026-11-25 15:00 UTC',
    '',
    'NUMBERS OF FOLLOW UP  2026-11-24 15:00 UTC',
    '  votes              for   confidence    nats  because',
    '  intent_detector    sms   high        +0.700  It asks for a showing "this week".',
    '  response_analyzer  call  medium      +0.500  It asks for a call.',
    '  timing_optimizer   sms   medium      +0.400  Replies came within the hour.',
    '  silent: demographic_analyzer (no finding)',
    // base 0.1 - (-0.2), for 0.7 + 0.4, against 0.5; e^0.9 = 2.46.
    '  log-odds of sms against call: base 0.3 + for 1.1 - against 0.5 = 0.9 nats, 2.46 to 1',
    '     wait   17.7 %  +0.000 nats',
    '  *  sms    58.7 %  +1.200 nats',
    '     email   gated',
    '     call   23.9 %  +0.300 nats',
    '  gates',
    '    consent  email  E-mail is set to do not disturb.  does not lift by itself',
    '  policy bbbbbbbbbbbb, decision decision-1, closed by all votes',
    '',
    'SCORES',
    '   40  says "make an offer"',
    '   18  asks for the realtor: 9, last 2026-11-24 15:00 UTC',
    '   10  known: phone, e-mail and budget',
    '    4  acts: 8 within 30 days',
  ])
  t.equal((await run(t, ['why', 'x', '--all'])).out.filter((line) => line.startsWith('FOLLOW UP ')).length, 2)
  t.strictSame(JSON.parse((await run(t, ['why', 'x', '--json'])).out.join('\n')), story)
})

t.test('why tells the decision that acts in five lines at most, each other one in one line, and their words behind its numbers', (t) => {
  const of = (changes: Partial<Decision>) => explained({ explain }, decisionOf({ decisionId: String(changes.type), ...changes }))
  const stays = of({ type: 'escalation', chosen: 'wait' })
  const goes = of({ type: 'escalation', chosen: 'hand_over' })
  const plain = of({ type: 'content', chosen: 'wait' })
  const follows = of({ type: 'follow_up' })
  const denial = { ruleId: 'r', option: '*', verdict: 'deny', liftsAt: null, reason: 'The lead asked for a person.' }
  const due = of({ type: 'follow_up', chosen: 'wait', stopReason: 'gated', gates: [{ ...denial, gateId: 'person_due' }] })
  const heads = (...decisions: LeadStory['decisions']) =>
    whyText({ ...story, decisions }).filter((line) => /^[A-Z -]+  2026/.test(line) || line === 'ALSO DECIDED')
  const title = (type: string) => `${type}  2026-11-24 15:00 UTC, asked because of: inbound message`
  const numbers = (type: string) => `NUMBERS OF ${type}  2026-11-24 15:00 UTC`
  const behind = (type: string) => [title(type), numbers(type)]
  t.strictSame(heads(stays, plain, follows), [
    ...[title('FOLLOW UP'), 'ALSO DECIDED', numbers('FOLLOW UP')],
    ...[...behind('CONTENT'), ...behind('ESCALATION')],
  ])
  t.equal(heads(goes, plain, follows)[0], title('ESCALATION'), 'a hand-over is what is done')
  t.equal(heads(goes, due)[0], title('FOLLOW UP'), 'it is due to the words of the lead, and said there')
  const earlier = of({ type: 'escalation', chosen: 'hand_over', decidedAt: follows.decision.askedAt - 1 })
  t.equal(heads(follows, earlier)[0], title('FOLLOW UP'), 'of another question')
  const lines = whyText({ ...story, decisions: [stays, plain, follows] })
  const [first, also] = [lines.indexOf(title('FOLLOW UP')), lines.indexOf('ALSO DECIDED')]
  t.ok(also - first <= 8, 'a title, a headline, five lines and an empty one')
  t.strictSame(lines.slice(also + 1, also + 4), [
    `  content     2026-11-24 15:00 UTC  ${plain.headline}`,
    `  escalation  2026-11-24 15:00 UTC  ${stays.headline}`,
    '',
  ])
  const [followUp] = story.followups
  if (followUp === undefined) throw new Error('no follow-up')
  const given = { ...followUp, decisionId: goes.decision.decisionId, followupId: 'f2', action: 'hand_over', channel: 'none' }
  const both = whyText({
    ...story,
    decisions: [follows, { ...goes, decision: { ...goes.decision, decidedAt: at - 1, askedAt: 0 } }],
    followups: [given],
  })
  t.ok(
    both.some((line) => line.endsWith(`${goes.headline} It has not been done yet: it is due 2026-11-24 15:00 UTC.`)),
    'of the others as well',
  )
  t.end()
})

t.test('why tells times as clocks at the location show them, and in UTC where an older API does not tell the zone', (t) => {
  const { timeZone, ...older } = story
  t.equal(timeZone, 'UTC')
  t.strictSame(whyText(older as typeof story), whyText(story))
  const lines = whyText({ ...story, timeZone: 'America/Chicago' }).join('\n')
  // In November Chicago is six hours behind UTC.
  for (const line of [
    'last event 2026-11-24 09:00 CST',
    'FOLLOW UP  2026-11-24 09:00 CST, asked because of',
    'It is looked at again 2026-11-25 09:00 CST.',
    'asks for the realtor: 9, last 2026-11-24 09:00 CST',
  ])
    t.match(lines, line)
  t.notMatch(lines, 'UTC')
  t.end()
})

t.test('why copes with a lead about which nothing is known yet', async (t) => {
  const bare = { ...story, decisions: [], followups: [], deliveries: [] }
  t.strictSame(whyText(bare).slice(2, 6), ['', 'Nothing has been decided about this lead yet.', '', 'No follow-up has been planned.'])
  const silent = explained({ explain }, decisionOf({ contributions: [], silent: [], gates: [] }))
  const lines = whyText({ ...bare, decisions: [silent] })
  t.ok(lines.includes('  No agent voted.') && lines.includes('  gates: all open'))
})

t.test('why tells that nothing is begun with a lead that is closed, also where nothing was ever decided', async (t) => {
  const revoked = { status: 'revoked', at, expiresAt: null, eventId: 'e', words: 'STOP' }
  const consents = { sms: revoked, email: revoked, call: revoked }
  const bare = { ...story, decisions: [], followups: [], deliveries: [], profile: profileOf({ consents, dnd: false, dndChannels: {} }) }
  const begun = 'Rekindle begins nothing with this lead now.'
  t.strictSame(whyText(bare).slice(2, 5), [
    '',
    `${begun} No channel is open: each is taken back by the lead or set to do not disturb.`,
    'Nothing has been decided about this lead yet.',
  ])
  t.equal(whyText({ ...story, profile: profileOf({ status: 'converted' }) })[3], `${begun} The lead has become a client.`)
  t.equal(whyText({ ...story, profile: profileOf({ status: 'lost' }) })[3], `${begun} The lead is marked as lost.`)
  t.equal(whyText({ ...story, profile: profileOf({ dnd: true }) })[3], `${begun} Do not disturb is set for the lead.`)
  t.equal(whyText({ ...story, profile: profileOf({ deletedAt: at }) })[3], `${begun} The contact was deleted.`)
})

t.test('why names leads that are perhaps the same person', async (t) => {
  const linked: LeadStory['linked'] = [
    { leadKey: 'loc:mario', name: 'Mario', by: ['telephone', 'e-mail'] },
    { leadKey: 'loc:x', name: null, by: ['name and postal code'] },
  ]
  t.strictSame(whyText({ ...story, linked }).slice(2, 4), [
    'perhaps the same person as Mario (loc:mario): telephone, e-mail',
    'perhaps the same person as a lead without a name (loc:x): name and postal code',
  ])
})

t.test('why tells under PERMISSION what the number of the lead has opted out of, and not through whom', async (t) => {
  const refusal = { address: 'number', channels: ['sms', 'call'], purpose: null, at: Date.UTC(2026, 10, 10, 17), words: 'STOP' }
  const lines = whyText({
    ...story,
    addressRefusals: [refusal, { ...refusal, address: 'e-mail address', channels: ['email'], purpose: 'marketing', words: null }],
  })
  const from = lines.slice(lines.indexOf('PERMISSION'))
  t.ok(from.includes('This number opted out of sms and call on 2026-11-10 17:00 UTC ("STOP"). That counts for every lead that has it.'))
  t.ok(
    from.includes('This e-mail address opted out of marketing by email on 2026-11-10 17:00 UTC. That counts for every lead that has it.'),
  )
  t.equal(whyText({ ...story, addressRefusals: undefined as never }).length, whyText(story).length, 'an older API tells of none')
})

t.test('why names the realtor of the lead as far as anybody has told', async (t) => {
  const assigned = (name: string | null, active: boolean | null) => whyText({ ...story, realtor: { id: 'user1', name, active } })[2]
  t.equal(assigned('Ana Smith', true), 'assigned to Ana Smith (user1)')
  t.equal(assigned(null, null), 'assigned to user1')
  t.equal(assigned(null, false), 'assigned to a user who was deleted (user1)')
})

t.test('why tells to whom a lead is assigned and who is next, and to whom it really went', async (t) => {
  const assign = { action: 'assign', channel: 'none', text: null }
  const [followUp] = story.followups
  const [delivery] = story.deliveries
  if (followUp === undefined || delivery === undefined) throw new Error('no follow-up')
  const went = { ...delivery, ...assign, status: 'reserved', assigneeId: 'bea', reason: 'ana has no room: it goes to bea.', liftsAt: null }
  const lines = whyText({
    ...story,
    followups: [{ ...followUp, ...assign, assigneeId: 'ana', alternates: ['bea', 'cy'], reason: 'Nobody had this lead.' }],
    deliveries: [went, { ...went, action: 'hand_over', assigneeId: null }],
  })
  const first = lines.indexOf('FOLLOW-UPS') + 1
  t.strictSame(lines.slice(first, first + 3), [
    '  2026-11-24 15:00 UTC  planned  assign to ana, else bea, cy  due 2026-11-24 15:00 UTC  Nobody had this lead.',
    '  2026-11-24 15:00 UTC  reserved  assign to bea  ana has no room: it goes to bea.',
    '  2026-11-24 15:00 UTC  reserved  hand over      ana has no room: it goes to bea.',
  ])
})

t.test('why tells how soon a lead is to be contacted, and what is not known of it', async (t) => {
  const factors = [{ code: 'timeline', points: 20, words: 'wants to move within 30 days' }]
  const priority = { at, tier: 'COLD', score: 20, dueAt: null, factors, unknown: ['budget', 'fit'] }
  const lines = whyText({ ...story, profile: profileOf({ priority }) })
  t.strictSame(afterScore(lines).slice(0, 2), [
    'priority COLD, 20 of 100, no contact due; not known: budget and fit',
    '   20  wants to move within 30 days',
  ])
})

t.test('why tells where a lead stands: lifecycle, questions, golden lead and churn, each with its reasons', async (t) => {
  const factors = (points: number, words: string) => [{ code: 'one', points, words }]
  const serviceScores = {
    at,
    questions: {
      score: 30,
      answered: 2,
      reach: 'some',
      ready: false,
      factors: factors(30, 'answered: budget and place'),
    },
    golden: { score: 30, tier: 'none', factors: factors(20, 'its budget is stated'), unknown: ['financing'] },
    lifecycle: { stage: 'engaged', because: 'it wrote or acted within 30 days' },
  }
  const churn = { at, since: at, risk: 69, tier: 'high', factors: factors(50, 'no sign of life for 7 days') }
  t.strictSame(afterScore(whyText({ ...story, churn, profile: profileOf({ serviceScores }) })).slice(0, 7), [
    'lifecycle engaged: it wrote or acted within 30 days',
    'questions 30 of 100, 2 of 7 answered (some)',
    '   30  answered: budget and place',
    'golden lead: no tier, 30 of 100; not known: financing, emotional investment and decision authority',
    '   20  its budget is stated',
    'churn risk high, 69 of 100, last sign of life 2026-11-24 15:00 UTC',
    '   50  no sign of life for 7 days',
  ])
})

t.test('why tells what the lead did lately and what that fired, newest first', async (t) => {
  const one = { at, signal: 'property_view', subject: '12-oak-st', price: null }
  const behaviour = { seen: [one], fired: { churn_risk: at - 60_000, high_intent_viewing: at }, likelihood: 5.776, dueAt: null }
  const lines = afterScore(whyText({ ...story, profile: profileOf({ behaviour }) }))
  t.match(lines[0], /^behaviour 5\.8 of 100, last property view /)
  t.match(lines[1], /^fired: high intent viewing .*, churn risk /)
  t.notMatch(afterScore(whyText({ ...story, profile: profileOf({ behaviour: { ...behaviour, fired: {} } }) })).join('\n'), /fired/)
})

t.test('why tells which person leads the conversation, where the platform says who wrote', async (t) => {
  const humanOwnership = { since: at, userId: 'user1', reason: 'human_message', untilAt: null }
  const led = (leader: LeadStory['leader']) => whyText({ ...story, leader, profile: profileOf({ humanOwnership }) })[2]
  t.equal(led({ id: 'user1', name: 'Ana', active: true }), 'led by a human since 2026-11-24 15:00 UTC (human message, by Ana (user1))')
  t.equal(led(null), 'led by a human since 2026-11-24 15:00 UTC (human message)')
  t.equal(led(undefined as never), 'led by a human since 2026-11-24 15:00 UTC (human message)', 'an older API names nobody')
  const ends = (reason: string) =>
    whyText({ ...story, leader: null, profile: profileOf({ humanOwnership: { ...humanOwnership, userId: null, reason } }) })[2]
  const quiet = profileOf({ humanOwnership: { since: at, userId: 'user1', reason: 'human_message', untilAt: at + 3_600_000 } })
  const ledAt = (now: number) => whyText({ ...story, profile: quiet }, { now })[2]
  t.equal(ledAt(at), 'led by a human since 2026-11-24 15:00 UTC (human message), until 2026-11-24 16:00 UTC')
  t.equal(
    ledAt(at + 3_600_000),
    'led by Rekindle again since 2026-11-24 16:00 UTC; before that a human since 2026-11-24 15:00 UTC (human message)',
  )
  t.equal(ends('tag'), 'led by a human since 2026-11-24 15:00 UTC (tag), until that tag is taken off')
  t.match(ends('hand_over'), /\(hand over\), until it is tagged "AI Assistant: On"$/)
  t.match(ends('opt_out_unclear'), /, until a person has written or it is tagged "AI Assistant: On"$/)
})

t.test('why tells what the lead permits, for what, and by which words it was taken back', async (t) => {
  const stated = { status: 'revoked', at, expiresAt: null, eventId: 'e', words: 'no more ads' }
  const consents = {
    sms: { ...stated, status: 'inquiry', at: at - 60_000, expiresAt: at + 86_400_000, words: null },
    'sms/marketing': stated,
  }
  const lines = whyText({ ...story, profile: profileOf({ consents }) })
  const from = lines.indexOf('PERMISSION')
  t.strictSame(lines.slice(from, from + 3), [
    'PERMISSION',
    'marketing by sms: revoked 2026-11-24 15:00 UTC, "no more ads"',
    'sms: inquiry 2026-11-24 14:59 UTC, ends 2026-11-25 15:00 UTC',
  ])
  t.notMatch(whyText({ ...story, profile: profileOf({ consents: {} }) }).join('\n'), /PERMISSION/)
})

t.test('why tells from where what is known was stated', async (t) => {
  const provenance = {
    email: { source: 'ghl_webhook', at },
    'consent.sms': { source: 'ghl_webhook', at },
    owner: { source: 'delivery', at: at + 60_000 },
  }
  const lines = whyText({ ...story, profile: profileOf({ provenance }) })
  t.strictSame(lines.slice(-3), [
    'KNOWN FROM',
    'owner: Rekindle itself, 2026-11-24 15:01 UTC',
    'permission by sms, email: a webhook of GoHighLevel, 2026-11-24 15:00 UTC',
  ])
  t.notMatch(whyText({ ...story, profile: profileOf({ provenance: undefined as never }) }).join('\n'), /KNOWN FROM/)
})

t.test('exact nats lose no digit', async (t) => {
  t.strictSame(['0', '1', '-1', '1000000000000000000', '-1230000000000000000'].map(exactNats), [
    '0',
    '0.000000000000000001',
    '-0.000000000000000001',
    '1',
    '-1.23',
  ])
})

t.test('what the API refuses is told with its code, its sentence and what to do', async (t) => {
  const body = JSON.stringify({
    code: 'E_LEAD_UNKNOWN',
    message: 'There is no lead nobody.',
    remedy: 'Give the contact id.',
    requestId: '1',
  })
  const refused = await run(t, ['why', 'nobody'], { surroundings: { fetch: async () => ({ status: 404, text: async () => body }) } })
  t.equal(refused.code, 1)
  t.strictSame(refused.err, ['E_API_REFUSED: 404 E_LEAD_UNKNOWN: There is no lead nobody.', 'What to do: Give the contact id.'])
  const away = await run(t, ['why', 'x', '--url', 'http://127.0.0.1:1'], {
    surroundings: {
      fetch: async () => {
        throw new TypeError('fetch failed')
      },
    },
  })
  t.strictSame(away.err, [
    'E_API_UNREACHABLE: http://127.0.0.1:1 does not answer.',
    'What to do: Start it with `npm start`, which says when it is ready, or give its address with --url.',
  ])
  t.equal(away.code, 1)
  const headers: unknown[] = []
  const config = loadConfig({ REKINDLE_API_TOKEN: 'a-token-of-24-characters' })
  await readApi('http://x', '/leads', config, async (_url, init) => {
    headers.push(init.headers)
    return { status: 200, text: async () => '{}' }
  })
  t.strictSame(headers, [{ authorization: 'Bearer a-token-of-24-characters' }])
  await t.rejects(
    readApi('http://x', '/', config, async () => ({ status: 502, text: async () => '<html>' })),
    /HTTP 502: <html>/,
  )
  await t.rejects(
    readApi('http://x', '/', config, async () => ({ status: 200, text: async () => '<html>Sign in' })),
    { code: 'E_API_REFUSED', message: /HTTP 200: <html>Sign in/ },
    'a page in between is no answer',
  )
})

t.test('verbs ask the API below the path that PUBLIC_URL has', async (t) => {
  for (const PUBLIC_URL of ['https://leads.example.com/rekindle', 'https://leads.example.com/rekindle/']) {
    const { asked } = await apiRun(['why', 'maria'], { status: 404, body: {} }, { PUBLIC_URL })
    t.match(asked, [{ url: 'https://leads.example.com/rekindle/leads/maria' }], PUBLIC_URL)
  }
  const paths: (string | undefined)[] = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    response.writeHead(202).end('{"accepted":1,"dropped":0}')
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { post, close } = httpPost(`http://127.0.0.1:${(server.address() as AddressInfo).port}/rekindle/`)
  await post(Buffer.from('{}'), 'N/A')
  close()
  t.strictSame(paths, ['/rekindle/webhooks/ghl'])
})

t.test('send signs a dressed sample and says what to do next', async (t) => {
  const { code, out, posted, dataDir } = await run(t, [
    'send',
    'InboundMessage',
    '--set',
    'body=Hello there',
    '--set',
    'attachments=[]',
    '--url',
    'http://127.0.0.1:9',
  ])
  t.equal(code, 0)
  t.strictSame(out, [
    '202 stored: 1  InboundMessage  webhookId 00000000-0000-4000-8000-000000000001',
    'Next: rekindle why sbxSampleContact0001',
  ])
  const [sent] = posted
  t.equal(sent?.url, 'http://127.0.0.1:9')
  t.match(JSON.parse(sent?.body.toString() ?? ''), {
    type: 'InboundMessage',
    body: 'Hello there',
    attachments: [],
    timestamp: '2026-11-24T15:00:00.000Z',
  })
  t.ok(
    verify(
      null,
      sent?.body ?? Buffer.alloc(0),
      createPublicKey(sandboxKey(dataDir).publicPem),
      Buffer.from(sent?.signature ?? '', 'base64'),
    ),
  )
})

t.test('send takes files, raw bytes, and shows a refusal', async (t) => {
  const dir = t.testdir()
  const raw = join(dir, 'raw.json')
  writeFileSync(raw, '{ "type": 1')
  t.match((await run(t, ['send', raw])).err[0], /E_SAMPLE_NOT_JSON/)
  t.equal((await run(t, ['send', raw, '--raw'])).posted[0]?.body.toString(), '{ "type": 1')
  t.ok((await run(t, ['send', '--list'])).out.includes('ContactCreate'))
  t.match((await run(t, ['send', 'NoSuchSample'])).err[0], /E_SAMPLE_UNKNOWN/)
  t.match((await run(t, ['send', 'ContactCreate', '--set', 'nonsense'])).err[0], /E_OPTION_INVALID: --set nonsense/)
  const unsigned = await run(t, ['send', 'ContactCreate', '--unsigned'], {
    answer: {
      status: 401,
      body: '{"code":"E_SIGNATURE_REFUSED","message":"Not signed.","remedy":"Sign it.","reason":"header_not_applicable"}',
    },
  })
  t.equal(unsigned.code, 1)
  t.equal(unsigned.posted[0]?.signature, 'N/A')
  t.strictSame(unsigned.err, ['E_API_REFUSED: 401 E_SIGNATURE_REFUSED (header_not_applicable): Not signed.', 'What to do: Sign it.'])
  const gone = await run(t, ['send', 'ContactCreate'], {
    surroundings: {
      poster: () => ({
        post: async () => {
          throw new Error('refused')
        },
        close: () => undefined,
      }),
    },
  })
  t.match(gone.err[0], /E_API_UNREACHABLE/)
  t.match((await run(t, ['send', 'AppointmentCreate'], { answer: { status: 202, body: '{"accepted":0,"dropped":1}' } })).out, [
    '202 stored: 0, dropped because the location is not installed or the lead was erased since: 1  AppointmentCreate  webhookId 00000000-0000-4000-8000-000000000001',
  ])
})

t.test('the sandbox key is never used in real mode', async (t) => {
  const real = {
    REKINDLE_MODE: 'real',
    REKINDLE_API_TOKEN: 'a-token-of-24-characters',
    KAFKA_BROKERS: 'k:9092',
    SCHEMA_REGISTRY_URL: 'http://r',
    DATABASE_URL: 'postgres://d',
    CLICKHOUSE_URL: 'http://c',
    GHL_APP_ID: 'a'.repeat(24),
    GHL_API_TOKEN: 'tokentoken',
  }
  for (const argv of [['send', 'ContactCreate'], ['simulate']]) {
    const { code, err, dataDir } = await run(t, argv, { env: real })
    t.equal(code, 1)
    t.match(err[0], /E_LOCAL_ONLY/)
    t.notOk(existsSync(join(dataDir, 'sandbox')))
  }
})

t.test('simulate accounts for every webhook and repeats itself by seed', async (t) => {
  const argv = ['simulate', '--leads', '12', '--rate', '100000', '--seed', '5', '--duplicates', '0.2', '--reordered', '0.1']
  const first = await run(t, argv)
  const second = await run(t, argv)
  t.equal(first.code, 0)
  t.strictSame(
    first.posted.map(({ body }) => body.toString()),
    second.posted.map(({ body }) => body.toString()),
  )
  const ids = new Set(first.posted.map(({ body }) => (JSON.parse(body.toString()) as { webhookId: string }).webhookId))
  const value = (name: string) => Number(first.out.find((line) => line.startsWith(name))?.split(/\s+/)[1])
  t.equal(value('webhooks'), ids.size)
  t.equal(value('accepted'), ids.size)
  t.equal(value('repeats'), first.posted.length - ids.size)
  t.equal(value('lost'), 0)
  t.equal(value('requests'), first.posted.length)
  t.match(first.out.join('\n'), /ContactCreate\s+12/)
  t.ok(first.live.length > 0)
  const json = JSON.parse((await run(t, [...argv, '--json'])).out.join('')) as { fates: Record<string, string>; accepted: number }
  t.equal(Object.values(json.fates).filter((fate) => fate === 'accepted').length, json.accepted)
})

t.test('simulate played live is compressed; one that nobody stores is a failure', async (t) => {
  let clock = at
  const live = await run(t, ['simulate', '--leads', '3', '--rate', '100000', '--speed', '1000000'], {
    surroundings: {
      now: () => clock,
      wait: async (ms) => {
        clock += ms
      },
    },
  })
  t.equal(live.code, 0)
  // Times as far apart as the stories say: the last webhook leaves when the last beat is due.
  t.equal(clock, Math.max(...live.posted.map(({ body }) => Date.parse((JSON.parse(body.toString()) as { timestamp: string }).timestamp))))
  const refused = await run(t, ['simulate', '--leads', '1', '--rate', '100000'], {
    answer: { status: 401, body: '{"reason":"header_missing"}' },
  })
  t.equal(refused.code, 1)
  t.match(refused.out.join('\n'), /rejected\s+\d+\s+header_missing/)
  t.match(refused.err[0], /stored none of/)
  for (const [flag, wrong] of [
    ['--leads', '0'],
    ['--rate', 'fast'],
    ['--duplicates', '2'],
  ] as const) {
    const { code, err } = await run(t, ['simulate', flag, wrong])
    t.equal(code, 1)
    t.match(err[0], `E_OPTION_INVALID: ${flag} ${wrong}`)
  }
  t.equal(
    liveLine({ ...newAccounts(), sent: 4, attempts: 5, accepted: 2, duplicates: 1, dropped: 1, rejected: { a: 1 } }, 2),
    '4 sent  2 accepted  1 repeats  2 refused  0 retries  3/s',
  )
})

t.test('tail prints a record a line, filtered by lead', async (t) => {
  const asked: unknown[] = []
  const record = {
    partition: 1,
    offset: 42n,
    timestamp: at,
    key: `${sandboxTenantId}:maria`,
    value: { body: Buffer.from('{"a":1}'), bytes: [Buffer.from([255])], n: null },
    headers: { traceparent: 'x' },
  }
  const kafka: KafkaForVerbs = {
    tail: async (topic, start, onRecord) => {
      asked.push([topic.name, start.from, start.untilEnd])
      onRecord(record)
      onRecord({ ...record, offset: 43n, key: `${sandboxTenantId}:other`, value: null })
      onRecord({ ...record, offset: 44n, key: null, value: undefined, undecodable: 'no schema id' })
    },
    send: async () => undefined,
    applyTopics: async () => [],
    copiesPlan: async () => ({ version: 1, partitions: [] }),
    close: async () => {
      asked.push('closed')
    },
  }
  const tailed = (...flags: string[]) => run(t, ['tail', 'ghl.webhooks', ...flags], { surroundings: { kafka: async () => kafka } })
  t.strictSame((await tailed()).out, [
    '1@42  2026-11-24T15:00:00.000Z  sandboxLocation000001:maria  {"body":"{\\"a\\":1}","bytes":["base64:/w=="],"n":null}',
    '1@43  2026-11-24T15:00:00.000Z  sandboxLocation000001:other  (deleted)',
    '1@44  2026-11-24T15:00:00.000Z  (no key)  (not readable: no schema id)',
  ])
  t.equal((await tailed('--lead', 'maria', '--from-beginning')).out.length, 1)
  t.equal((await tailed('--lead', `${sandboxTenantId}:other`, '--last', '5', '--until-end')).out.length, 1)
  t.strictSame(asked, [
    ['ghl.webhooks', 'now', false],
    'closed',
    ['ghl.webhooks', 'beginning', false],
    'closed',
    ['ghl.webhooks', { last: 5 }, true],
    'closed',
  ])
  t.match((await tailed('--last', 'many')).err[0], /E_OPTION_INVALID: --last many/)
  t.match((await tailed('--last', '5', '--from-beginning')).err[0], /E_OPTION_INVALID: --last 5: goes without --from-beginning/)
  t.match((await run(t, ['tail', 'nonsense'])).err, [
    'E_TOPIC_UNKNOWN: There is no topic nonsense.',
    'What to do: `rekindle topics list` names them.',
  ])
  t.match(recordLine(record, { headers: true }), /\{"traceparent":"x"\}$/)
  t.notOk(isAbout({ key: 'sandboxLocation000001:notmaria' }, 'maria'), 'the end of another id is not the id')
})

t.test('topics are listed, planned and applied', async (t) => {
  const { out } = await run(t, ['topics', 'list'], { env: { KAFKA_TOPIC_PREFIX: 'staging.' } })
  t.ok(out.some((line) => /^staging\.decisions\.v1\s+lead\s+365 d\s+public\s+consensus/.test(line)))
  t.ok(out.some((line) => /^staging\.leads\.profiles\.v1\s+lead\s+compacted/.test(line)))
  const asked: unknown[] = []
  const kafka: KafkaForVerbs = {
    tail: async () => undefined,
    send: async () => undefined,
    applyTopics: async (options) => {
      asked.push(options)
      return [
        { topic: 'decisions.v1', action: 'create', partitions: 4, settings: { 'retention.ms': '1' } },
        { topic: 'tenants.v1', action: 'alter', partitions: 1, settings: { 'cleanup.policy': 'compact' } },
        { topic: 'policies.v1', action: 'keep', partitions: 1, settings: {} },
      ]
    },
    copiesPlan: async ({ replicationFactor }) => ({
      version: 1,
      partitions: replicationFactor === 1 ? [] : [{ topic: 'decisions.v1', partition: 0, replicas: [2, 1, 3] }],
    }),
    close: async () => undefined,
  }
  const dry = await run(t, ['topics', 'apply', '--dry-run'], { surroundings: { kafka: async () => kafka } })
  t.strictSame(dry.out, [
    'would create  decisions.v1  4 partitions  retention.ms=1',
    'would alter   tenants.v1    1 partition   cleanup.policy=compact',
    '1 of 3 topics agree with their declarations.',
  ])
  t.equal(
    (await run(t, ['topics', 'apply'], { surroundings: { kafka: async () => kafka } })).out[0],
    'created  decisions.v1  4 partitions  retention.ms=1',
  )
  t.strictSame(asked, [
    { dryRun: true, partitions: 4, replicationFactor: 1 },
    { dryRun: false, partitions: 4, replicationFactor: 1 },
  ])
  const none = await run(t, ['topics', 'apply'], { surroundings: { kafka: async () => ({ ...kafka, applyTopics: async () => [] }) } })
  t.strictSame(none.out, ['0 of 0 topics agree with their declarations; nothing to do.'])
  const spread = (copies: string) =>
    run(t, ['topics', 'spread'], { env: { KAFKA_REPLICATION_FACTOR: copies }, surroundings: { kafka: async () => kafka } })
  const [enough, few] = [await spread('1'), await spread('3')]
  t.strictSame([enough.out, enough.err], [['{"version":1,"partitions":[]}'], ['Every topic has 1 copy or more; there is nothing to do.']])
  t.strictSame(few.out, ['{"version":1,"partitions":[{"topic":"decisions.v1","partition":0,"replicas":[2,1,3]}]}'], 'what the tool reads')
  t.match(few.err.join('\n'), /1 partition has fewer than 3 copies[\s\S]*--execute[\s\S]*--verify[\s\S]*preferred[\s\S]*topics apply/)
})

t.test('config masks secrets and names every bad value', async (t) => {
  const { code, out } = await run(t, ['config'], { env: { DATABASE_URL: 'postgres://user:secret@host/db' } })
  t.equal(code, 0)
  t.ok(out.includes('DATABASE_URL=********'))
  t.notMatch(out.join('\n'), /secret@/)
  const bad = await run(t, ['config'], { env: { PORT: 'eighty', KAFKA_PARTITIONS: '0' } })
  t.equal(bad.code, 1)
  t.match(bad.err, [/^E_CONFIG_INVALID: /, /KAFKA_PARTITIONS|PORT/])
})

t.test('help shows every verb with a first step; nonsense is refused with exit code 2', async (t) => {
  const help = await run(t, ['--help'])
  t.equal(help.code, 0)
  const text = help.out.join('\n')
  for (const word of ['send', 'simulate', 'why', 'tail', 'topics', 'config', 'First steps', 'npm start']) t.match(text, word)
  t.match(await run(t, ['--version']), { code: 0, out: [/^\d+\.\d+\.\d+$/] })
  t.match((await run(t, ['simulate', '--help'])).out.join('\n'), /Examples:[\s\S]*--speed 600/)
  for (const argv of [['nonsense'], ['why'], ['send', 'a', '--nonsense']]) {
    const { code, err } = await run(t, argv)
    t.equal(code, 2, argv.join(' '))
    t.match(err.join('\n'), /error:[\s\S]*--help/)
  }
})

t.test('addresses come from the flag, the configuration, the running stack, in this order', async (t) => {
  const dataDir = t.testdir()
  const config = loadConfig({ REKINDLE_DATA_DIR: dataDir })
  t.equal(apiUrl(config, undefined), 'http://127.0.0.1:8080')
  t.equal(apiUrl(config, 'http://given'), 'http://given')
  t.equal(
    apiUrl(loadConfig({ REKINDLE_DATA_DIR: dataDir, PUBLIC_URL: 'https://hooks.example.com' }), undefined),
    'https://hooks.example.com',
  )
  t.throws(() => kafkaAddresses(config), { code: 'E_NOTHING_RUNS' })
  t.throws(() => kafkaAddresses(loadConfig({ REKINDLE_DATA_DIR: dataDir, KAFKA_BROKERS: 'k:9092' })), { code: 'E_NOTHING_RUNS' })
  t.strictSame(kafkaAddresses(loadConfig({ REKINDLE_DATA_DIR: dataDir, KAFKA_BROKERS: 'k:9092', SCHEMA_REGISTRY_URL: 'http://r' })), {
    brokers: ['k:9092'],
    registryUrl: 'http://r',
  })
})

t.test('a stack that is still starting has no addresses: nobody is sent to what a client takes an empty one for', async (t) => {
  const dataDir = t.testdir()
  const starting = {
    ownerPid: process.pid,
    ownerBirth: processBirth(process.pid),
    addresses: { kafkaBrokers: [], registryUrl: '', databaseUrl: '', clickhouseUrl: '' },
    engines: [],
  }
  writeFileSync(join(dataDir, 'stack.json'), JSON.stringify(starting))
  const config = loadConfig({ REKINDLE_DATA_DIR: dataDir, KAFKA_BROKERS: 'k:9092' })
  const still = /^The stack on .* is still starting and \w+_URL is not set\.$/m
  for (const address of [kafkaAddresses, databaseUrl, clickhouseUrl])
    t.throws(() => address(config), { code: 'E_NOTHING_RUNS', message: still }, address.name)
  t.throws(() => kafkaAddresses(loadConfig({ REKINDLE_DATA_DIR: dataDir })), { code: 'E_NOTHING_RUNS', message: /KAFKA_BROKERS/ })
})

t.test('an answer that breaks off is told as an API that does not answer', async (t) => {
  const fetch = async () => ({ status: 200, text: () => Promise.reject(new TypeError('terminated')) })
  t.match(await run(t, ['why', 'maria'], { surroundings: { fetch } }), {
    code: 1,
    err: [/^E_API_UNREACHABLE: .* does not answer\.$/, String],
  })
})

t.test('a topic that was read in part only says nothing of what is not there', async (t) => {
  const kafka = { tail: async () => undefined, close: async () => undefined } as never
  for (const argv of [
    ['attribution', 'show', '--location', 'loc'],
    ['spend', 'list'],
  ])
    t.match(await run(t, argv, { surroundings: { kafka: async () => kafka, stop: AbortSignal.abort() } }), {
      code: 1,
      out: [],
      err: [/^E_STOPPED: \S+ was not read to its end\.$/, String],
    })
})

t.test('faults are shown as what they are', async (t) => {
  t.match(faultLines(new TypeError('a bug')).join('\n'), /TypeError: a bug\n\s+at /)
  t.strictSame(faultLines('text'), ['text'])
  t.strictSame(
    columns(
      [
        ['a', '10'],
        ['bbb', '7'],
      ],
      { right: [1], indent: 1 },
    ),
    [' a    10', ' bbb   7'],
  )
  t.doesNotThrow(() => processTerminal().live('not shown: the output of a test is no terminal'))
})

t.test('a reader that goes away is told once, and what was begun comes to its end', async (t) => {
  const done = join(mkdtempSync(join(tmpdir(), 'rekindle-pipe-')), 'done')
  t.teardown(() => rmSync(dirname(done), { recursive: true, force: true }))
  const script = `
    import { writeFileSync } from 'node:fs'
    import { setTimeout as pause } from 'node:timers/promises'
    import { processTerminal } from './cli/terminal.ts'
    let gone = 0
    const terminal = processTerminal(() => void gone++)
    for (let line = 0; line < 50; line++) {
      terminal.out('replayed ' + line)
      terminal.err('still at it')
      await pause(20)
    }
    writeFileSync(${JSON.stringify(done)}, 'told ' + gone + ' time')`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: join(import.meta.dirname, '..', '..'),
  })
  child.stdout.once('data', () => child.stdout.destroy())
  child.stderr.once('data', () => child.stderr.destroy())
  const [code] = (await once(child, 'exit')) as [number]
  t.equal(code, 0)
  t.equal(existsSync(done) && readFileSync(done, 'utf8'), 'told 1 time')
})

t.test('a terminal that is closed is a reader that went away', (t) => {
  let gone = 0
  processTerminal(() => void gone++)
  const listeners = (['stdout', 'stderr'] as const).map((name) => [process[name], process[name].listeners('error').at(-1)] as const)
  t.teardown(() => listeners.forEach(([stream, listener]) => stream.off('error', listener as () => void)))
  for (const [, listener] of listeners) listener?.(Object.assign(new Error('write EIO'), { code: 'EIO' }))
  t.equal(gone, 1)
  t.throws(() => listeners[0]?.[1]?.(Object.assign(new Error('write EBADF'), { code: 'EBADF' })), /EBADF/)
  t.end()
})

t.test('a terminal obeys nothing that a lead has typed, and JSON stays what it was', async (t) => {
  const name = 'Maria\u001b]52;c;cm0gLXJm\u0007\u009b2J\u007f\r\t\u202eLópez 🏡'
  const written = t.capture(process.stdout, 'write', () => true)
  const complained = t.capture(process.stderr, 'write', () => true)
  processTerminal().out(name)
  processTerminal().err(name)
  processTerminal().out(JSON.stringify({ name }, null, 2))
  const said = 'Maria\\u001b]52;c;cm0gLXJm\\u0007\\u009b2J\\u007f\\u000d\t\\u202eLópez 🏡\n'
  const [plain, json] = written().map(({ args: [text] }) => String(text))
  t.equal(plain, said)
  t.strictSame(
    complained().map(({ args: [text] }) => text),
    [said],
  )
  t.notMatch(json, /[^\P{Cc}\n]/u)
  t.strictSame(JSON.parse(json ?? ''), { name })
  t.strictSame(
    columns([
      ['lead', 'name'],
      ['loc:a', 'Ana\r\n loc:b  HOT'],
    ]),
    ['lead   name', 'loc:a  Ana loc:b  HOT'],
    'a name makes no row',
  )
})

t.test('a new location needs its facts, starts with automation off, and keeps what is not given later', async (t) => {
  const full = { name: 'Oak Realty', timeZone: 'America/Chicago', country: 'US', postalAddress: '1 A St' }
  t.throws(
    () => changedTenant('loc', undefined, { name: 'Oak Realty' }, 5),
    /E_OPTION_INVALID[\s\S]*--time-zone, --country, --postal-address must be given/,
  )
  t.throws(() => changedTenant('loc', undefined, { ...full, timeZone: 'Texas' }, 5), /no IANA zone/)
  t.throws(() => changedTenant('loc', undefined, { ...full, country: 'usa' }, 5), /two capital letters/)
  t.throws(() => changedTenant('loc', undefined, { ...full, status: 'gone' }, 5), /must be one of active, paused, uninstalled/)
  const fresh = changedTenant('loc', undefined, full, 5)
  t.match(fresh, {
    tenantId: 'loc',
    automation: false,
    status: 'active',
    senderName: 'Oak Realty',
    maxPer24h: 3,
    maxPer14d: 10,
    updatedAt: 5,
  })
  t.match(changedTenant('loc', fresh, { automation: true, sender: 'Oak' }, 6), {
    name: 'Oak Realty',
    automation: true,
    senderName: 'Oak',
    updatedAt: 6,
  })
})

t.test('the URL for the workflows of a location carries its token, and there is none without a secret', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-cli-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const secret = 's'.repeat(32)
  const of = (env: Record<string, string>) => workflowUrl(loadConfig({ REKINDLE_DATA_DIR: dataDir, ...env }), 'loc')
  const env = { WORKFLOW_URL_SECRETS: `${secret},${'o'.repeat(32)}`, PUBLIC_URL: 'https://leads.example.com' }
  t.equal(of(env), `https://leads.example.com/webhooks/workflow/${workflowToken([secret], 'loc')}`)
  t.equal(
    of({ ...env, PUBLIC_URL: 'https://leads.example.com/hooks/' }),
    of({ ...env, PUBLIC_URL: 'https://leads.example.com/hooks' }),
    'one slash',
  )
  const local = of({})
  t.match(local, /^http:\/\/127\.0\.0\.1:8080\/webhooks\/workflow\/loc\.[\w-]{43}$/, 'local mode has a secret of its own')
  t.equal(of({}), local)
  const stores = {
    KAFKA_BROKERS: 'a:9092',
    SCHEMA_REGISTRY_URL: 'https://r',
    DATABASE_URL: 'postgres://u:p@db/x',
    CLICKHOUSE_URL: 'https://u:p@ch',
  }
  const ghl = { GHL_APP_ID: '0123456789abcdef01234567', GHL_API_TOKEN: 'pit-12345678' }
  t.throws(() => of({ REKINDLE_MODE: 'real', REKINDLE_API_TOKEN: 'x'.repeat(24), ...stores, ...ghl }), /WORKFLOW_URL_SECRETS is not set/)
})
