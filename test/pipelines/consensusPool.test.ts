import fc from 'fast-check'
import t from 'tap'
import { rosterFor } from '../../pipelines/agents/roster.ts'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import { boxes, settled, settledButEscalation } from '../../pipelines/consensus/earlyStop.ts'
import { exp, ln, lnMicro, natsOf, softmax } from '../../pipelines/consensus/pinnedMath.ts'
import { canonicalJson, compiled, nEffMicro, policyHash, policyKey, policyProblems } from '../../pipelines/consensus/policy.ts'
import { pool, scoreOfBase } from '../../pipelines/consensus/pool.ts'
import { coldStrengthsMicro, shippedPolicies, shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { micro, rankByUtility } from '../../pipelines/consensus/utility.ts'
import { Decision } from '../../schemas/generated/records.ts'
import type { Policy, Vote } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'

import {
  all,
  anyEligible,
  anyStage,
  anyVotes,
  caseOf,
  followUp,
  forty,
  options,
  policyWith,
  probabilitiesOf,
  rosterOf,
  shuffled,
  vote,
} from './cases.ts'

t.test('exp and ln agree with known values to a few units in the last place', async (t) => {
  const known: [number, number][] = [
    [0, 1],
    [1, 2.718281828459045],
    [-1, 0.36787944117144233],
    [0.5, 1.6487212707001282],
    [-20, 2.061153622438558e-9],
    [10, 22026.465794806718],
  ]
  for (const [x, y] of known) t.ok(Math.abs(exp(x) / y - 1) < 1e-15, `exp ${x}`)
  t.strictSame([exp(-800), exp(800), exp(-Infinity), exp(NaN)], [0, Infinity, 0, NaN])
  const logs: [number, number][] = [
    [1, 0],
    [2, 0.6931471805599453],
    [0.4, -0.916290731874155],
    [0.05, -2.995732273553991],
    [1e-4, -9.210340371976182],
    [1e300, 690.7755278982137],
  ]
  for (const [x, y] of logs) t.ok(Math.abs(ln(x) - y) <= 2e-15 * Math.max(1, Math.abs(y)), `ln ${x}`)
  t.strictSame([ln(0), ln(-1), ln(Infinity), ln(NaN)], [-Infinity, NaN, Infinity, NaN])
  t.equal(lnMicro(0.4), -916_291)
  t.equal(lnMicro(0), -9_210_340, 'floored at 1e-4')
  await assertProperty(
    t,
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => Math.abs(exp(x) / Math.exp(x) - 1) < 1e-14),
  )
  await assertProperty(
    t,
    fc.property(
      fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
      (x) => Math.abs(ln(x) - Math.log(x)) <= 1e-14 * Math.max(1, Math.abs(Math.log(x))),
    ),
  )
})

t.test('softmax does not depend on the order of the scores and adds up to one', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.bigInt({ min: -50n * 10n ** 18n, max: 50n * 10n ** 18n }), { minLength: 1, maxLength: 8 }), (scores) => {
      const forward = softmax(scores)
      const backward = softmax([...scores].reverse()).reverse()
      return JSON.stringify(forward) === JSON.stringify(backward) && Math.abs(forward.reduce((a, b) => a + b, 0) - 1) < 1e-12
    }),
  ),
)

t.test('effective voters: 12 make 2.79, 1.65 and 1.22 at rho .30, .57 and .80; 6 make 2.40, 1.56 and 1.20', async (t) => {
  const rounded = (m: number, rho: number) => Math.round(nEffMicro(m, rho) / 1e4) / 100
  t.strictSame(
    [300_000, 570_000, 800_000].map((rho) => rounded(12, rho)),
    [2.79, 1.65, 1.22],
  )
  t.strictSame(
    [300_000, 570_000, 800_000].map((rho) => rounded(6, rho)),
    [2.4, 1.56, 1.2],
  )
  t.strictSame([nEffMicro(0, 0), nEffMicro(1, 999), nEffMicro(7, 0), nEffMicro(7, 1_000_000)], [0, 1e6, 7e6, 1e6])
})

