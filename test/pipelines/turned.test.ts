/** Who has turned is held down by learning without a verdict, stays so while only old verdicts speak for it, and is weighed anew by thirty of after. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { turnedLines, watchLines } from '../../cli/turnedText.ts'
import { learnedLines } from '../../cli/learnText.ts'
import { compiled, policyProblems } from '../../pipelines/consensus/policy.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { learn } from '../../pipelines/learning/learn.ts'
import type { Learned, Material } from '../../pipelines/learning/learn.ts'
import { watchOf } from '../../pipelines/learning/turned.ts'
import type { Turned, Watch } from '../../pipelines/learning/turned.ts'
import { unjudgedTableOf } from '../../pipelines/learning/voteTable.ts'
import type { JudgedDecision } from '../../pipelines/learning/judgedDecision.ts'
import type { Contribution, Decision, Policy } from '../../schemas/generated/records.ts'
import { DAY, decisionRecord, MINUTE, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const shipped = shippedPolicy('follow_up') as Policy
const options = ['wait', 'sms', 'email', 'call']
/** Twelve agents of the roster, two of each of six families. */
const twelve = [...new Set(shipped.families.filter(({ agents }) => agents.length >= 2))]
  .slice(0, 6)
  .flatMap(({ agents }) => [...agents].sort().slice(0, 2))
const turncoat = twelve[0] as string
const at = (n: number) => tuesdayNoon + n * MINUTE
/** Numbers that look drawn but are not: from 0 to 1, the same for the same question and place. */
function noise(n: number, place: number): number {
  let mixed = Math.imul(n * 128 + place + 1, 0x9e3779b1)
  for (const step of [16, 13, 16]) mixed = Math.imul(mixed ^ (mixed >>> step), 0x85ebca6b)
  return (mixed >>> 0) / 2 ** 32
}
const truthOf = (n: number) => options[Math.floor(4 * noise(n, 99))] ?? 'wait'

interface World {
  readonly agents?: readonly string[]
  /** Question from which on each of these is wrong. */
  readonly turns?: Readonly<Record<string, number>>
  readonly version?: (agent: string, n: number) => number
}

/** Question `n`, a minute after the last, of another lead: all are right four times in five, the turncoat nineteen in twenty before it turns. */
function question(n: number, { agents = twelve, turns = { [turncoat]: Infinity }, version = () => 1 }: World = {}): Decision {
  const truth = options.indexOf(truthOf(n))
  const contributions = agents.map((agentId, place): Contribution => {
    const turned = n >= (turns[agentId] ?? Infinity)
    const isRight = !turned && noise(n, place) < (agentId in turns ? 0.95 : 0.8)
    const wrong = (truth + 1 + Math.floor(3 * noise(n, place + 40))) % 4
    return {
      ...{ agentId, agentVersion: version(agentId, n), family: compiled(shipped).familyOf(agentId, agentId), bin: 4, rank: 1 },
      option: options[isRight ? truth : wrong] ?? 'wait',
      ...{ lambdaMicro: 0, deltaMicro: 0, tauMicro: 0, nats: '0', blocked: false, reasonCode: 'r', reasonText: null },
    }
  })
  return decisionRecord({
    ...{ decisionId: `d${String(n).padStart(6, '0')}`, contactId: `c${n}`, stage: 'engaged', decidedAt: at(n), contributions },
  })
}
const questions = (from: number, to: number, world: World = {}) => Array.from({ length: to - from }, (_, n) => question(from + n, world))
const verdictOn = (decision: Decision): JudgedDecision => ({
  ...{ decision, option: truthOf((decision.decidedAt - tuesdayNoon) / MINUTE), labeller: 'anna', inclusion: 0.03 },
  labelledAt: decision.decidedAt + DAY,
})
/** Every tenth question of a stretch, judged a day later. */
const verdicts = (from: number, to: number, world: World = {}) =>
  questions(from, to, world)
    .filter((_, n) => n % 10 === 0)
    .map(verdictOn)
const look = (recent: readonly Decision[], judged: readonly JudgedDecision[], remembered: readonly Turned[] = []) =>
  watchOf({ recent, judged, remembered, policy: shipped })
const strengthOf = (policy: Policy | undefined, agent: string) =>
  policy === undefined ? NaN : Math.max(...options.map((option) => compiled(policy).maxLambdaOf(agent, option)))
const teach = (over: Partial<Material>) => learn({ decisionType: 'follow_up', judged: [], shipped, inForce: () => undefined, ...over })

