/** Who is asked for a lead, what the four agents of routing say of them, and what the policy makes of it. */
import fc from 'fast-check'
import t from 'tap'
import { agentView } from '../../pipelines/agents/agentView.ts'
import { noInsights } from '../../pipelines/agents/agent.ts'
import type { Agent, Abstention, Opinion } from '../../pipelines/agents/agent.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { availabilityOptimizer } from '../../pipelines/agents/routing/availabilityOptimizer.ts'
import { expertiseMatcher } from '../../pipelines/agents/routing/expertiseMatcher.ts'
import { performancePredictor, surelyHigher } from '../../pipelines/agents/routing/performancePredictor.ts'
import { workloadBalancer } from '../../pipelines/agents/routing/workloadBalancer.ts'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import { routingParams } from '../../pipelines/consensus/params.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { alternatesIn, alternatesParam } from '../../pipelines/routing/alternates.ts'
import { closeRateMicro, officeRateMicro, routingScore, utilisation } from '../../pipelines/routing/routingScore.ts'
import { shortlistOf } from '../../pipelines/routing/shortlist.ts'
import { expertiseOf, needsOf, relatedSpecialties, specialties } from '../../pipelines/routing/specialties.ts'
import type { LeadView, RealtorFigures, RealtorSettings, ShortlistedRealtor } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { caseOf, decided } from './cases.ts'
import { question, view } from './leads.ts'

const realtor = (realtorId: string, changes: Partial<ShortlistedRealtor> = {}): ShortlistedRealtor => ({
  realtorId,
  specialties: [],
  seniority: null,
  availability: 'available',
  load: 5,
  capacity: 20,
  answerMinutes: null,
  answers: 0,
  won: 0,
  lost: 0,
  speaks: null,
  ...changes,
})
const says = (agent: Agent, changes: Partial<LeadView>): Opinion | Abstention =>
  agent.assess(agentView(question({ view: view(changes) })), noInsights) as Opinion | Abstention
const settings = (realtorId: string, changes: Partial<RealtorSettings> = {}): RealtorSettings => ({
  realtorId,
  specialties: [],
  seniority: null,
  languages: [],
  availability: 'available',
  capacity: 20,
  ...changes,
})
const figures = (realtorId: string, changes: Partial<RealtorFigures> = {}): RealtorFigures => ({
  realtorId,
  openLeads: 0,
  answerMinutes: null,
  answers: 0,
  won: 0,
  lost: 0,
  ...changes,
})
const routingAgents: ReadonlySet<string> = new Set(
  [availabilityOptimizer, expertiseMatcher, performancePredictor, workloadBalancer].map(({ id }) => id),
)
const nothing = { needs: needsOf({}), language: undefined }

t.test('what a lead says of the home and the deal calls for specialties, and nothing it says of itself does', async (t) => {
  const cases: readonly (readonly [LeadView['facts'], readonly string[], string | undefined])[] = [
    [{}, [], undefined],
    [{ property_type: 'single family' }, [], undefined],
    [{ property_type: 'Office building' }, ['commercial_real_estate'], 'complex'],
    [{ motivation: 'investment, rental income' }, ['investment_properties'], 'complex'],
    [{ goal: 'a foreclosure at auction' }, ['distressed_sales'], 'complex'],
    [{ property_type: 'new construction' }, ['new_construction'], 'moderate'],
    [{ budget: '$1.2m' }, ['luxury_properties'], 'moderate'],
    [{ budget: '$999k' }, [], undefined],
    [{ budget_max: '1,000,000' }, ['luxury_properties'], 'moderate'],
    [{ motivation: 'job transfer to Austin' }, ['relocation_services'], 'moderate'],
    [{ goal: 'my first home' }, ['first_time_buyers'], 'simple'],
    [{ goal: 'first home', motivation: 'relocating' }, ['first_time_buyers', 'relocation_services'], 'moderate'],
    [{ age: '71', motivation: 'retired, downsizing', property_type: '55+ community' }, [], undefined],
  ]
  for (const [facts, needed, complexity] of cases) {
    const needs = needsOf(facts)
    t.strictSame([needs.specialties, needs.complexity], [needed, complexity], JSON.stringify(facts))
  }
  t.notOk(cases.some(([facts]) => needsOf(facts).specialties.includes('senior_housing')))
  t.strictSame(needsOf({ goal: 'first home', budget: '2m' }).facts, ['goal', 'budget'], 'the facts it rests on')
})

