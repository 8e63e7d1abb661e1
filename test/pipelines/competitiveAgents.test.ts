/** Agents 17 to 20: what they vote on a lead beside standing findings about its location. */
import fc from 'fast-check'
import t from 'tap'
import { optionsByType } from '../../pipelines/agents/agent.ts'
import type { Agent, AgentTables } from '../../pipelines/agents/agent.ts'
import { agentView } from '../../pipelines/agents/agentView.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { competitorTracker } from '../../pipelines/agents/competitive/competitorTracker.ts'
import { looksElsewhere } from '../../pipelines/agents/competitive/elsewhere.ts'
import { marketAnalyzer } from '../../pipelines/agents/competitive/marketAnalyzer.ts'
import { binOfFinding, findingFor, segmentsOf } from '../../pipelines/agents/competitive/segment.ts'
import { socialMonitor } from '../../pipelines/agents/competitive/socialMonitor.ts'
import { strategicSynthesizer } from '../../pipelines/agents/competitive/strategicSynthesizer.ts'
import { marketContextAgent } from '../../pipelines/agents/follow-up/marketContextAgent.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { findingsOf } from '../../pipelines/market/findings.ts'
import { market } from '../../pipelines/market/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { AgentInsight, Assessment, Finding } from '../../schemas/generated/records.ts'
import { assessments, ballots, insightKey, insights, marketFacts } from '../../topics/index.ts'
import { priceBandOf, propertyTypeOf } from '../../topics/marketFacts.ts'
import { assertProperty } from '../support/property.ts'
import { asked, day, hour, message, minute, question, silent, view } from './leads.ts'
import { fact, now } from './market/facts.ts'
import { inbound } from './opinions.ts'

const location = 'sandboxLocation000001'
const four: readonly Agent[] = [marketAnalyzer, competitorTracker, socialMonitor, strategicSynthesizer]
const finding = (kind: string, subject: string, reason: string, bin = 5): Finding => ({
  kind,
  subject,
  bin,
  value: '4.2',
  samples: 160,
  reason,
  text: `${kind} of ${subject}.`,
  evidence: [],
})
const insight = (agentId: string, ...findings: Finding[]): AgentInsight => ({
  tenantId: location,
  agentId,
  agentVersion: 1,
  system: 'competitive',
  at: asked - hour,
  validUntil: asked + day,
  findings,
})
const found = (...some: AgentInsight[]): AgentTables => ({ insight: (id) => some.find(({ agentId }) => agentId === id) })
/** `type option bin reason` of each vote, or why there is none. */
function says(agent: Agent, tables: AgentTables, changes: Partial<Assessment> = {}): string {
  return panel(question({ decisionTypes: Object.keys(optionsByType), ...changes }), [agent], tables)
    .map((cast) =>
      cast.kind === 'vote' ? `${cast.decisionType} ${cast.option} ${cast.bin} ${cast.reasonCode}` : `${cast.kind} ${cast.reasonCode}`,
    )
    .filter((words) => words !== 'abstain no_finding')
    .join(', ')
}
const condo = { property_type: 'Condo', budget: '300k' }

