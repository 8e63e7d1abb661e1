/** One of something is told as one: in the sentences of all agents, whatever they count. */
import fc from 'fast-check'
import t from 'tap'
import { agentView } from '../../pipelines/agents/agentView.ts'
import { noInsights, optionsByType } from '../../pipelines/agents/agent.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import { judge } from '../../pipelines/followup/gates/judge.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { counted } from '../../pipelines/counted.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadView, ShortlistedRealtor } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions } from '../../topics/index.ts'
import { HOUR, followUpRecord, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { asked, day, hour, message, minute, question, view } from './leads.ts'

/** Words in s that may follow a 1. */
const notPlural = new Set(['is', 'was', 'has', 'as', 'this', 'less'])
/** What a sentence says of one as if it were several: `1 minutes`, `1 free slots`. */
function wrongPlural(sentence: string): string | undefined {
  for (const [whole, word = ''] of sentence.matchAll(/(?<![\w.,:/-])1 (?:free |closed )?([a-z]+s)\b/g))
    if (!notPlural.has(word)) return whole
  return undefined
}
const sentences = (lead: LeadView): string[] =>
  panel(question({ view: lead, decisionTypes: Object.keys(optionsByType) }), roster.slice(), noInsights).flatMap(
    ({ reasonText }) => reasonText ?? [],
  )

const realtor = (realtorId: string, changes: Partial<ShortlistedRealtor> = {}): ShortlistedRealtor => ({
  ...{ realtorId, specialties: [], seniority: null, availability: 'available', load: 0, capacity: 1, answerMinutes: null, answers: 0 },
  ...{ won: 0, lost: 0, speaks: null },
  ...changes,
})

t.test('one, none and several', async (t) => {
  t.strictSame(
    [0, 1, 2, 11, 21].map((count) => counted(count, 'minute')),
    ['0 minutes', '1 minute', '2 minutes', '11 minutes', '21 minutes'],
  )
  t.equal(counted(1, 'reply', 'replies'), '1 reply')
  t.equal(counted(2, 'reply', 'replies'), '2 replies')
  for (const wrong of ['It went out 1 minutes ago.', '1 free slots: propose', 'Only 1 replies to 6 messages'])
    t.ok(wrongPlural(wrong), wrong)
  for (const right of ['1 of 3 is', '11 minutes', 'in 2.1 minutes', '1 reply', '1 is', 'between 0:1 hours'])
    t.notOk(wrongPlural(right), right)
})

t.test('every sentence of an agent that counts says one of what it counts as one', async (t) => {
  const said = (agentId: string, changes: Parameters<typeof view>[0]): string[] => {
    const agent = roster.find(({ id }) => id === agentId)
    const answer = agent?.assess(agentView(question({ view: view(changes) })), noInsights) ?? []
    return ('kind' in answer ? [answer] : answer).flatMap((one) => ('text' in one ? [one.text] : []))
  }
  const tried = (inbound: number, outbound: number, attempts: number) => ({
    replyHours: Array<number>(inbound).fill(1),
    counters: {
      ...{ inbound, outbound, attemptsSinceReply: attempts },
      ...{ inboundByChannel: { sms: inbound }, outboundByChannel: { sms: outbound } },
    },
  })
  const cases: readonly (readonly [agentId: string, changes: Parameters<typeof view>[0], says: string])[] = [
    ['timing_optimizer', { lastOutboundAt: asked - minute }, 'The lead was last contacted 1 minute ago'],
    ['response_analyzer', tried(1, 6, 6), 'Only 1 reply to 6 messages'],
    ['response_analyzer', tried(2, 2, 0), 'The lead answers: 2 replies to 2 messages.'],
    ['performance_tracker', tried(1, 2, 0), 'By sms the lead wrote 1 message and was sent 2'],
    ['performance_tracker', tried(1, 10, 0), 'Only 1 reply to 10 messages'],
    ['channel_strategist', tried(1, 1, 0), '1 of 1 message of the lead came by sms.'],
    ['scheduling_agent', { level: 'HOT', facts: { open_slots: '2026-11-05T15:00:00Z' } }, '1 free slot: propose a buyer consultation.'],
    ['behavioral_profiler', { replyHours: [1 / 60] }, 'replies in about 1 minute.'],
    ['availability_optimizer', { shortlist: [realtor('a')] }, 'Is available with 0 of 1 lead;'],
    [
      'availability_optimizer',
      { shortlist: [realtor('a', { answerMinutes: 1, answers: 5 })] },
      'Answers leads within 1 minute at the median',
    ],
    ['workload_balancer', { shortlist: [realtor('a')] }, 'Is the least full: 0 of 1 lead.'],
    [
      'performance_predictor',
      { shortlist: [realtor('a', { won: 1, lost: 9 }), realtor('b', { lost: 200, capacity: 20 })] },
      '1 of 10 closed leads became a client:',
    ],
  ]
  for (const [agentId, changes, says] of cases)
    t.ok(
      said(agentId, changes).some((text) => text.includes(says)),
      `${agentId}: ${says} (${said(agentId, changes).join(' | ')})`,
    )
})

const few = fc.constantFrom(0, 1, 1, 2, 6)
const anyLead = fc
  .record({
    ...{ inbound: few, outbound: few, attempts: few, since: few, level: fc.constantFrom('WARM', 'HOT', 'URGENT'), capacity: few },
    ...{ minutes: fc.option(few), won: few, lost: few, homes: few, slots: fc.boolean(), reply: fc.constantFrom(0, 1 / 60, 1) },
  })
  .map(({ inbound, outbound, attempts, since, level, capacity, minutes, won, lost, homes, slots, reply }) =>
    view({
      level,
      facts: {
        ...{ property_views: String(homes), visits: String(homes), email_interactions: String(homes), calculator_uses: String(homes) },
        ...(slots ? { open_slots: '2026-11-05T15:00:00Z' } : {}),
      },
      replyHours: [reply],
      lastOutboundAt: outbound === 0 ? null : asked - since * minute,
      lastInboundAt: inbound === 0 ? null : asked - since * hour,
      recentMessages: inbound === 0 ? [] : [message('inbound', 'How much is it?', asked - since * hour)],
      signals: Array.from({ length: homes }, (_, subject) => ({ signal: 'property_view', at: asked - day, count: 1, subject })),
      shortlist: [
        realtor('a', { capacity: Math.max(1, capacity), answerMinutes: minutes, answers: 5, won, lost }),
        realtor('b', { capacity: 9, lost: 40 }),
      ],
      counters: {
        ...{ inbound, outbound, attemptsSinceReply: attempts },
        ...{ inboundByChannel: { sms: inbound }, outboundByChannel: { sms: outbound } },
      },
    }),
  )

t.test('no sentence of any agent on any lead with few of everything has one of several', (t) =>
  assertProperty(
    t,
    fc.property(anyLead, (lead) => sentences(lead).every((text) => wrongPlural(text) === undefined)),
  ),
)

const upToTwo = fc.nat(2)
const strict = fc.record({
  outbound: upToTwo,
  fortnight: upToTwo,
  perDay: upToTwo,
  perFortnight: upToTwo,
  silent: upToTwo,
  realtors: upToTwo,
})

t.test('no sentence of a decision, or of its explanation, that counts none, one or two has one of several', async (t) => {
  const said = new Set<string>()
  await assertProperty(
    t,
    fc.property(anyLead, strict, (lead, { outbound, fortnight, perDay, perFortnight, silent, realtors }) => {
      const tenant = tenantRecord({ tenantId, maxPer24h: perDay, maxPer14d: perFortnight })
      const asks = question({
        tenantId,
        ...{ view: { ...lead, outboundLast24h: outbound, outboundLast14d: fortnight, shortlist: lead.shortlist.slice(0, realtors) } },
        decisionTypes: Object.keys(optionsByType),
      })
      const line = drive(consensus, { at: asked, tables: { tenants: [[tenantId, tenant]] } })
      const cast = panel(asks, roster, noInsights).slice(silent)
      const { assessmentId, contactId, epoch } = asks
      const key = `${tenantId}:${contactId}`
      line.pipe(assessments, key, asks)
      line.pipe(ballots, key, { ballotId: 'b', assessmentId, tenantId, contactId, epoch, source: 'panel', castAt: asked, votes: cast })
      line.advance('2s')
      const told = line.outputs(decisions)
      if (told.length !== asks.decisionTypes.length) throw new Error(`${told.length} decisions`)
      const texts = told.flatMap((decision) => {
        const { headline, sentences } = explain(decision)
        return [headline, ...sentences, ...decision.gates.map(({ reason }) => reason)]
      })
      for (const text of texts) {
        said.add(text)
        if (wrongPlural(text) !== undefined) throw new Error(text)
      }
    }),
  )
  for (const met of [
    '1 message in 24 hours: the limit is 1.',
    '2 messages in 24 hours: the limit is 1.',
    '0 messages in 14 days: the limit is 0.',
  ])
    t.ok(said.has(met), met)
})

t.test('no sentence of a gate at the moment of sending that counts none, one or two has one of several', async (t) => {
  const said = new Set<string>()
  await assertProperty(
    t,
    fc.property(
      ...([upToTwo, upToTwo, upToTwo, upToTwo, fc.boolean(), upToTwo] as const),
      (sent, perDay, capacity, load, isAssigning, epoch) => {
        const action = isAssigning ? { action: 'assign', channel: 'assign', assigneeId: 'ana' } : {}
        const { gates } = judge({
          ...{ at: tuesdayNoon, followUp: followUpRecord({ epoch: 1, ...action }), copyCompleteAt: tuesdayNoon - 16_000 - load },
          ...{ allCompleteAt: tuesdayNoon, addressLedgers: [] },
          lead: profileRecord({ epoch, outboundTimes: Array.from({ length: sent }, (_, n) => tuesdayNoon - (n + 1) * HOUR) }),
          tenant: tenantRecord({ maxPer24h: perDay, maxPer14d: perDay, routing: 'assign' }),
          ...{
            ownSends: [],
            locationSends: { count: 0, oldestAt: null },
            textsOfWeek: { sent: 0, optOuts: 0, failures: 0 },
            provider: 'unread',
            isAssigning: false,
            assignee: { availability: 'available', capacity, load },
          },
          limits: {
            maxCopyAgeMs: 15_000,
            recheckMs: 5_000,
            providerRecheckMs: 60_000,
            halted: false,
            haltedChannels: [],
            messagesPer24h: 500,
            optOutShare: 0.025,
            failureShare: 0.08,
          },
        })
        for (const { reason } of gates) {
          said.add(reason)
          if (wrongPlural(reason) !== undefined) throw new Error(reason)
        }
      },
    ),
  )
  for (const met of ['1 contact in 24 hours is the limit.', 'The realtor has 1 of at most 1 lead.'])
    t.ok(
      [...said].some((reason) => reason === met || reason === met.replace('24 hours', '14 days')),
      met,
    )
})
