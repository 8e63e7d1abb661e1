/** Policies are learned at the start and then every so many hours, by one process at a time, as the verb does; a run that fails changes nothing. */
import { Registry } from 'prom-client'
import t from 'tap'
import { learnAll, VERDICTS_KEPT_MS } from '../../../cli/learnAll.ts'
import type { LearnPorts } from '../../../cli/learnAll.ts'
import { learningMetrics, startLearning, VERDICTS_LEAST } from '../../../cli/roles/learningPart.ts'
import { learnedLine, learnedLines } from '../../../cli/learnText.ts'
import { sealed } from '../../../pipelines/consensus/policy.ts'
import { shippedPolicy } from '../../../pipelines/consensus/shippedPolicies.ts'
import type { Policy } from '../../../schemas/generated/records.ts'
import { DAY, decisionRecord, HOUR, tuesdayNoon } from '../../support/leadRecords.ts'

const shipped = shippedPolicy('follow_up') as Policy
/** Verdicts on follow-ups, none on other types. */
const verdictsOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    decision: decisionRecord({ decisionId: `d${n}`, contactId: `c${n}`, decidedAt: tuesdayNoon - (n + 1) * DAY }),
    ...{ option: 'sms', labeller: 'anna', inclusion: 0.03, labelledAt: tuesdayNoon - n * HOUR, selection: 'random' },
  }))

/** The same on what people were asked about for certain. */
const askedOf = (count: number) =>
  verdictsOf(count).map((one, n) => ({
    ...one,
    decision: { ...one.decision, decisionId: `a${n}`, contactId: `a${n}` },
    ...{ inclusion: 1, selection: 'escalated' },
  }))

interface Did {
  readonly steps: string[]
  readonly since: number[]
  readonly inForce: Map<string, Policy>
  readonly rolledBack?: ReadonlySet<string>
}
function ports(did: Did, count = 5): LearnPorts {
  return {
    async judged(type, since) {
      did.since.push(since)
      return type === 'follow_up' ? verdictsOf(count) : []
    },
    recent: async () => [],
    remembered: async () => [],
    rolledBack: async () => did.rolledBack ?? new Set(),
    inForce: (key) => did.inForce.get(key),
    async store({ key, outcome }, published) {
      did.steps.push(`store ${key} ${outcome} ${published}`)
    },
    async publish(policy) {
      did.steps.push(`publish ${policy.label}`)
      did.inForce.set('*:follow_up', policy)
    },
  }
}
const fresh = (): Did => ({ steps: [], since: [], inForce: new Map() })
const label = 'fitted on 5 verdicts up to 2026-11-10'

t.test('the report is stored before the policy is published; the second time there is nothing to publish', async (t) => {
  const did = fresh()
  const run = async (over: { dryRun?: boolean } = {}) => {
    const told = []
    for await (const each of learnAll(ports(did), { types: ['follow_up', 'content', 'no such type'], now: tuesdayNoon, ...over }))
      told.push([each.decisionType, each.learned.map(({ one, published }) => `${one.outcome} ${published}`)])
    return told
  }
  t.strictSame(await run({ dryRun: true }), [
    ['follow_up', ['publish false']],
    ['content', []],
  ])
  t.strictSame(did.steps, [], 'a dry run writes nothing')
  await run()
  t.strictSame(did.steps, ['store *:follow_up publish true', `publish ${label}`])
  t.strictSame(did.since, Array(4).fill(tuesdayNoon - VERDICTS_KEPT_MS))
  t.equal(VERDICTS_KEPT_MS, 365 * DAY)
  t.strictSame((await run())[0], ['follow_up', ['unchanged false']])
  t.strictSame(did.steps.slice(2), ['store *:follow_up unchanged false'])
})