t.test('the worth of a further vote of a family never rises and never is negative, for any correlation', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (rhoMicro) => {
      const rules = compiled(rosterOf([2], rhoMicro))
      const worth = Array.from({ length: 60 }, (_, k) => rules.deltaMicro('f0', k + 1))
      return worth[0] === 1_000_000 && worth.every((delta, k) => delta >= 0 && delta <= (worth[k - 1] ?? 1e6))
    }),
  ),
)

t.test('cold start: without measured cells every strength is the cold table; outside agents weigh nothing', async (t) => {
  const rules = compiled(followUp)
  for (const agent of followUp.roster)
    for (const option of options) {
      t.strictSame(
        [1, 2, 3, 4, 5].map((bin) => rules.lambdaOf(agent, bin, option)),
        [50_000, 200_000, 500_000, 800_000, 1_000_000],
      )
    }
  t.equal(rules.lambdaOf('team:x/guru', 5, 'sms'), 0)
  t.equal(rules.lambdaOf('intent_detector', 9, 'sms'), 0)
  t.strictSame([...coldStrengthsMicro], followUp.coldStrengthsMicro)
})

t.test('measured cells go before colder ones, from the most specific to the cold table', async (t) => {
  const cell = (bin: number, option: string, lambdaMicro: number) => ({ agentId: 'intent_detector', bin, option, lambdaMicro })
  const rules = compiled(policyWith({ strengths: [cell(5, 'sms', 1), cell(5, '*', 2), cell(0, 'sms', 3), cell(0, '*', 4)] }))
  t.strictSame(
    [
      rules.lambdaOf('intent_detector', 5, 'sms'),
      rules.lambdaOf('intent_detector', 5, 'call'),
      rules.lambdaOf('intent_detector', 4, 'sms'),
      rules.lambdaOf('intent_detector', 4, 'call'),
    ],
    [1, 2, 3, 4],
  )
  t.equal(rules.maxLambdaOf('intent_detector', 'call'), 4)
})

t.test('silence: when all abstain the probabilities are the base rates of the stage', async (t) => {
  const votes = followUp.roster.map((agent) => vote(agent, null))
  const shares = {
    new: [0.2, 0.4, 0.25, 0.15],
    engaged: [0.25, 0.4, 0.2, 0.15],
    silent: [0.4, 0.27, 0.25, 0.08],
    booked: [0.7, 0.15, 0.1, 0.05],
    unheard: [0.4, 0.3, 0.2, 0.1],
  }
  for (const [stage, expected] of Object.entries(shares)) {
    const got = Object.values(probabilitiesOf(votes, followUp, all, stage))
    t.ok(
      got.every((p, index) => Math.abs(p - (expected[index] ?? 0)) < 2e-6),
      stage,
    )
  }
})

t.test('one vote of bin 5 for a text: S = ln .40 + 1.0 * 1 * 1, exactly', async (t) => {
  const pooled = pool([vote('intent_detector', 'sms', 5)], followUp, 'new', all)
  t.equal(pooled.options[1]?.score, -916_291n * 10n ** 12n + 10n ** 18n)
  t.match(pooled.contributions, [
    {
      agentId: 'intent_detector',
      family: 'text',
      rank: 1,
      lambdaMicro: 1_000_000,
      deltaMicro: 1_000_000,
      tauMicro: 1_000_000,
      nats: String(10n ** 18n),
      blocked: false,
    },
  ])
  // odds sms : wait = .40 e / .20
  t.ok(Math.abs((pooled.options[1]?.probability ?? 0) / (pooled.options[0]?.probability ?? 1) - 2 * Math.E) < 1e-5)
})