t.test('a specialty is exact, related both ways, or none', async (t) => {
  for (const specialty of specialties) t.equal(expertiseOf([specialty], [specialty]), 'exact')
  for (const [a, b] of relatedSpecialties) {
    t.equal(expertiseOf([a], [b]), 'related')
    t.equal(expertiseOf([b], [a]), 'related')
  }
  t.equal(expertiseOf(['senior_housing'], ['luxury_properties']), 'none')
  t.equal(expertiseOf([], ['luxury_properties']), 'none')
  t.equal(expertiseOf(['luxury_properties'], []), 'none')
})

t.test('the score is .30 expertise, .25 close rate, .20 experience, .15 room, .10 language, in whole points', async (t) => {
  const simple = needsOf({ goal: 'first home' })
  const one = realtor('a', { specialties: ['first_time_buyers'], seniority: 'junior', load: 5, capacity: 20, won: 0, lost: 0 })
  // 300 exact; 250 x .5 for an office that closed nothing = 125; 200 x 1.0 junior in a simple deal; 150 x (1 - .25) = 112.5 -> 113; 100.
  t.equal(routingScore(one, simple, officeRateMicro([])), 300 + 125 + 200 + 113 + 100)
  t.equal(routingScore({ ...one, seniority: 'senior' }, simple, 500_000), 300 + 125 + 120 + 113 + 100, 'senior .6')
  t.equal(routingScore({ ...one, seniority: null }, simple, 500_000), 300 + 125 + 100 + 113 + 100, 'unknown .5')
  t.equal(routingScore({ ...one, specialties: [] }, simple, 500_000), 150 + 125 + 200 + 113 + 100, 'none .5')
  t.equal(routingScore({ ...one, specialties: ['new_construction'] }, simple, 500_000), 240 + 125 + 200 + 113 + 100, 'related .8')
  t.equal(routingScore({ ...one, speaks: false }, simple, 500_000), 300 + 125 + 200 + 113 + 50, 'does not speak it')
  const complex = needsOf({ motivation: 'investment' })
  t.equal(routingScore({ ...one, seniority: 'junior' }, complex, 500_000), 150 + 125 + 60 + 113 + 100, 'junior in a complex deal .3')
  t.equal(utilisation({ load: 5, capacity: 20 }), 25)
  // (8 + 20 x .1) of (10 + 20); the office: (9 + 1) of (98 + 2).
  t.equal(
    officeRateMicro([
      { won: 8, lost: 2 },
      { won: 1, lost: 87 },
    ]),
    100_000,
  )
  t.equal(closeRateMicro({ won: 8, lost: 2 }, 100_000), 333_333)
})

t.test('on the shortlist are three at most who take leads, are there and have room', async (t) => {
  const office = {
    settings: [
      settings('full', { capacity: 3 }),
      settings('away', { availability: 'away' }),
      settings('off', { availability: 'offline' }),
      settings('gone'),
      settings('busy', { availability: 'busy' }),
      settings('b'),
      settings('a'),
      settings('c', { specialties: ['luxury_properties'] }),
    ],
    figures: [figures('full', { openLeads: 3 }), figures('a', { openLeads: 1 }), figures('b', { openLeads: 1 })],
    isActive: (id: string) => id !== 'gone',
  }
  const ids = (asking: Parameters<typeof shortlistOf>[1]) => shortlistOf(office, asking).map(({ realtorId }) => realtorId)
  t.strictSame(ids(nothing), ['busy', 'c', 'a'], 'equal points: less load, then the id')
  t.strictSame(ids({ ...nothing, needs: needsOf({ budget: '2m' }) }), ['c', 'busy', 'a'], 'the specialist first')
  t.strictSame(shortlistOf({ ...office, settings: [] }, nothing), [])
  const speaking = {
    settings: [settings('x', { languages: ['en'] }), settings('y', { languages: ['es'] }), settings('z')],
    figures: [],
    isActive: () => true,
  }
  t.strictSame(
    shortlistOf(speaking, { ...nothing, language: 'es' }).map(({ realtorId, speaks }) => [realtorId, speaks]),
    [
      ['y', true],
      ['z', null],
      ['x', false],
    ],
  )
  t.strictSame(
    shortlistOf(speaking, nothing).map(({ speaks }) => speaks),
    [null, null, null],
    'who writes as the office does asks for nothing',
  )
})