t.test('market_context_agent tells what price and stock say together, of the segment of the lead, and nothing of one alone', async (t) => {
  const of = (findings: readonly Finding[], changes: Partial<Assessment> = { view: view({ facts: condo }) }) =>
    says(marketContextAgent, found(insight('market_analyzer', ...findings)), changes)
  const sellers = (subject: string, bin = 5) => [
    finding('price_trend', subject, 'prices_rising'),
    finding('inventory_trend', subject, 'fewer_homes', bin),
  ]
  const buyers = (subject: string) => [finding('price_trend', subject, 'prices_falling'), finding('inventory_trend', subject, 'more_homes')]
  t.equal(of(sellers('condo')), 'content inform 4 sellers_market', '.925 * .85 = .79')
  t.equal(of(sellers('condo', 3)), 'content inform 2 sellers_market', 'the less sure of the two: .625 * .85 = .53')
  t.equal(of(buyers('condo')), 'content inform 4 buyers_market', '.925 * .8 = .74')
  t.equal(of(sellers('')), 'content inform 1 sellers_market', 'of the whole market: half of .79')
  t.equal(of([...buyers(''), ...sellers('condo')]), 'content inform 4 sellers_market', 'the narrowest segment counts')
  t.equal(of(sellers('land')), 'abstain market_balanced', 'another segment')
  for (const one of sellers('condo')) t.equal(of([one]), 'abstain market_balanced', one.kind)
  t.equal(
    of([finding('price_trend', 'condo', 'prices_rising'), finding('inventory_trend', 'condo', 'more_homes')]),
    'abstain market_balanced',
  )
  t.equal(of(sellers('condo'), { view: view({ facts: condo, status: 'lost' }) }), 'abstain lead_ended')
  t.equal(of(sellers('condo'), inbound('I already have a realtor', { facts: condo })), 'abstain not_ours_to_tell')
  t.equal(
    of(sellers('condo'), { view: view({ facts: { ...condo, market_trend: 'balanced' } }) }),
    'abstain market_balanced',
    'fields of the contact go first',
  )
  t.equal(says(marketContextAgent, found()), 'abstain no_market_data')
})

t.test('a lead looks at the segment of its home and budget, and at every wider one', async (t) => {
  const of = (facts: Record<string, string>) => segmentsOf(agentView(question({ view: view({ facts }) })))
  t.strictSame(of(condo), ['condo 250-500k', 'condo', '250-500k', ''])
  t.strictSame(of({ property_type: 'single family home' }), ['single_family', ''])
  t.strictSame(of({ budget_min: '$700,000', budget_max: '$900,000' }), ['750k-1m', ''], 'the middle')
  t.strictSame(of({ property_type: 'castle', budget: 'as little as possible' }), [''])
  t.strictSame(['Townhouse', 'town home', 'duplex', 'Apartment', 'a lot', 'House', undefined].map(propertyTypeOf), [
    'townhome',
    'townhome',
    'multi_family',
    'condo',
    'land',
    'single_family',
    undefined,
  ])
  t.strictSame([0, 249_999, 250_000, 1_000_000, 5e8].map(priceBandOf), ['0-250k', '0-250k', '250-500k', '1m-up', '1m-up'])
})

t.test('the narrowest segment that moves speaks, and never another one', async (t) => {
  const lead = agentView(question({ view: view({ facts: condo }) }))
  const kinds = new Set(['price_trend'])
  const some = insight(
    'market_analyzer',
    finding('price_trend', 'land', 'a'),
    finding('price_trend', '', 'b'),
    finding('price_trend', 'condo', 'c'),
    finding('share_trend', 'condo 250-500k', 'd'),
  )
  t.equal(findingFor(some, lead, kinds)?.reason, 'c')
  t.equal(findingFor(insight('market_analyzer', finding('price_trend', 'land', 'a')), lead, kinds), undefined)
  // .925, .925 * .85 = .786, .625 * .85 = .531, .2
  t.strictSame(
    [binOfFinding({ bin: 5 }, 1), binOfFinding({ bin: 5 }, 0.85), binOfFinding({ bin: 3 }, 0.85), binOfFinding({ bin: 1 }, 1)],
    [5, 4, 2, 1],
  )
})

t.test('market_analyzer informs of what moves for the lead, and abstains otherwise', async (t) => {
  const moving = found(
    insight('market_analyzer', finding('price_trend', 'condo', 'prices_rising'), finding('share_trend', '', 'share_rising')),
  )
  t.equal(says(marketAnalyzer, moving, { view: view({ facts: condo }) }), 'content inform 5 prices_rising')
  t.equal(says(marketAnalyzer, moving), 'abstain market_still', 'nothing is known of its segment, and our share is none of its business')
  t.equal(
    says(marketAnalyzer, found(insight('market_analyzer', finding('pace_trend', '', 'selling_slower')))),
    'content inform 2 selling_slower',
  )
  t.equal(says(marketAnalyzer, found()), 'abstain no_market_data')
  t.equal(says(marketAnalyzer, found(insight('market_analyzer'))), 'abstain market_still')
  t.equal(says(marketAnalyzer, moving, { view: view({ facts: condo, status: 'converted' }) }), 'abstain lead_ended')
  t.equal(says(marketAnalyzer, moving, inbound('I already have a realtor', { facts: condo })), 'abstain not_ours_to_tell')
  t.equal(says(marketAnalyzer, moving, inbound('not interested, thanks', { facts: condo })), 'abstain not_ours_to_tell')
})