t.test('two votes of one family: the second counts n_eff(2) - n_eff(1) = 2 / 1.3 - 1 = .538461', async (t) => {
  const pooled = pool([vote('content_personalizer', 'sms', 3), vote('channel_strategist', 'sms', 4)], followUp, 'new', all)
  t.strictSame(
    pooled.contributions.map(({ agentId, rank, deltaMicro }) => [agentId, rank, deltaMicro]),
    [
      ['channel_strategist', 1, 1_000_000],
      ['content_personalizer', 2, 538_461],
    ],
  )
})

t.test('order: permuting votes never changes the bytes of a decision', (t) =>
  assertProperty(
    t,
    fc.property(anyVotes(forty), fc.infiniteStream(fc.nat()), anyEligible, (votes, randoms, eligible) => {
      const gated = { results: [], eligible, liftsAt: null }
      const bytes = (cast: readonly Vote[]) =>
        Decision.encode(decideNow(caseOf({ policy: forty, votes: cast, gated }), 'deadline')).toString('hex')
      return bytes(votes) === bytes(shuffled(votes, randoms))
    }),
  ),
)

t.test('monotone: adding a vote for an option, or raising its bin, never lowers its probability', (t) =>
  assertProperty(
    t,
    fc.property(
      anyVotes(forty),
      fc.nat(),
      fc.constantFrom(...options),
      fc.integer({ min: 1, max: 5 }),
      anyStage,
      (votes, which, option, bin, stage) => {
        const agent = forty.roster[which % forty.roster.length] ?? ''
        const without = votes.filter(({ agentId }) => agentId !== agent)
        const p = (cast: readonly Vote[]) => probabilitiesOf(cast, forty, all, stage)[option] ?? 0
        const score = (cast: readonly Vote[]) => pool(cast, forty, stage, all).options.find((each) => each.option === option)?.score ?? 0n
        const [none, low, high] = [
          without,
          [...without, vote(agent, option, bin)],
          [...without, vote(agent, option, Math.min(5, bin + 1))],
        ] as const
        return score(none) <= score(low) && score(low) <= score(high) && p(none) <= p(low) + 1e-15 && p(low) <= p(high) + 1e-15
      },
    ),
  ),
)

t.test('duplicate: copying an agent inside a family with rho = 1 changes no probability', (t) => {
  const one = rosterOf([3, 2], 1_000_000)
  return assertProperty(
    t,
    fc.property(anyVotes(one), fc.nat(4), (votes, which) => {
      const original = votes[which % Math.max(1, votes.length)]
      if (original === undefined) return true
      const families = one.families.map((family) =>
        family.agents.includes(original.agentId) ? { ...family, agents: [...family.agents, 'copy'] } : family,
      )
      const wider = policyWith({ ...one, families, roster: [...one.roster, 'copy'] })
      return (
        JSON.stringify(probabilitiesOf(votes, one)) === JSON.stringify(probabilitiesOf([...votes, { ...original, agentId: 'copy' }], wider))
      )
    }),
  )
})

t.test('relabel: permuting the names of options permutes the probabilities', (t) =>
  assertProperty(
    t,
    fc.property(anyVotes(forty), fc.shuffledSubarray([...options], { minLength: 4 }), (votes, names) => {
      const renamed = new Map(options.map((option, index) => [option as string, names[index] ?? '']))
      const name = (option: string) => renamed.get(option) ?? option
      const rates = Object.fromEntries(
        Object.entries(forty.baseRatesMicro).map(([stage, of]) => [
          stage,
          Object.fromEntries(Object.entries(of).map(([option, rate]) => [name(option), rate])),
        ]),
      )
      const other = policyWith({
        ...forty,
        options: forty.options.map((each) => ({ ...each, option: name(each.option) })),
        baseRatesMicro: rates,
      })
      const before = probabilitiesOf(votes, forty)
      const after = probabilitiesOf(
        votes.map((each) => ({ ...each, option: each.option === null ? null : name(each.option) })),
        other,
      )
      return options.every((option) => before[option] === after[name(option)])
    }),
  ),
)