const anyOffice = fc.uniqueArray(fc.stringMatching(/^[a-f]{1,3}$/), { maxLength: 8 }).chain((names) =>
  fc.record({
    settings: fc.tuple(
      ...names.map((name) =>
        fc.record({
          realtorId: fc.constant(name),
          specialties: fc.subarray([...specialties]),
          seniority: fc.constantFrom(null, 'junior', 'mid', 'senior', 'chief'),
          languages: fc.subarray(['en', 'es']),
          availability: fc.constantFrom('available', 'busy', 'away', 'offline'),
          capacity: fc.integer({ min: 1, max: 30 }),
        }),
      ),
    ),
    figures: fc.tuple(
      ...names.map((name) =>
        fc.record({
          realtorId: fc.constant(name),
          openLeads: fc.integer({ min: 0, max: 30 }),
          answerMinutes: fc.option(fc.integer({ min: 0, max: 500 })),
          answers: fc.integer({ min: 0, max: 20 }),
          won: fc.integer({ min: 0, max: 60 }),
          lost: fc.integer({ min: 0, max: 200 }),
        }),
      ),
    ),
  }),
)

t.test('P-26: the best of a large office is found wherever it stands among the others', async (t) => {
  for (const place of [0, 10, 11, 499]) {
    const office = Array.from({ length: 500 }, (_, index) => settings(`r${String(index).padStart(3, '0')}`))
    office[place] = settings('best', { specialties: ['luxury_properties'] })
    const list = shortlistOf({ settings: office, figures: [], isActive: () => true }, { ...nothing, needs: needsOf({ budget: '2m' }) })
    t.equal(list[0]?.realtorId, 'best', `at position ${place + 1}`)
    t.equal(list.length, 3)
  }
})

t.test('the shortlist does not depend on the order it is told in, and gives nobody more than they take', async (t) => {
  await assertProperty(
    t,
    fc.property(anyOffice, fc.constantFrom({}, { budget: '2m' }, { motivation: 'invest' }), ({ settings, figures }, facts) => {
      const asking = { needs: needsOf(facts), language: 'es' }
      const list = shortlistOf({ settings, figures, isActive: () => true }, asking)
      const turned = shortlistOf({ settings: [...settings].reverse(), figures: [...figures].reverse(), isActive: () => true }, asking)
      return (
        list.length <= 3 &&
        JSON.stringify(list) === JSON.stringify(turned) &&
        list.every(({ load, capacity, availability }) => load < capacity && (availability === 'available' || availability === 'busy'))
      )
    }),
  )
})

t.test('expertise: the one who knows it, unless two know it equally well', async (t) => {
  const luxury = { facts: { budget: '2m' } }
  t.match(says(expertiseMatcher, { ...luxury, shortlist: [] }), { kind: 'abstain', reason: 'nobody_free' })
  t.match(says(expertiseMatcher, { shortlist: [realtor('a')] }), { kind: 'abstain', reason: 'needs_unknown' })
  t.match(says(expertiseMatcher, { ...luxury, shortlist: [realtor('a')] }), { kind: 'abstain', reason: 'no_specialist' })
  const knows = realtor('b', { specialties: ['luxury_properties'] })
  t.match(says(expertiseMatcher, { ...luxury, shortlist: [realtor('a'), knows] }), { option: 'realtor_2', bin: 5, reason: 'specialist' })
  t.match(says(expertiseMatcher, { ...luxury, shortlist: [knows, { ...knows, realtorId: 'c' }] }), {
    kind: 'abstain',
    reason: 'equally_suited',
  })
  const near = realtor('d', { specialties: ['new_construction'] })
  t.match(says(expertiseMatcher, { ...luxury, shortlist: [realtor('a'), near] }), {
    option: 'realtor_2',
    bin: 4,
    reason: 'related_specialty',
  })
  t.match(
    says(expertiseMatcher, { ...luxury, shortlist: [near, knows] }),
    { option: 'realtor_2', reason: 'specialist' },
    'exact before related',
  )
  // One of two needs is met: 1 x 1/2 = .50, bin 2.
  t.match(says(expertiseMatcher, { facts: { goal: 'first home', budget: '2m' }, shortlist: [realtor('a'), knows] }), { bin: 2 })
  const words = (facts: Record<string, string>, specialties: string[]) => {
    const said = says(expertiseMatcher, { facts, shortlist: [realtor('a'), realtor('b', { specialties })] })
    return 'text' in said ? said.text : said
  }
  t.equal(words({ budget: '2m' }, ['luxury_properties']), 'Knows luxury properties: that is what the lead speaks of.')
  t.equal(
    words({ goal: 'first home', budget: '2m' }, ['luxury_properties']),
    'Knows luxury properties, of what the lead speaks of: first time buyers, luxury properties.',
    'nothing that the realtor does not know',
  )
  t.equal(
    words({ goal: 'first home', motivation: 'invest' }, ['distressed_sales']),
    'Knows investment properties by a related specialty, of what the lead speaks of: first time buyers, investment properties.',
  )
  const both = realtor('e', { specialties: ['luxury_properties', 'first_time_buyers'] })
  t.match(says(expertiseMatcher, { facts: { goal: 'first home', budget: '2m' }, shortlist: [knows, both] }), {
    option: 'realtor_2',
    bin: 5,
  })
})