t.test(
  'one turns at question 3,000: held down by old verdicts alone, by memory where the newest 5,000 do not show it any more, until thirty of after weigh it anew',
  (t) => {
    t.equal(twelve.length, 12)
    const world: World = { turns: { [turncoat]: 3000 } }
    const old = verdicts(0, 3000, world)
    const newest = (n: number) => questions(Math.max(0, n - 5000), n, world)
    const [plain] = teach({ judged: old })
    t.ok(strengthOf(plain?.policy, turncoat) > 1_000_000, 'what it earned while it was right: more than one nat')

    const [first] = teach({ judged: old, recent: newest(3500) })
    const named = first?.watch?.turned
    t.match(named, [{ agent: turncoat, votes: 0 }])
    t.equal(named?.length, 1, 'and nobody else')
    const { since = 0, before = 0, after = 0 } = named?.[0] ?? {}
    t.ok(Math.abs(since - at(3000)) <= 40 * MINUTE, 'within forty questions of its turn')
    // Right at once .95 * .8, wrong at once in the same way .05 * .2 / 3: .763; once it is always wrong .2 / 3.
    t.ok(Math.abs(before - 0.763) < 0.03 && Math.abs(after - 0.067) < 0.03, `${before} ${after}`)
    t.equal(strengthOf(first?.policy, turncoat), 0)
    t.match(first?.policy.label, /^fitted on 300 verdicts up to 2026-11-\d\d; without \S+ since 2026-11-12 1\d:\d\d UTC$/)
    t.strictSame(first && policyProblems(first.policy), [])
    const [line = '', ...lines] = first === undefined ? [] : learnedLines(first, true)
    const page = readFileSync(new URL('../../docs/learning.md', import.meta.url), 'utf8')
    t.ok(page.includes(line), `docs/learning.md shows another first line than this one: ${line}`)
    for (const told of lines.filter((one) => one.includes(turncoat) && one.includes('fell out')))
      t.ok(page.includes(told), `docs/learning.md shows another sentence than this one: ${told}`)

    t.match(look(newest(7900), old).turned, [{ agent: turncoat }], 'the newest 5,000 of 7,900 still hold 100 of before')
    t.strictSame(look(newest(8100), old).turned, [], 'those of 8,100 are all of after: they name nobody')
    const [later] = teach({ judged: old, recent: newest(8100), remembered: named ?? [] })
    t.strictSame(later?.watch?.turned, named, 'it is carried on as it was told')
    t.equal(later?.policy.policyHash, first?.policy.policyHash, 'so that the same policy comes of it, though other decisions were read')

    // Below 100 verdicts none are held back from the strengths.
    const weighed = (after: number, since: World = {}) =>
      teach({ judged: [...old.slice(0, 60), ...verdicts(3100, 3100 + 10 * after, since)], remembered: named ?? [] })[0]
    t.match(weighed(29)?.watch?.turned, [{ votes: 29 }])
    t.equal(strengthOf(weighed(29)?.policy, turncoat), 0)
    const settled = weighed(30)
    t.match(settled?.watch?.turned, [{ votes: 30 }])
    t.ok(strengthOf(settled?.policy, turncoat) > 500_000, 'thirty that are right again are worth something')
    t.equal(strengthOf(weighed(30, world)?.policy, turncoat), 0, 'thirty that are wrong are not, whatever it was before')
    t.match(settled?.policy.label, /; without \S+ before 2026-11-12 /)
    t.end()
  },
)

t.test(
  'whom thirty verdicts of after have weighed stays listed while verdicts of before would speak for it, and is dropped with the last of them',
  (t) => {
    const world: World = { turns: { [turncoat]: 100 } }
    const entry = (votes: number): Turned => ({
      agent: turncoat,
      since: at(100),
      before: 0.8,
      after: 0.1,
      chance: 0.25,
      questions: 60,
      votes,
    })
    const listed = (judged: readonly JudgedDecision[], votes: number) => look([], judged, [entry(votes)]).turned.length
    const [before, after] = [verdicts(90, 91, world), verdicts(110, 500, world)]
    t.equal(listed([...before, ...after], 30), 1, 'one verdict of before is left')
    t.equal(listed(after, 30), 0)
    t.equal(listed(after, 29), 1, 'twenty-nine say too little, and the prior would speak')
    t.equal(listed(before.map((one) => ({ ...one, inclusion: 0 })).concat(after), 30), 0, 'an override teaches nothing')
    const stranger = { ...entry(0), agent: 'team:x/guru' }
    t.strictSame(
      look([], after, [stranger]).turned,
      [],
      'no policy knows it and no verdict is on it: it is admitted by thirty of after or not at all',
    )
    const spoke = {
      ...(before[0] as JudgedDecision),
      outside: [{ agentId: 'team:x/guru', family: 'x', decisionType: 'follow_up', option: 'sms', bin: 4 }],
    }
    t.strictSame(look([], [spoke, ...after], [stranger]).turned, [stranger])
    t.end()
  },
)

