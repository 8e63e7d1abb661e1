/** Questions, votes and decisions are joined out of topics that are read in step: all of them, once, and without holding more than is in flight. */
import fc from 'fast-check'
import t from 'tap'
import { storedQuestions } from '../../cli/storedQuestions.ts'
import type { ReplayRange } from '../../cli/storedQuestions.ts'
import type { ReplaySource } from '../../cli/replaySource.ts'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { drive } from '../../runtime/driver.ts'
import type { Assessment, Ballot } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, leadKey } from '../../topics/index.ts'
import { asked, question } from '../pipelines/leads.ts'
import { tenantRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { stepsOver } from '../support/stepsOver.ts'
import type { HeldRecord } from '../support/stepsOver.ts'

const known = new Map(shippedPolicies.map((policy) => [policy.policyHash, policy]))
const tenant = tenantRecord({ updatedAt: asked - 1 })
const everything: ReplayRange = { from: 0, until: Infinity, lead: undefined }
/** One question every 100 ms, so that some twenty are open at a time. */
const everyMs = 100

type Topic = HeldRecord[]
interface Log {
  readonly asked: Topic
  readonly cast: Topic
  readonly made: Topic
}

/** `count` leads are asked about one after the other; of each third question nobody votes, so that its deadline ends it. */
function log(count: number): Log {
  const line = drive(consensus, { at: asked, tables: { tenants: [[tenant.tenantId, tenant]] } })
  const written: Log = { asked: [], cast: [], made: [] }
  for (let index = 0; index < count; index++) {
    const at = line.now
    const value: Assessment = question({ assessmentId: `a-${index}`, contactId: `lead-${index}`, askedAt: at, deadlineAt: at + 2_000 })
    const key = leadKey(value.tenantId, value.contactId)
    written.asked.push({ key, value, timestamp: at })
    line.pipe(assessments, key, value)
    if (index % 3 > 0) {
      const { assessmentId, tenantId, contactId, epoch } = value
      const votes = panel(value, roster)
      const ballot: Ballot = { ballotId: `b-${index}`, assessmentId, tenantId, contactId, epoch, source: 'panel', castAt: at, votes }
      written.cast.push({ key, value: ballot, timestamp: at })
      line.pipe(ballots, key, ballot)
    }
    line.advance(`${everyMs}ms`)
  }
  line.advance('1m')
  for (const value of line.outputs(decisions))
    written.made.push({ key: leadKey(value.tenantId, value.contactId), value, timestamp: value.decidedAt })
  return written
}

function sourceOf({ asked: questions, cast, made }: Log, size: number, onRead?: (topic: string, upTo: number) => void): ReplaySource {
  const topics = { [assessments.name]: questions, [ballots.name]: cast, [decisions.name]: made }
  return { steps: stepsOver(topics, size, onRead), policy: (hash) => known.get(hash), tenant: () => tenant }
}

/** What came of each decision, by id. */
async function told(source: ReplaySource, range = everything): Promise<Map<string, string>> {
  const answers = new Map<string, string>()
  for await (const { stored, answers: each } of storedQuestions(source, range))
    stored.forEach(({ decisionId }, index) => {
      if (answers.has(decisionId)) throw new Error(`${decisionId} was told twice`)
      answers.set(decisionId, each[index]?.kind ?? 'nothing')
    })
  return answers
}

function counts(answers: ReadonlyMap<string, string>): Record<string, number> {
  const out: Record<string, number> = {}
  for (const kind of answers.values()) out[kind] = (out[kind] ?? 0) + 1
  return out
}

const sixty = log(60)

const thirty = log(30)

t.test('however the topics were cut and whoever wrote a little earlier: every decision comes out, once', async (t) => {
  const total = thirty.made.length
  t.equal(total, 60, 'each question had two decisions')
  const nearby = (topic: Topic, by: readonly number[]) =>
    topic
      .map((record, index) => ({ record, place: index + (by[index % by.length] ?? 0) }))
      .sort((a, b) => a.place - b.place)
      .map(({ record }) => record)
  const shift = fc.array(fc.nat(15), { minLength: 1, maxLength: 60 })
  await assertProperty(
    t,
    fc.asyncProperty(fc.integer({ min: 1, max: 70 }), shift, shift, async (size, late, later) => {
      // The decisions of a lead keep their order; questions of different leads change places.
      const shuffled = { asked: nearby(thirty.asked, late), cast: nearby(thirty.cast, later), made: thirty.made }
      const found = counts(await told(sourceOf(shuffled, size)))
      if (found['same'] !== total || Object.keys(found).length !== 1) throw new Error(JSON.stringify(found))
    }),
    { numRuns: 25 },
  )
})

t.test('a range is told alone: decisions of it, of one lead if one is asked for, whenever their question was put', async (t) => {
  // Question 30 was put at 3 s; nobody voted, so it was decided at its deadline, 5 s.
  const from = asked + 5_000
  const until = asked + 5_001
  const answers = await told(sourceOf(sixty, 7), { from, until, lead: undefined })
  const meant = sixty.made.filter(({ timestamp }) => timestamp === from).map(({ value }) => (value as { decisionId: string }).decisionId)
  t.ok(meant.length >= 4, 'the deadline of question 30, and the votes on question 50')
  t.strictSame([...answers.keys()].sort(), meant.sort())
  t.strictSame(counts(answers), { same: meant.length })
  const one = await told(sourceOf(sixty, 7), { ...everything, lead: leadKey(tenant.tenantId, 'lead-4') })
  t.strictSame(counts(one), { same: 2 })
  t.strictSame(counts(await told(sourceOf(sixty, 7), { from: asked + 3_600_000, until: Infinity, lead: undefined })), {})
})

t.test('what lacks its question or its votes is told so at the end and costs the others nothing', async (t) => {
  const without = (topic: Topic, ids: ReadonlySet<string>) =>
    topic.filter(({ value }) => !ids.has((value as { assessmentId: string }).assessmentId))
  const answers = counts(
    await told(
      sourceOf({ ...sixty, asked: without(sixty.asked, new Set(['a-0', 'a-31'])), cast: without(sixty.cast, new Set(['a-1', 'a-20'])) }, 5),
    ),
  )
  t.strictSame(answers, { not_possible: 4, differs: 4, same: 112 })
  const allGone = counts(await told(sourceOf({ ...sixty, asked: [] }, 5)))
  t.strictSame(allGone, { not_possible: 120 })
})

const many = log(900)

t.test('nothing is read long before it is needed, and nothing that was told is held', async (t) => {
  const read = new Map<string, number>()
  const source = sourceOf(many, 10, (topic, upTo) => read.set(topic, upTo))
  let told = 0
  let ahead = 0
  for await (const { stored } of storedQuestions(source, everything)) {
    told += stored.length
    // Of a question two decisions are told. Twenty wait for their deadline, a step is ten.
    ahead = Math.max(ahead, (read.get(assessments.name) ?? 0) - told / 2, ((read.get(decisions.name) ?? 0) - told) / 2)
  }
  t.equal(told, 1_800)
  t.ok(ahead < 60, `${ahead} questions were held at most`)
})

t.test('more of them without votes than are held: all are told as they stand, the others come out', async (t) => {
  const voteless = new Set(many.cast.filter((_, index) => index % 20 !== 0).map(({ value }) => (value as Ballot).ballotId))
  const log = { ...many, cast: many.cast.filter(({ value }) => !voteless.has((value as Ballot).ballotId)) }
  const answers = counts(await told(sourceOf(log, 10)))
  t.equal(voteless.size, 570)
  t.strictSame(answers, { differs: 1_140, same: 660 })
})

t.test('thousands of questions that were put in the minute before and decided earlier hide none', async (t) => {
  const [first] = sixty.asked as [HeldRecord]
  const before = Array.from({ length: 2_500 }, (_, index) => ({
    ...first,
    timestamp: asked - 30_000,
    value: { ...(first.value as Assessment), assessmentId: `before-${index}` },
  }))
  const cast = before.map(({ value, ...rest }) => ({
    ...rest,
    value: { ...(sixty.cast[0]?.value as Ballot), assessmentId: value.assessmentId },
  }))
  const answers = await told(sourceOf({ ...sixty, asked: [...before, ...sixty.asked], cast: [...cast, ...sixty.cast] }, 50))
  t.strictSame(counts(answers), { same: 120 })
})