t.test('additivity: base and contributions add up to every score exactly, and to the log-odds within 1e-9', (t) =>
  assertProperty(
    t,
    fc.property(anyVotes(forty), anyEligible, anyStage, (votes, eligible, stage) => {
      const pooled = pool(votes, forty, stage, eligible)
      const exact = pooled.options.every(({ option, baseMicro, score }) => {
        const added = pooled.contributions.filter((each) => each.option === option).reduce((sum, { nats }) => sum + BigInt(nats), 0n)
        return scoreOfBase(baseMicro) + added === score
      })
      const running = pooled.options.filter((option) => option.eligible && option.probability > 0)
      const odds = running.every((a) =>
        running.every((b) => Math.abs(Math.log(a.probability / b.probability) - natsOf(a.score - b.score)) < 1e-9),
      )
      return exact && odds
    }),
  ),
)

t.test('no number is ever NaN, probabilities add up to one, and the decision fits its schema, whatever is voted', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.record({
          agentId: fc.oneof(fc.constantFrom(...forty.roster), fc.string()),
          option: fc.oneof(fc.constant(null), fc.constantFrom(...options, '__proto__', 'toString'), fc.string()),
          bin: fc.oneof(fc.constant(null), fc.integer({ min: -5, max: 50 })),
          kind: fc.constantFrom('vote', 'abstain', 'error', 'veto', ''),
          family: fc.string(),
        }),
        { maxLength: 50 },
      ),
      anyEligible,
      fc.boolean(),
      (cells, eligible, superseded) => {
        const votes = cells.map((cell) => vote(cell.agentId, cell.option, cell.bin ?? 1, cell))
        const decision = decideNow(
          caseOf({ policy: forty, votes, gated: { results: [], eligible, liftsAt: null } }),
          superseded ? 'superseded' : 'deadline',
        )
        const numbers = [
          decision.nEff,
          decision.quorum,
          decision.pAudit,
          ...decision.options.flatMap(({ probability, utility }) => [probability, utility]),
        ]
        const sum = decision.options.reduce((total, { probability }) => total + probability, 0)
        return (
          numbers.every(Number.isFinite) &&
          Math.abs(sum - 1) < 1e-12 &&
          Decision.mismatch(decision) === undefined &&
          eligible.has(decision.chosen)
        )
      },
    ),
    { numRuns: 300 },
  ),
)

t.test(
  'early stop: a settled question keeps winner and action whatever the missing agents say, and the final P lies in every box',
  async (t) => {
    let stopped = 0
    await assertProperty(
      t,
      fc.property(anyVotes(forty), fc.nat(60), fc.constantFrom(...options), anyStage, (votes, cut, leaning, stage) => {
        // Most random panels are even; leaning makes clear ones, which can be settled early.
        const complete = votes.map((each, index) => (each.kind === 'vote' && index % 4 !== 0 ? { ...each, option: leaning } : each))
        const early = complete.slice(0, cut)
        const now = pool(early, forty, stage, all)
        const box = boxes(now, forty)
        const final = pool(complete, forty, stage, all)
        const inside = final.options.every(({ option, probability }) => {
          const known = box.find((each) => each.option === option)
          return known !== undefined && probability >= known.low - 1e-12 && probability <= known.high + 1e-12
        })
        if (!settled(now, forty)) return inside
        if (now.missing.length > 0) stopped++
        const top = (of: typeof now) => of.options.reduce((a, b) => (b.score > a.score ? b : a)).option
        const action = (of: typeof now) =>
          rankByUtility(forty, new Map(of.options.map(({ option, probability }) => [option, probability])), 'd')[0]?.option
        return inside && top(now) === top(final) && action(now) === action(final)
      }),
      { numRuns: 1500 },
    )
    t.ok(stopped > 20, `${stopped} early stops were seen`)
  },
)