t.test('a second turn is named from the first one on; whoever is held down is no judge and counts among those who fell', (t) => {
  const [, other] = [turncoat, twelve[2] as string]
  const back: World = { turns: { [turncoat]: 600 } }
  const first: Turned = { agent: turncoat, since: at(100), before: 0.8, after: 0.1, chance: 0.25, questions: 60, votes: 4 }
  const again = look(questions(0, 900, back), verdicts(0, 100), [first])
  t.match(again.turned, [{ agent: turncoat, votes: 0 }])
  t.ok(Math.abs((again.turned[0]?.since ?? 0) - at(600)) <= 40 * MINUTE)
  const same = look(questions(0, 900, { turns: { [turncoat]: 100 } }), verdicts(0, 100), [first])
  t.strictSame(same.turned, [first], 'the same turn names nobody twice')
  // Of six families with two members each, three agents hold a quarter of the voices and four hold more.
  const held = (agents: readonly string[]) => agents.map((agent) => ({ ...first, agent }))
  const falls: World = { turns: { [other]: 400 } }
  const others = [twelve[4], twelve[6], twelve[8]] as string[]
  const two = look(questions(0, 700, falls), verdicts(0, 100), held(others.slice(0, 2)))
  t.strictSame(
    two.turned.map(({ agent }) => agent),
    [...others.slice(0, 2), other].sort(),
  )
  t.strictSame(two.undecided, [])
  const three = look(questions(0, 700, falls), verdicts(0, 100), held(others))
  t.strictSame(
    three.turned.map(({ agent }) => agent),
    [...others].sort(),
    'a fourth is not held down',
  )
  t.match(three.undecided, [{ agent: other }])
  t.end()
})

t.test('votes of outside programs are watched once they are weighed, and judge nobody', (t) => {
  const guests = ['a/x', 'b/x', 'c/x', 'd/x', 'e/x', 'f/x', 'g/x']
  const turns = Object.fromEntries(guests.map((guest) => [guest, 200]))
  const world: World = { agents: [...twelve, ...guests], turns }
  const decisions = questions(0, 500, world)
  const watch = look(decisions, verdicts(0, 400, world))
  t.strictSame(
    watch.turned.map(({ agent }) => agent),
    guests,
  )
  t.strictSame(watch.undecided, [])
  t.strictSame(look(decisions, verdicts(0, 290, world)).turned, [], 'twenty-nine verdicts: nobody weighs them, so nobody holds them down')
  t.end()
})

t.test('what is kept back lets who has turned speak no longer: what is in force goes on without it', (t) => {
  const world: World = { turns: { [turncoat]: 900 } }
  const [inForce] = teach({ judged: verdicts(0, 900, world) })
  const former = inForce?.policy as Policy
  t.ok(strengthOf(former, turncoat) > 500_000)
  const material = { judged: verdicts(0, 900, world), recent: questions(0, 1200, world), inForce: () => former, verdictsLeast: 100 }
  const [few, without, ...rest] = teach(material)
  t.strictSame(rest, [])
  t.match(few, { outcome: 'few', from: 'fitted', key: '*:follow_up' })
  t.match(without, { outcome: 'publish', from: 'in_force', key: '*:follow_up', watch: few?.watch, problems: [] })
  t.equal(strengthOf(without?.policy, turncoat), 0)
  const [rules, was] = [compiled(without?.policy as Policy), compiled(former)]
  for (const agent of twelve.slice(1)) t.equal(rules.lambdaOf(agent, 4, 'call'), was.lambdaOf(agent, 4, 'call'))
  const { strengths: _, label, policyHash: __, ...others } = without?.policy as Policy
  t.match(former, others, 'nothing else is another')
  t.match(label, /^fitted on 90 verdicts up to 2026-11-\d\d; without \S+ since 2026-11-11 0\d:\d\d UTC$/)
  t.strictSame(
    teach({ ...material, inForce: () => without?.policy }).map(({ outcome, from }) => [outcome, from]),
    [['few', 'fitted']],
    'once it is in force there is nothing more to take out of it',
  )
  const lines = learnedLines(without as Learned, true)
  t.match(lines[0], /; without \S+ since 2026-11-11 0\d:\d\d UTC: put in force$/)
  t.equal(
    lines[2],
    '  What was fitted on the verdicts is kept back. This is what was in force, with its votes of those who have turned worth nothing.',
  )
  t.equal(lines.length, 5)
  const later: World = { turns: { [turncoat]: 13_000 } }
  const many = { judged: verdicts(10_000, 13_000, later), recent: questions(12_000, 13_300, later) }
  const believing = teach({ judged: many.judged })[0]?.policy as Policy
  const made = (forced: boolean) =>
    teach({ ...many, forced, inForce: (key) => (key === '*:follow_up' ? believing : undefined) })
      .filter(({ key }) => key === '*:follow_up')
      .map(({ outcome, from }) => [outcome, from])
  t.strictSame(made(false), [
    ['worse', 'fitted'],
    ['publish', 'in_force'],
  ])
  t.strictSame(made(true), [['worse', 'fitted']], 'who forces what was fitted gets that alone')
  t.end()
})