const active = found(insight('competitor_tracker', finding('competitor_activity', '', 'activity_high')))

t.test(
  'competitor_tracker reassures a lead that looks elsewhere, calls a hot one that waits, and leaves one alone that has chosen',
  async (t) => {
    const compares = 'We are talking to another agency too'
    t.equal(says(competitorTracker, active, inbound(compares)), 'content reassure 5 looks_elsewhere')
    t.equal(
      says(competitorTracker, active, inbound(compares, { level: 'HOT' })),
      'content reassure 5 looks_elsewhere, follow_up call 5 looks_elsewhere',
    )
    t.equal(
      says(competitorTracker, active, inbound(compares, { level: 'HOT', blockedChannels: { call: 'dnd' } })),
      'content reassure 5 looks_elsewhere',
    )
    const answered = [
      message('inbound', 'I am talking to other agents', asked - 2 * hour),
      message('outbound', 'Ask me anything', asked - hour),
    ]
    t.equal(
      says(competitorTracker, active, { view: view({ level: 'HOT', recentMessages: answered }) }),
      'content reassure 3 looks_elsewhere',
      '.925 * .75',
    )
    t.equal(says(competitorTracker, active, inbound('Is it still available?')), 'abstain looks_nowhere_else')
    t.equal(says(competitorTracker, active, inbound('I have an agent, another agency')), 'abstain not_ours_to_tell')
    const quiet = found(insight('competitor_tracker', finding('competitor_activity', '', 'activity_some')))
    t.equal(says(competitorTracker, quiet, inbound(compares)), 'abstain competitors_quiet')
    t.equal(says(competitorTracker, found(insight('competitor_tracker')), inbound(compares)), 'abstain competitors_quiet')
    t.equal(says(competitorTracker, found(), inbound(compares)), 'abstain no_competitor_data')
    t.equal(says(competitorTracker, active, inbound(compares, { status: 'lost' })), 'abstain lead_ended')
  },
)

t.test('what is said of other agencies is read as whole words, and not behind a negation', async (t) => {
  const words = (text: string) => looksElsewhere([message('inbound', text, asked)])
  t.strictSame(words('Opendoor made an offer, and Redfin only charges 1%'), { words: ['opendoor', 'redfin only charges'], place: 0 })
  t.match(words('we are thinking of going with redfin'), { words: ['going with redfin'] })
  for (const source of [
    'I saw it on Zillow',
    'Saw this on Redfin, is it available?',
    'Zillow says it is pending',
    'realtor.com has it for 450k',
  ])
    t.equal(words(source), undefined, `where a home was seen: ${source}`)
  for (const chosen of ["I'm working with a Zillow agent", 'my Redfin agent is showing it']) t.equal(words(chosen), 'bound', chosen)
  for (const gone of ['our agent quit, we need a new one', 'I fired my realtor']) t.equal(words(gone), undefined, gone)
  t.equal(words('We are not working with another agency'), undefined)
  t.equal(words('zillowing along'), undefined)
  t.equal(words('I signed with another broker'), 'bound')
})