t.test('early stop: whether a human is asked is the same of all votes as of those that sufficed', async (t) => {
  const escalated = (votes: readonly Vote[], policy: Policy) => decideNow(caseOf({ votes, policy }), 'deadline').escalation
  const seen = { asked: 0, notAsked: 0, waited: 0 }
  const quantile = fc.integer({ min: 700_000, max: 1_000_000 })
  await assertProperty(
    t,
    fc.property(anyVotes(forty), fc.nat(60), fc.constantFrom(...options), quantile, (votes, cut, leaning, conformalMicro) => {
      const policy = policyWith({
        ...forty,
        conformalMicro,
        options: forty.options.map((option) => ({ ...option, reversible: option.option === 'wait' })),
      })
      const complete = votes.map((each, index) => (each.kind === 'vote' && index % 4 !== 0 ? { ...each, option: leaning } : each))
      const now = pool(complete.slice(0, cut), policy, 'new', all)
      if (now.missing.length === 0) return true
      if (!settled(now, policy)) {
        if (settledButEscalation(now, policy)) seen.waited++
        return true
      }
      const early = escalated(complete.slice(0, cut), policy)
      if (early === 'undecided') seen.asked++
      else seen.notAsked++
      return early === escalated(complete, policy)
    }),
    { numRuns: 3000 },
  )
  t.ok(Math.min(seen.asked, seen.notAsked, seen.waited) > 5, JSON.stringify(seen))
})

t.test('early stop: a call that nothing can change waits for the vote that may leave another option beside it', async (t) => {
  // Ten voices of a call in their strongest cell, one missing, each a family of its own: S(call) is far ahead of all.
  const ten = rosterOf(
    Array.from({ length: 10 }, () => 1),
    0,
    { options: forty.options.map((o) => ({ ...o, reversible: false })) },
  )
  const nine = ten.roster.slice(0, 9).map((agent) => vote(agent, 'call', 5))
  const now = pool(nine, ten, 'new', all)
  const rival = boxes(now, ten)
    .filter(({ option }) => option !== 'call')
    .reduce((a, b) => (b.high > a.high ? b : a))
  t.ok(rival.low < rival.high, 'the missing vote can move it')
  const between = { ...ten, conformalMicro: 1_000_000 - Math.floor(((rival.low + rival.high) / 2) * 1e6) }
  t.ok(settledButEscalation(now, between), 'the call itself stands')
  t.notOk(settled(now, between), 'whether somebody is asked about it does not')
  t.ok(settled(now, { ...ten, conformalMicro: 1_000_000 - Math.ceil(rival.high * 1e6) - 2 }), 'out whatever is said')
  t.ok(settled(now, { ...ten, conformalMicro: 1_000_000 }), 'left whatever is said')
  t.ok(settled(now, { ...between, options: between.options.map((o) => ({ ...o, reversible: true })) }), 'what can be undone asks nobody')
})

t.test('early stop: one eligible option, or nobody missing, is settled; an empty pool is not', async (t) => {
  t.ok(settled(pool([], followUp, 'new', new Set(['wait'])), followUp))
  t.ok(
    settled(
      pool(
        followUp.roster.map((agent) => vote(agent, null)),
        followUp,
        'new',
        all,
      ),
      followUp,
    ),
  )
  t.notOk(settled(pool([], followUp, 'new', all), followUp))
  t.notOk(settled(pool([], followUp, 'new', new Set()), followUp))
  const sure = rosterOf([1, 1, 1, 1, 1, 1], 0)
  const five = sure.roster.slice(0, 5).map((agent) => vote(agent, 'sms', 5))
  t.ok(settled(pool(five, sure, 'new', all), sure))
  const fewer = rosterOf([1, 1, 1, 1, 1], 0)
  const four = five.slice(0, 4)
  // S(sms) = ln .40 + 4 = 3.08 against at most ln .25 + 1 = -.39: ahead by 3.47
  t.ok(settled(pool(four, fewer, 'new', all), policyWith({ ...fewer, marginMicro: 3_400_000 })))
  t.notOk(settled(pool(four, fewer, 'new', all), policyWith({ ...fewer, marginMicro: 3_500_000 })), 'the margin is respected')
})