t.test('who has turned is held down before anybody has judged a decision, and nothing else is another', (t) => {
  const world: World = { turns: { [turncoat]: 900 } }
  const material = { recent: questions(0, 1200, world) }
  const [few, without, ...rest] = teach(material)
  t.strictSame(rest, [])
  t.match(few, {
    outcome: 'few',
    from: 'fitted',
    report: { labels: { usable: 0 } },
    drift: { kind: 'too_few', verdicts: 0 },
    conformal: { audits: 0, level: 0.05 },
  })
  t.match(without, { outcome: 'publish', from: 'in_force', key: '*:follow_up', former: shipped, problems: [] })
  t.strictSame(
    without?.watch?.turned.map(({ agent, votes }) => [agent, votes]),
    [[turncoat, 0]],
  )
  t.ok(strengthOf(shipped, turncoat) > 0)
  t.equal(strengthOf(without?.policy, turncoat), 0)
  const [rules, was] = [compiled(without?.policy as Policy), compiled(shipped)]
  for (const agent of twelve.slice(1))
    for (const option of options) t.equal(rules.lambdaOf(agent, 4, option), was.lambdaOf(agent, 4, option))
  t.match(without?.policy.label, /; without \S+ since 2026-11-11 0\d:\d\d UTC$/)
  const inForce = without?.policy as Policy
  t.strictSame(
    teach({ ...material, inForce: () => inForce, remembered: without?.watch?.turned ?? [] }).map(({ outcome, from }) => [outcome, from]),
    [['few', 'fitted']],
    'it is in force by now',
  )
  t.match(
    learnedLines(few as Learned, false)[0],
    /fitted on 0 verdicts up to 2026-11-11; without .*: nobody has judged a decision: nothing is learned$/,
  )
  t.end()
})

t.test('every location has the list of all, whatever its own decisions show', (t) => {
  const world: World = { turns: { [turncoat]: 3400 } }
  const elsewhere = verdicts(0, 3400, world).map((one) => ({ ...one, decision: { ...one.decision, tenantId: 'elsewhere' } }))
  const learned = teach({
    judged: [
      ...elsewhere,
      ...verdicts(0, 100, world).map((one) => ({ ...one, decision: { ...one.decision, decisionId: `x${one.decision.decisionId}` } })),
    ],
    recent: questions(3000, 3700, world),
  })
  t.strictSame(
    learned.map(({ key }) => key),
    ['*:follow_up', 'elsewhere:follow_up'],
  )
  for (const { watch, policy } of learned) {
    t.strictSame(
      watch?.turned.map(({ agent, since }) => [agent, since]),
      learned[0]?.watch?.turned.map(({ agent, since }) => [agent, since]),
    )
    t.equal(watch?.turned.length, 1)
    t.equal(strengthOf(policy, turncoat), 0)
  }
  t.end()
})