t.test('social_monitor speaks only where the lead doubts us itself', async (t) => {
  const turned = found(
    insight('social_monitor', finding('mention_trend', '', 'mentioned_less'), finding('mood_trend', '', 'mood_falling', 4)),
  )
  const doubts = inbound('How can I trust you? I read bad reviews')
  t.equal(says(socialMonitor, turned, doubts), 'content reassure 4 mood_falling')
  t.equal(says(socialMonitor, turned, inbound('Is it still available?')), 'abstain no_doubt_said')
  t.equal(says(socialMonitor, found(insight('social_monitor', finding('mood_trend', '', 'mood_rising'))), doubts), 'abstain mood_steady')
  t.equal(says(socialMonitor, found(), doubts), 'abstain no_social_data')
  t.equal(says(socialMonitor, turned, { view: view({ status: 'disqualified' }) }), 'abstain lead_ended')
})

t.test('strategic_synthesizer tells of an outlook; to a silent lead by one e-mail, and never under pressure', async (t) => {
  const buyers = found(
    insight('strategic_synthesizer', finding('segment_outlook', 'condo', 'buyers_gain'), finding('positioning', '', 'position_fair')),
  )
  const near = { ...condo, timeline: '3_to_6_months' }
  t.equal(says(strategicSynthesizer, buyers, { view: view({ facts: near }) }), 'content soft_ask 5 buyers_gain')
  t.equal(says(strategicSynthesizer, buyers, { view: view({ facts: { ...near, lead_type: 'seller' } }) }), 'content inform 5 buyers_gain')
  t.equal(says(strategicSynthesizer, buyers, { view: view({ facts: condo }) }), 'content soft_ask 4 buyers_gain', '.925 * .85')
  const sellers = found(insight('strategic_synthesizer', finding('segment_outlook', '', 'sellers_gain')))
  t.equal(says(strategicSynthesizer, sellers), 'content inform 1 sellers_gain', '.925 * .5 * .85 = .393')
  t.equal(says(strategicSynthesizer, buyers, { view: view({ facts: { ...condo, timeline: '12_plus_months' } }) }), 'abstain plans_far_off')
  t.equal(says(strategicSynthesizer, buyers, inbound('not now, maybe later', { facts: near })), 'abstain not_the_time')
  t.equal(says(strategicSynthesizer, buyers, inbound('not interested', { facts: near })), 'abstain not_ours_to_tell')
  t.equal(says(strategicSynthesizer, found(), { view: view({ facts: near }) }), 'abstain no_synthesis')
  t.equal(says(strategicSynthesizer, buyers), 'abstain no_outlook')
  const lead = (attempts: number, hours: number, changes: Parameters<typeof silent>[2] = {}) => ({
    view: silent(attempts, hours, { facts: near, createdAt: asked - 30 * day, ...changes }),
    reason: 'silence_72h',
  })
  t.equal(says(strategicSynthesizer, buyers, lead(2, 72)), 'content soft_ask 5 buyers_gain, follow_up email 5 buyers_gain')
  t.equal(says(strategicSynthesizer, buyers, lead(2, 71)), 'content soft_ask 5 buyers_gain', 'not silent for three days')
  t.equal(says(strategicSynthesizer, buyers, lead(3, 72)), 'content soft_ask 5 buyers_gain', 'written to often')
  t.equal(says(strategicSynthesizer, buyers, lead(2, 72, { hasEmail: false })), 'content soft_ask 5 buyers_gain')
})

t.test('without findings all four abstain, and none of them is ever for a direct question', async (t) => {
  const any = fc.constantFrom('', 'condo', 'condo 250-500k')
  const reasons = ['prices_falling', 'fewer_homes', 'activity_high', 'mood_falling', 'buyers_gain', 'sellers_gain', 'position_weak']
  const kinds = ['price_trend', 'inventory_trend', 'competitor_activity', 'mood_trend', 'segment_outlook', 'positioning']
  const anyFinding = fc
    .tuple(fc.constantFrom(...kinds), any, fc.constantFrom(...reasons), fc.integer({ min: 1, max: 5 }))
    .map(([kind, subject, reason, bin]) => finding(kind, subject, reason, bin))
  const texts = ['I am talking to other agents', 'How can I trust you? I read bad reviews', 'ok', 'another agency called']
  await assertProperty(
    t,
    fc.property(
      fc.array(anyFinding, { maxLength: 6 }),
      fc.constantFrom(...texts),
      fc.constantFrom('COLD', 'URGENT'),
      (findings, text, level) => {
        const asking = question({ decisionTypes: Object.keys(optionsByType), ...inbound(text, { level, facts: condo }) })
        const none = panel(asking, four)
        const votes = panel(asking, four, found(...four.map(({ id }) => insight(id, ...findings))))
        const gentle = new Set(['inform', 'reassure', 'soft_ask', 'email', 'call'])
        return (
          none.every(({ kind }) => kind === 'abstain') &&
          votes.every(
            ({ kind, option, evidence, reasonText }) =>
              kind === 'abstain' ||
              (kind === 'vote' && gentle.has(option ?? '') && evidence.length > 0 && (reasonText ?? '').length <= 140),
          )
        )
      },
    ),
  )
})