t.test('what is worse on the newest verdicts is stored and not published, unless it is forced', async (t) => {
  // Sixty verdicts that an agent foretells, then twenty where it is always wrong: what is fitted on the first does worse on the last.
  const vote = (option: string) => ({
    ...{ agentId: 'intent_detector', agentVersion: 1, family: 'text', option, bin: 5, rank: 1, lambdaMicro: 0, deltaMicro: 0 },
    ...{ tauMicro: 0, nats: '0', blocked: false, reasonCode: 'r', reasonText: null },
  })
  const turned = Array.from({ length: 200 }, (_, n) => {
    const right = n % 2 === 0 ? 'sms' : 'call'
    const said = n < 160 ? right : right === 'sms' ? 'call' : 'sms'
    return {
      decision: decisionRecord({ decisionId: `d${n}`, contactId: `c${n}`, decidedAt: tuesdayNoon + n * HOUR, contributions: [vote(said)] }),
      ...{ option: right, labeller: 'anna', inclusion: 0.03, labelledAt: tuesdayNoon + n * HOUR, selection: 'random' },
    }
  })
  for (const [force, steps] of [
    [false, ['store *:follow_up worse false']],
    [true, ['store *:follow_up worse true', 'publish fitted on 200 verdicts up to 2026-11-19']],
  ] as const) {
    const did = fresh()
    for await (const told of learnAll({ ...ports(did), judged: async () => turned }, { types: ['follow_up'], now: tuesdayNoon, force }))
      t.equal(told.learned.length, 1)
    t.strictSame(did.steps, steps)
  }
})

t.test('what rests on fewer verdicts than wanted is stored and not published', async (t) => {
  t.equal(VERDICTS_LEAST, 100)
  for (const [count, steps] of [
    [99, ['store *:follow_up few false']],
    [100, ['store *:follow_up publish true', 'publish fitted on 100 verdicts up to 2026-11-10']],
  ] as const) {
    const did = fresh()
    for await (const { learned } of learnAll(ports(did, count), { types: ['follow_up'], now: tuesdayNoon, verdictsLeast: VERDICTS_LEAST }))
      t.equal(learned.length, 1)
    t.strictSame(did.steps, steps)
  }
})

t.test(
  'answers to questions that were not clear are none of the verdicts that the timer waits for, and the report tells them apart',
  async (t) => {
    const lines: string[] = []
    for (const [count, steps] of [
      [0, ['store *:follow_up few false']],
      [99, ['store *:follow_up few false']],
      [100, ['store *:follow_up publish true', 'publish fitted on 250 verdicts up to 2026-11-10']],
    ] as const) {
      const did = fresh()
      const judged: LearnPorts['judged'] = async (type) => (type === 'follow_up' ? [...verdictsOf(count), ...askedOf(150)] : [])
      const wish = { types: ['follow_up'], now: tuesdayNoon, verdictsLeast: VERDICTS_LEAST }
      for await (const { learned } of learnAll({ ...ports(did), judged }, wish))
        for (const { one, published } of learned) lines.push(...learnedLines(one, published))
      t.strictSame(did.steps, steps)
    }
    t.match(
      lines.filter((line) => line.includes('on what chance drew')),
      [
        /^ {2}None of them are on what chance drew/,
        /^ {2}99 of them are on what chance drew/,
        /^ {2}100 of them are on what chance drew .* teach worse than nothing\.$/,
      ],
    )
    const plain: string[] = []
    for await (const { learned } of learnAll(ports(fresh(), 100), { types: ['follow_up'], now: tuesdayNoon }))
      for (const { one, published } of learned) plain.push(...learnedLines(one, published))
    t.notMatch(plain.join('\n'), /chance drew/, 'where all are')
  },
)

t.test('what a person went back to stays until a person learns: the timer stores what it made and publishes nothing', async (t) => {
  const former = sealed({ ...shipped, label: 'an earlier one' })
  const key = '*:follow_up'
  const did: Did = { ...fresh(), inForce: new Map([[key, former]]), rolledBack: new Set([former.policyHash]) }
  const run = async (wish: { byItself?: boolean }) => {
    const lines: string[] = []
    for await (const { learned } of learnAll(ports(did), { types: ['follow_up'], now: tuesdayNoon, ...wish }))
      lines.push(...learned.map(({ one, published }) => learnedLine(one, published)))
    return lines
  }
  t.match(await run({ byItself: true }), [
    /: a person went back to what is in force: kept back by the timer, `rekindle learn` puts it in force$/,
  ])
  t.strictSame(did.steps, ['store *:follow_up rolled_back false'])
  t.match(await run({}), [/: put in force$/])
  t.strictSame(did.steps.slice(1), ['store *:follow_up publish true', `publish ${label}`])
  const other: Did = { ...fresh(), inForce: new Map([[key, former]]), rolledBack: new Set(['another']) }
  for await (const { learned } of learnAll(ports(other), { types: ['follow_up'], now: tuesdayNoon, byItself: true }))
    t.match(learned, [{ published: true }], 'another policy was gone back to, and is not in force any more')
})