t.test('performance: the one whose leads are won most surely, once enough was closed', async (t) => {
  t.match(says(performancePredictor, { shortlist: [] }), { reason: 'nobody_free' })
  t.match(says(performancePredictor, { shortlist: [realtor('a', { won: 50, lost: 1 })] }), { reason: 'nobody_to_compare' })
  t.match(says(performancePredictor, { shortlist: [realtor('a', { won: 9 }), realtor('b')] }), {
    kind: 'abstain',
    reason: 'too_few_closed',
  })
  const same = { won: 10, lost: 90 }
  t.match(says(performancePredictor, { shortlist: [realtor('a', same), realtor('b', same)] }), {
    kind: 'abstain',
    reason: 'no_clear_difference',
  })
  const better = says(performancePredictor, { shortlist: [realtor('a', { won: 5, lost: 95 }), realtor('b', { won: 30, lost: 70 })] })
  // Office (35 + 1) / (200 + 2) = .178; rates (5 + 3.56) / 120 = .0714 and (30 + 3.56) / 120 = .280; less 5 % for a quarter full.
  // z = (.266 - .068) / sqrt(.00168 + .00055) = 4.2, so 1/2 + 4.2 / (2 x 5.2) = .90: bin 5.
  t.match(better, { option: 'realtor_2', bin: 5, reason: 'closes_most' })
  t.match((better as Opinion).text, /^30 of 100 closed leads became clients/)
  // At full load a fifth is lost: .280 x .8 = .224 against .0714 x .95.
  t.match(says(performancePredictor, { shortlist: [realtor('a', { won: 25, lost: 75 }), realtor('b', { won: 26, lost: 74, load: 19 })] }), {
    option: 'realtor_1',
  })
  // Of 2 of 20 and 0 of 0 the second has the rate of both together, .136 against .118: that is no rate of its own.
  for (const closed of [
    { won: 2, lost: 18 },
    { won: 0, lost: 60 },
  ])
    t.match(says(performancePredictor, { shortlist: [realtor('a', closed), realtor('b')] }), { kind: 'abstain', reason: 'best_unmeasured' })
  t.equal(surelyHigher(0), 0.5)
  t.equal(surelyHigher(1), 0.75)
  t.equal(surelyHigher(-1), 0.25)
})

t.test('availability: the soonest answer of those who are there', async (t) => {
  t.match(says(availabilityOptimizer, { shortlist: [] }), { kind: 'abstain', reason: 'nobody_free' })
  const quick = realtor('b', { answerMinutes: 4, answers: 12, load: 2 })
  const slow = realtor('a', { answerMinutes: 90, answers: 20 })
  // Everything is known and a tenth is full: .90, bin 5.
  t.match(says(availabilityOptimizer, { shortlist: [slow, quick] }), { option: 'realtor_2', bin: 5, reason: 'answers_soonest' })
  t.match(
    says(availabilityOptimizer, { shortlist: [slow, { ...quick, availability: 'busy' }] }),
    { option: 'realtor_1' },
    'busy ones are not asked',
  )
  t.match(says(availabilityOptimizer, { shortlist: [realtor('new'), slow] }), { option: 'realtor_2' }, 'an unknown time is no short one')
  // Two of three facts, a quarter full: .67 x .75 = .50, bin 2.
  t.match(says(availabilityOptimizer, { shortlist: [realtor('a'), realtor('b', { load: 6 })] }), {
    option: 'realtor_1',
    bin: 2,
    reason: 'available',
  })
  // All busy: .6 x .9 = .54, bin 2.
  t.match(says(availabilityOptimizer, { shortlist: [{ ...quick, availability: 'busy' }] }), { option: 'realtor_1', bin: 2 })
})