t.test('nobody is lost whom verdicts of after have not weighed, and the order of what is given changes nothing', async (t) => {
  const world: World = { turns: { [turncoat]: 100 } }
  const recent = questions(0, 220, world)
  const judged = verdicts(0, 220, world)
  const entries = fc.uniqueArray(
    fc.record({
      agent: fc.constantFrom(...twelve, 'a/x'),
      since: fc.integer({ min: 0, max: 240 }).map(at),
      votes: fc.constantFrom(0, 5, 29, 30, 400),
      ...{ before: fc.constant(0.8), after: fc.constant(0.1), chance: fc.constant(0.25), questions: fc.constant(60) },
    }),
    { selector: ({ agent }) => agent, maxLength: 8 },
  )
  await assertProperty(
    t,
    fc.property(
      entries,
      fc.shuffledSubarray(recent, { minLength: recent.length }),
      fc.shuffledSubarray(judged, { minLength: judged.length }),
      (remembered, mixed, mixedVerdicts) => {
        const { turned } = look(recent, judged, remembered)
        const listed = new Map(turned.map((one) => [one.agent, one.since]))
        const isKept = remembered.every(({ agent, since, votes }) => {
          const isSpokenFor = agent !== 'a/x' && judged.some(({ decision }) => decision.decidedAt < since)
          const mustStay = agent !== 'a/x' && (votes < 30 || isSpokenFor)
          return !mustStay || (listed.get(agent) ?? -1) >= since
        })
        const again = look(mixed, mixedVerdicts, [...remembered].reverse())
        return isKept && JSON.stringify(again.turned) === JSON.stringify(turned)
      },
    ),
    { numRuns: 40 },
  )
  const remembered = [{ agent: turncoat, since: at(90), votes: 3, before: 0.8, after: 0.1, chance: 0.25, questions: 60 }]
  const hash = (over: Partial<Material>) => teach({ judged, recent, remembered, ...over })[0]?.policy.policyHash
  t.equal(hash({ judged: [...judged].reverse(), recent: [...recent].reverse() }), hash({}), 'the same policy byte for byte')
})

t.test('a report says in words who is held down, who is weighed anew, where nobody can say, and that nobody fell', (t) => {
  const watch = look(questions(0, 300, { turns: { [turncoat]: 200 }, version: (agent, n) => (agent === turncoat && n >= 200 ? 3 : 2) }), [])
  t.match(watch.turned, [{ agent: turncoat, versions: { before: 2, since: 3 } }])
  const one: Turned = { agent: 'intent_detector', since: tuesdayNoon, before: 0.812, after: 0.12, chance: 0.25, questions: 61, votes: 4 }
  const told = (over: Partial<Watch>): Watch => ({ questions: 900, watched: 31, turned: [], undecided: [], ...over })
  t.strictSame(turnedLines(told({ turned: [{ ...one, versions: { before: 1, since: 2 } }] })), [
    '  intent_detector fell out with the other agents on 2026-11-10 17:00 UTC: it agreed with 81 % of them before and with 12 % on the 61 questions after (by its habits alone 25 %). Its votes count for nothing until 30 judged ones of since then say what they are worth; so far there are 4. It was of version 1 before and is of version 2 since.',
  ])
  t.strictSame(turnedLines(told({ turned: [{ ...one, votes: 34, versions: { before: 1, since: 1 } }] })), [
    '  intent_detector fell out with the other agents on 2026-11-10 17:00 UTC: it agreed with 81 % of them before and with 12 % on the 61 questions after (by its habits alone 25 %). Since then 34 judged votes say what it is worth; its votes of before count for nothing.',
  ])
  t.match(turnedLines(told({ undecided: [one, { ...one, agent: 'other' }] })), [
    /nobody can say who of them has changed; nobody is held down for it: intent_detector fell out.*; other fell out/,
  ])
  t.strictSame(watchLines(told({})), [
    '  Nobody has fallen out with the other agents: 31 agents on 900 questions of the last 30 days were compared.',
  ])
  t.strictSame([...watchLines(told({ watched: 0 })), ...watchLines(undefined), ...turnedLines(undefined)], [])
  t.end()
})

t.test('an outside agent that states another family each time is in the smallest of them, in any order', (t) => {
  const [one, two] = questions(0, 2, { agents: ['a/x'] }) as [Decision, Decision]
  const stating = (decision: Decision, family: string) => ({
    ...decision,
    contributions: decision.contributions.map((vote) => ({ ...vote, family })),
  })
  for (const decisions of [
    [stating(one, 'b'), stating(two, 'a')],
    [stating(two, 'a'), stating(one, 'b')],
  ])
    t.match(
      unjudgedTableOf(decisions, shipped, new Set(['a/x'])).agents.find(({ agent }) => agent === 'a/x'),
      { family: 'a' },
    )
  t.end()
})