t.test('at the start and every so many hours; metrics and a line tell what came of it, and a failed run is tried again', async (t) => {
  const registry = new Registry()
  const did = fresh()
  const lines: string[] = []
  const errors: { err: { code: string } }[] = []
  const waits: number[] = []
  let runs = 0
  let now = tuesdayNoon
  let fourthDone = () => {}
  const fourth = new Promise<void>((resolve) => (fourthDone = resolve))
  const part = startLearning({
    everyHours: 24,
    ports: ports(did, VERDICTS_LEAST),
    async alone(work) {
      runs++
      if (runs === 2) return 'busy'
      if (runs === 3) throw new Error('no connection')
      return work()
    },
    clock: {
      now: () => now,
      async sleep(ms, signal) {
        waits.push(ms)
        now += ms
        if (runs < 4) return
        fourthDone()
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
      },
    },
    metrics: learningMetrics(registry),
    logger: {
      info: ((_: unknown, line: string) => lines.push(line)) as never,
      warn: () => t.fail('equal verdicts show no drift'),
      error: (said: { err: { code: string } }) => errors.push(said),
    },
  })
  await fourth
  await part.stop()
  t.strictSame(waits, Array(4).fill(24 * HOUR))
  t.strictSame(
    errors.map(({ err }) => err.code),
    ['E_LEARNING_FAILED'],
  )
  t.equal(lines.length, 2, 'busy and failed runs learn nothing')
  t.match(lines[0], new RegExp(`^\\*:follow_up  [0-9a-f]{12}  fitted on 100 verdicts up to 2026-11-10: put in force$`))
  t.match(lines[1], /: the same is in force$/)
  const text = await registry.metrics()
  t.match(text, `lr_learn_last_run_timestamp_seconds ${(tuesdayNoon + 3 * DAY) / 1000}\n`)
  t.match(text, 'lr_learn_verdicts{decision_type="follow_up"} 100\n')
  t.match(text, 'lr_learn_verdicts{decision_type="content"} 0\n')
  for (const [outcome, count] of Object.entries({ published: 1, unchanged: 1, few: 0, rolled_back: 0, worse: 0, unsound: 0 }))
    t.match(text, `lr_learned_policies_total{outcome="${outcome}"} ${count}\n`)
  t.match(text, 'lr_learn_drift{decision_type="follow_up"} 0\n')
  t.match(text, 'lr_learn_turned_agents{decision_type="follow_up",state="held_down"} 0\n')
  t.match(text, 'lr_learn_failures_total 1\n')
  t.not(did.inForce.get('*:follow_up')?.policyHash, shipped.policyHash)
})

t.test('who has turned is counted by type and named in the log', async (t) => {
  const fall = { since: tuesdayNoon - 9 * DAY, before: 0.8, after: 0.1, chance: 0.25, questions: 60, votes: 0 }
  const remembered = [
    { ...fall, agent: 'intent_detector' },
    { ...fall, agent: 'channel_strategist' },
    { ...fall, agent: 'timing_optimizer', votes: 30 },
  ]
  const registry = new Registry()
  const warnings: string[] = []
  let done = () => {}
  const slept = new Promise<void>((resolve) => (done = resolve))
  const part = startLearning({
    everyHours: 24,
    ports: { ...ports(fresh(), VERDICTS_LEAST), remembered: async (type) => (type === 'follow_up' ? remembered : []) },
    alone: (work) => work(),
    clock: {
      now: () => tuesdayNoon,
      async sleep(_ms, signal) {
        done()
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
      },
    },
    metrics: learningMetrics(registry),
    logger: {
      info: () => {},
      warn: ((_: unknown, line: string) => warnings.push(line)) as never,
      error: (said: unknown) => t.fail(JSON.stringify(said)),
    },
  })
  await slept
  await part.stop()
  const text = await registry.metrics()
  t.match(
    text,
    'lr_learn_turned_agents{decision_type="follow_up",state="held_down"} 2\n',
    'the third has thirty, and no verdict of before is left',
  )
  t.match(text, 'lr_learn_turned_agents{decision_type="follow_up",state="cannot_tell"} 0\n')
  t.match(text, 'lr_learn_turned_agents{decision_type="content",state="held_down"} 0\n', 'nobody of these')
  t.equal(warnings.length, 2)
  t.match(warnings[0], /^follow_up: channel_strategist fell out with the other agents on 2026-11-01 17:00 UTC: /)
})