t.test('workload: the most room, said less clearly when all are loaded', async (t) => {
  t.match(says(workloadBalancer, { shortlist: [] }), { kind: 'abstain', reason: 'nobody_free' })
  // 5 of 20 against 12 of 20: .75, bin 4.
  t.match(says(workloadBalancer, { shortlist: [realtor('a', { load: 12 }), realtor('b')] }), {
    option: 'realtor_2',
    bin: 4,
    reason: 'most_room',
  })
  // 5 and 6 of 20: hardly a difference, .75 x .6 = .45, bin 2.
  t.match(says(workloadBalancer, { shortlist: [realtor('a', { load: 6 }), realtor('b')] }), { option: 'realtor_2', bin: 2 })
  // Shares count, not numbers: 20 of 100 has more room than 5 of 10.
  t.match(says(workloadBalancer, { shortlist: [realtor('a', { load: 5, capacity: 10 }), realtor('b', { load: 20, capacity: 100 })] }), {
    option: 'realtor_2',
  })
  const loaded = [realtor('a', { load: 90, capacity: 100 }), realtor('b', { load: 17 })]
  t.match(says(workloadBalancer, { shortlist: loaded }), { option: 'realtor_2', bin: 2, reason: 'all_loaded' })
  t.match(
    says(workloadBalancer, { shortlist: [...loaded, realtor('c', { load: 15 })] }),
    { option: 'realtor_3', reason: 'most_room' },
    '75 % is not loaded',
  )
})

const policy = shippedPolicy('routing')

t.test('the lead goes to whom the agents agree on; one vote alone, or nobody on the list, leaves it', async (t) => {
  if (policy === undefined) throw new Error('no policy')
  const asking = (shortlist: ShortlistedRealtor[], facts: LeadView['facts'] = {}) =>
    decided({ policy, view: view({ shortlist, facts }), asks: { decisionTypes: ['routing'] } })
  const chosen = asking([realtor('ana', { load: 15 }), realtor('bea', { load: 2 })])
  t.match(chosen, {
    type: 'routing',
    chosen: 'realtor_2',
    params: { realtorId: 'bea', alternates: '["ana"]', shortlist: 'ana bea' },
    degraded: false,
    dueAt: chosen.decidedAt,
  })
  t.match(
    chosen.gates.filter(({ verdict }) => verdict === 'deny'),
    [{ gateId: 'shortlist', option: 'realtor_3' }],
  )
  const names = (id: string) => ({ ana: 'Ana Smith', bea: 'Bea Jones' })[id]
  const told = explain(chosen, policy, names)
  t.equal(told.headline, 'Give the lead to Bea Jones, now.')
  t.ok(
    told.sentences.includes(
      'Asked about, the best by the rules of the office first: Ana Smith, Bea Jones. When Bea Jones cannot have it by then, the next is: Ana Smith.',
    ),
  )
  t.ok(told.sentences.length <= 5)
  t.notMatch(told.sentences.join(' '), /third/)
  t.match(explain(chosen).headline, /Give the lead to bea, now/, 'without names by the id')
  t.match(asking([]), { chosen: 'wait', stopReason: 'gated', params: {} })
  const specialist = asking([realtor('ana'), realtor('cy', { load: 6, specialties: ['luxury_properties'] })], { budget: '2m' })
  t.match(specialist, { chosen: 'realtor_2', params: { realtorId: 'cy' } }, 'who knows it, though the other has a little more room')
  const load = caseOf({ policy, view: view({ shortlist: [realtor('ana')] }), asks: { decisionTypes: ['routing'] } })
  const alone = decideNow({ ...load, votes: load.votes.filter(({ agentId }) => agentId === 'workload_balancer') }, 'deadline')
  t.match(alone, { chosen: 'wait', degraded: true }, 'one voice of 1.5')
  t.equal(explain(alone).headline, 'Leave the lead without a realtor: too few agents answered to decide.')
  t.match(decided({ policy, view: view({ shortlist: [realtor('ana')], humanOwned: true }), asks: { decisionTypes: ['routing'] } }), {
    stopReason: 'gated',
  })
})