t.test('ties: equal utilities go to the safer, then reversible, then cheaper option, then the smallest hash, in any order', async (t) => {
  const same = { values: { wait: 0, sms: 0, email: 0, call: 0 }, costMicros: 0, reversible: true, safety: 1 }
  const flat = (changes: Record<string, object>) =>
    policyWith({ options: options.map((option) => ({ ...same, option, ...changes[option] })) })
  const p = new Map(options.map((option) => [option as string, 0.25]))
  const best = (policy: Policy) =>
    new Set(
      [policy, { ...policy, options: [...policy.options].reverse() }].map((each) =>
        rankByUtility(each, p, 'd-7')
          .map(({ option }) => option)
          .join(),
      ),
    )
  t.strictSame(
    [...best(flat({ call: { safety: 0 } }))].map((order) => order.split(',')[0]),
    ['call'],
  )
  const irreversible = { reversible: false }
  t.strictSame(
    [...best(flat({ wait: irreversible, sms: irreversible, call: irreversible }))].map((order) => order.split(',')[0]),
    ['email'],
  )
  // A cost difference below the tie band of 1e-9 utility does not exist in 1e-6 steps, so values make up for it.
  const paid = { costMicros: 10, values: { wait: 10, sms: 10, email: 10, call: 10 } }
  t.strictSame(
    [...best(flat({ wait: paid, email: paid, call: paid }))].map((order) => order.split(',')[0]),
    ['sms'],
  )
  t.equal(best(flat({})).size, 1, 'the hash settles the rest')
  t.not(
    rankByUtility(flat({}), p, 'd-1')
      .map(({ option }) => option)
      .join(),
    rankByUtility(flat({}), p, 'd-2')
      .map(({ option }) => option)
      .join(),
  )
  t.equal(micro(0.1234565), 123_457)
})

t.test('P-20: neither the choice nor the runner-up depends on the order of arrival', (t) =>
  assertProperty(
    t,
    fc.property(anyVotes(forty), fc.infiniteStream(fc.nat()), (votes, randoms) => {
      const of = (cast: readonly Vote[]) => decideNow(caseOf({ policy: forty, votes: cast }), 'deadline')
      const [a, b] = [of(votes), of(shuffled(votes, randoms))]
      return a.chosen === b.chosen && a.runnerUp === b.runnerUp
    }),
  ),
)

t.test('a policy is hashed over its canonical content: key order does not matter, any value does', async (t) => {
  t.equal(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined, e: true }), '{"b":[1,{"c":"x","d":null}],"e":true}')
  const reversed = Object.fromEntries(Object.entries(followUp).reverse()) as unknown as Policy
  t.equal(policyHash(reversed), followUp.policyHash)
  t.equal(policyHash({ ...followUp, createdAt: 1 }), followUp.policyHash, 'the time it was made is no content')
  t.not(policyHash({ ...followUp, tauMicro: 999_999 }), followUp.policyHash)
  t.equal(policyKey(followUp), '*:follow_up')
  t.match(followUp.policyHash, /^[0-9a-f]{64}$/)
})

t.test('shipped policies are sound and agree with the roster', async (t) => {
  for (const policy of shippedPolicies) {
    t.strictSame(policyProblems(policy), [])
    t.equal(policy.label, 'shipped prior 2026-11')
    for (const [stage, rates] of Object.entries(policy.baseRatesMicro)) {
      const sum = Object.values(rates).reduce((total, rate) => total + Math.exp(rate / 1e6), 0)
      t.ok(Math.abs(sum - 1) < 1e-5, `${policy.decisionType} ${stage}`)
    }
    t.strictSame(policy.roster, rosterFor(policy.decisionType as 'follow_up'))
  }
  t.equal(shippedPolicy('follow_up'), followUp)
  t.equal(shippedPolicy('parking'), undefined)
  t.equal(shippedPolicy('toString'), undefined)
})