t.test('the four, and whoever reads a finding of theirs, read what they declare and nothing else', async (t) => {
  const tables = found(
    ...four.map(({ id }) =>
      insight(
        id,
        finding('price_trend', '', 'prices_rising'),
        finding('competitor_activity', '', 'activity_high'),
        finding('mood_trend', '', 'mood_falling'),
        finding('segment_outlook', '', 'buyers_gain'),
      ),
    ),
  )
  const situations = [
    question({ view: view({ facts: { ...condo, timeline: 'asap', lead_type: 'buyer' } }) }),
    question(inbound('How can I trust you? I read bad reviews on Zillow', { level: 'HOT' })),
    question({ view: silent(2, 80, { createdAt: asked - 30 * day }) }),
  ]
  for (const agent of [...four, marketContextAgent]) {
    const read = new Set<string>()
    const note = <T extends object>(object: T, prefix: string): T =>
      new Proxy(object, {
        get(of, name) {
          const value: unknown = Reflect.get(of, name)
          if (name === 'facts' || name === 'counters') return note(value as object, `${name}.`)
          if (typeof name === 'string') read.add(prefix + name)
          return value
        },
      })
    for (const situation of situations)
      agent.assess(note(agentView(situation), ''), {
        insight(id) {
          read.add(`insights.${id}`)
          return tables.insight(id)
        },
      })
    t.strictSame(
      [...read].filter((field) => !agent.reads.includes(field)),
      [],
      agent.id,
    )
    const findings = agent === marketContextAgent ? 'market_analyzer' : agent.id
    t.ok(read.has(`insights.${findings}`), `${agent.id} reads the findings of ${findings}`)
  }
})

t.test('from facts to a vote: what a feed tells of condos stands in the ballot of a lead that looks at one', async (t) => {
  const segment = { propertyType: 'condo' }
  const line = drive(market, { at: now })
  for (const [week, price] of ['400000', '410000', '420000', '436000'].entries())
    line.pipe(marketFacts, location, fact(week, { median_price: price }, segment))
  const [found17] = [...findingsOf((line.state(location) as { series: never[] }).series)][0]?.[1] ?? []
  t.equal(found17?.bin, 5)
  const rows = new Map(line.records(insights).map(({ key, value }) => [key, value] as const))
  t.ok(rows.has(insightKey(location, 'market_analyzer')))
  const at = now + minute
  const asking = (askedAt: number) => question({ askedAt, decisionTypes: ['content'], view: view({ facts: condo }) })
  const cast = (askedAt: number) => {
    const panelLine = drive(agents, { at: askedAt, tables: { [insights.name]: rows } })
    panelLine.pipe(assessments, `${location}:maria`, asking(askedAt))
    return panelLine.outputs(ballots)[0]?.votes.find(({ agentId }) => agentId === 'market_analyzer')
  }
  t.match(cast(at), {
    kind: 'vote',
    option: 'inform',
    bin: 5,
    reasonText: 'Condo: the median price has risen, by 9.0 % in 21 days.',
    evidence: [{ field: 'insights.market_analyzer', value: 'price_trend condo 9.0' }],
  })
  t.match(cast(now + 2 * day), { kind: 'abstain', reasonCode: 'no_market_data' }, 'two days later it does not hold any more')
})