t.test(
  'who is next is named in the order of the ranking, so a vote counts; nobody who was found worse than leaving the lead',
  async (t) => {
    if (policy === undefined) throw new Error('no policy')
    const list = [realtor('ana', { load: 15 }), realtor('bea', { load: 15 }), realtor('a b', { load: 2 })]
    const asks = { decisionTypes: ['routing'] }
    const chosen = decided({ policy, view: view({ shortlist: list }), asks })
    t.match(chosen, { chosen: 'realtor_3', params: { realtorId: 'a b' } })
    t.strictSame(alternatesIn(chosen.params), ['ana', 'bea'], 'the first place is the likelier one where nobody votes for either')
    const votes = panel(question({ ...asks, view: view({ shortlist: list }) }), roster).filter(({ agentId }) => routingAgents.has(agentId))
    const [specialist] = votes.filter(({ agentId }) => agentId === 'expertise_matcher')
    if (specialist === undefined) throw new Error('no vote')
    const forBea = { ...specialist, kind: 'vote', option: 'realtor_2', bin: 4, reasonCode: 'specialist' }
    const open = caseOf({ policy, view: view({ shortlist: list }), asks })
    const voted = decideNow({ ...open, votes: votes.map((vote) => (vote === specialist ? forBea : vote)) }, 'deadline')
    t.match(voted, { chosen: 'realtor_3' })
    t.strictSame(alternatesIn(voted.params), ['bea', 'ana'], 'a vote puts the second place first')

    const ranked = ['realtor_3', 'realtor_1', 'wait', 'realtor_2']
    t.strictSame(alternatesIn(routingParams('realtor_3', list, ranked)), ['ana'])
    t.strictSame(alternatesIn(routingParams('realtor_1', list, ranked)), [], 'what ranks before the chosen one is not next')
    t.strictSame(Object.keys(routingParams('realtor_1', list, ranked)), ['realtorId', 'shortlist'])
    t.strictSame(Object.keys(routingParams('wait', list, ranked)), ['shortlist'])
  },
)

t.test('ids are told apart whatever they hold, and what cannot be read names nobody', async (t) => {
  await assertProperty(
    t,
    fc.property(fc.array(fc.string()), (ids) => {
      const read = alternatesIn(alternatesParam(ids))
      return read.length === ids.length && read.every((id, index) => id === ids[index])
    }),
  )
  for (const alternates of ['', 'ana bea', '{"a":1}', '[1]', 'null']) t.strictSame(alternatesIn({ alternates }), [], alternates)
  t.strictSame(alternatesIn({}), [])
})

t.test('P-18: agents that fail elect nobody: the lead waits, and no realtor is made up', async (t) => {
  if (policy === undefined) throw new Error('no policy')
  const broken = roster.map((agent): Agent => ({
    ...agent,
    assess() {
      throw new Error('no database')
    },
  }))
  const asks = { decisionTypes: ['routing'] }
  const asking = question({ ...asks, view: view({ shortlist: [realtor('ana'), realtor('bea', { load: 2 })] }) })
  const votes = panel(asking, broken)
  t.ok(votes.length >= 4 && votes.every(({ kind, option }) => kind === 'error' && option === null))
  const failed = caseOf({ policy, view: asking.view, asks })
  t.match(decideNow({ ...failed, votes }, 'deadline'), { chosen: 'wait', degraded: true, params: { shortlist: 'ana bea' } })
  t.notOk('realtorId' in decideNow({ ...failed, votes }, 'deadline').params)
})

t.test('without a vote the first place is best; a vote of bin 4 for another moves it there, one of bin 3 does not', async (t) => {
  if (policy === undefined) throw new Error('no policy')
  const rates = { wait: 0.1, realtor_1: 0.42, realtor_2: 0.24, realtor_3: 0.24 }
  const utility = (option: keyof typeof rates, p: typeof rates) => {
    const rules = policy.options.find((one) => one.option === option)
    return Object.entries(p).reduce(
      (sum, [truth, share]) => sum + (share * (rules?.values[truth] ?? 0)) / 1e6,
      -(rules?.costMicros ?? 0) / 1e6,
    )
  }
  const moved = (nats: number): typeof rates => {
    const weights = { ...rates, realtor_2: rates.realtor_2 * Math.exp(nats) }
    const sum = Object.values(weights).reduce((a, b) => a + b)
    return Object.fromEntries(Object.entries(weights).map(([option, weight]) => [option, weight / sum])) as typeof rates
  }
  t.equal(utility('realtor_1', rates).toFixed(3), '0.728')
  t.equal(utility('wait', rates).toFixed(3), '0.190')
  t.ok(utility('realtor_2', moved(0.8)) > utility('realtor_1', moved(0.8)), 'bin 4 is .8 nats')
  t.ok(utility('realtor_2', moved(0.5)) < utility('realtor_1', moved(0.5)), 'bin 3 is .5 nats')
})