t.test('what is wrong with a policy is said in words', async (t) => {
  const wait = followUp.options[0] as Policy['options'][number]
  const sms = followUp.options[1] as Policy['options'][number]
  const wrong: [RegExp, Partial<Policy>][] = [
    [/first option must be wait/, { options: [...followUp.options].reverse() }],
    [/more than 40 options/, { options: [wait, ...Array.from({ length: 41 }, (_, i) => ({ ...sms, option: `o${i}` }))] }],
    [/listed twice/, { options: [...followUp.options, sms] }],
    [/fallback fax is not an option/, { fallback: 'fax' }],
    [/fallback sms is not reversible/, { fallback: 'sms' }],
    [/cost of wait is out of range/, { options: [{ ...wait, costMicros: -1 }, ...followUp.options.slice(1)] }],
    [/value of wait when sms is right/, { options: [{ ...wait, values: { ...wait.values, sms: 0.5 } }, ...followUp.options.slice(1)] }],
    [/base rate of sms is missing/, { baseRatesMicro: { '*': { wait: 0, email: 0, call: 0 } } }],
    [/base rate of sms in stage new is out of range/, { baseRatesMicro: { ...followUp.baseRatesMicro, new: { sms: 5 } } }],
    [/five cold strengths/, { coldStrengthsMicro: [1] }],
    [/outside 0 to 4 nats/, { strengths: [{ agentId: 'intent_detector', bin: 1, option: 'sms', lambdaMicro: 4_000_001 }] }],
    [/correlation is outside/, { families: followUp.families.map((family) => ({ ...family, rhoMicro: 1_000_001 })) }],
    [/a family is listed twice/, { families: [...followUp.families, ...followUp.families] }],
    [/an agent is in two families/, { families: [...followUp.families, { family: 'x', rhoMicro: 0, agents: ['intent_detector'] }] }],
    [/guru is in no family/, { roster: ['guru'] }],
    [/required family x has no member/, { requiredFamilies: ['x'] }],
    [/tau is out of range/, { tauMicro: 0 }],
    [/margin is out of range/, { marginMicro: -1 }],
    [/audit share/, { pAuditMicro: 2_000_000 }],
    [/quorum is out of range/, { quorumMilli: -1 }],
    [/falls from one bin/, { strengths: [{ agentId: 'intent_detector', bin: 1, option: 'sms', lambdaMicro: 3_000_000 }] }],
  ]
  for (const [problem, change] of wrong)
    t.ok(
      policyProblems(policyWith(change)).some((each) => problem.test(each)),
      String(problem),
    )
  t.ok(policyProblems({ ...followUp, tauMicro: 2 }).some((each) => /hash/.test(each)))
})

t.test('an agent outside the policy states its own family; an unknown family is discounted by .5', async (t) => {
  const rules = compiled(followUp)
  t.equal(rules.familyOf('intent_detector', 'mine'), 'text')
  t.equal(rules.familyOf('team:x/guru', 'mine'), 'mine')
  // 2 / 1.5 - 1
  t.equal(rules.deltaMicro('mine', 2), 333_333)
})

t.test('votes of outsiders neither move the pool nor make a quorum', async (t) => {
  const outside = Array.from({ length: 50 }, (_, index) => vote(`team:x/guru${index}`, 'call', 5, { family: `f${index}` }))
  const pooled = pool(outside, followUp, 'new', all)
  t.equal(pooled.nEffMicro, 0)
  t.strictSame(probabilitiesOf(outside, followUp), probabilitiesOf([], followUp))
})
