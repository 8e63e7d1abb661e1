/** Each lead that waits has one cause: the first step between its message and our answer that has not happened. */
import fc from 'fast-check'
import t from 'tap'
import { owedLines } from '../../cli/verbs/owed.ts'
import { coverageOf } from '../../pipelines/reconcile/coverage.ts'
import { owed } from '../../pipelines/reconcile/owed.ts'
import type { OwedFacts, OwedFollowUp } from '../../pipelines/reconcile/owed.ts'
import { spanText } from '../../pipelines/reconcile/words.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { DAY, HOUR, MINUTE, decisionRecord, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'

const asked = tuesdayNoon
const now = tuesdayNoon + 2 * HOUR
const lead = (over: Partial<LeadProfile> = {}) =>
  profileRecord({ lastInboundAt: asked, lastOutboundAt: asked - HOUR, humanOwnership: null, ...over })
const facts = (over: Partial<OwedFacts> = {}): OwedFacts => ({
  profile: lead(),
  knownAt: asked,
  decision: undefined,
  followUp: undefined,
  foundAt: undefined,
  ...over,
})
const followUp = (status: string, over: Partial<OwedFollowUp> = {}): { followUp: OwedFollowUp } => ({
  followUp: {
    ...{ status, epoch: 4, decisionId: 'd0', assessmentId: 'a0' },
    ...{ gateId: 'hours', ruleId: 'quiet', reason: 'It is night there.' },
    ...{ plannedAt: asked + MINUTE, scheduledAt: now + HOUR, updatedAt: asked + MINUTE },
    ...over,
  },
})

t.test('the cause is the first step that did not happen', async (t) => {
  const person = { since: asked - HOUR, userId: 'realtor7', reason: 'human_message', untilAt: null }
  const waiting = decisionRecord({ chosen: 'wait', stopReason: 'all_votes', decidedAt: asked + MINUTE })
  const gated = decisionRecord({
    chosen: 'wait',
    stopReason: 'gated',
    decidedAt: asked + MINUTE,
    gates: [
      { gateId: 'consent', ruleId: 'r', option: '*', verdict: 'deny', liftsAt: null, reason: 'No.' },
      { gateId: 'dnd', ruleId: 'pass', option: '*', verdict: 'allow', liftsAt: null, reason: '' },
    ],
  })
  const forAPerson = {
    ...gated,
    gates: [{ gateId: 'person_due', ruleId: 'r', option: '*', verdict: 'deny', liftsAt: null, reason: 'The lead asked for a person.' }],
  }
  const cases: [Partial<OwedFacts>, string, number, RegExp][] = [
    [{ decision: forAPerson }, 'follow_up_waits', asked + MINUTE, /^The lead asked for a person\. A hand-over is due and not planned yet$/],
    [{ decision: forAPerson, ...followUp('confirmed') }, 'gate', asked + MINUTE, /^The lead asked for a person\.$/],
    [
      { profile: lead({ humanOwnership: person }), ...followUp('denied') },
      'human_silent',
      asked,
      /^realtor7 has the lead \(human message\)/,
    ],
    [{ profile: lead({ humanOwnership: { ...person, userId: null, since: asked + 5 } }) }, 'human_silent', asked + 5, /^a person has/],
    [
      { profile: lead({ humanOwnership: { ...person, userId: null, reason: 'opt_out_unclear', untilAt: null } }) },
      'gate',
      asked,
      /^Its message may be an opt-out: nothing is sent until a person has written\.$/,
    ],
    [{ profile: lead({ humanOwnership: { ...person, untilAt: now } }) }, 'no_decision', asked, /^$/],
    [{ ...followUp('deferred') }, 'follow_up_waits', asked + MINUTE, /^It is night there, next at 2026-11-10 20:00 UTC$/],
    [{ ...followUp('pending', { gateId: null, ruleId: null, reason: null }) }, 'follow_up_waits', asked + MINUTE, /^due, next at/],
    [{ ...followUp('unknown') }, 'outcome_unknown', asked + MINUTE, /^It is night there/],
    [{ ...followUp('handed_over', { gateId: null, ruleId: null, reason: '' }) }, 'outcome_unknown', asked + MINUTE, /^handed_over$/],
    [
      { ...followUp('failed', { gateId: null, ruleId: 'phone_invalid', reason: 'No such number.' }) },
      'delivery_failed',
      asked + MINUTE,
      /^No such number\.$/,
    ],
    [{ ...followUp('failed', { gateId: null, ruleId: null, reason: null }) }, 'delivery_failed', asked + MINUTE, /^no reason/],
    [{ ...followUp('denied') }, 'gate', asked + MINUTE, /^It is night there/],
    [{ ...followUp('denied', { reason: '' }) }, 'gate', asked + MINUTE, /^hours\/quiet$/],
    [{ ...followUp('expired') }, 'follow_up_lapsed', asked + MINUTE, /^expired: It is night there/],
    [{ ...followUp('cancelled', { gateId: null, ruleId: null, reason: null }) }, 'follow_up_lapsed', asked + MINUTE, /^cancelled$/],
    [{ ...followUp('confirmed'), decision: waiting }, 'decided_to_wait', asked + MINUTE, /^$/],
    [{ decision: gated, foundAt: asked + HOUR }, 'gate', asked + MINUTE, /^No\.$/],
    [
      { decision: { ...waiting, fallbackUsed: true } },
      'agents_failed',
      asked + MINUTE,
      /^too few agents answered to decide; the safe choice was taken: to wait$/,
    ],
    [{ decision: { ...waiting, stopReason: 'superseded' } }, 'no_decision', asked, /^$/],
    [
      { decision: decisionRecord({ chosen: 'send_now', decidedAt: asked + MINUTE }) },
      'follow_up_waits',
      asked + MINUTE,
      /^send_now is decided/,
    ],
    [{ foundAt: asked + HOUR }, 'webhook_lost', asked + HOUR, /^found 2026-11-10 18:00 UTC/],
    [{}, 'no_decision', asked, /^$/],
  ]
  for (const [over, cause, since, detail] of cases) {
    const one = owed(facts(over), now)
    t.match(one, { cause, since, detail, waitingMs: 2 * HOUR, askedAt: asked }, `${cause} ${String(detail)}`)
    const lookAt = { no_decision: '`rekindle lag` and the dead letters', decided_to_wait: '`rekindle why`' }[cause]
    t.match(one, { lookAt: lookAt ?? null }, `${cause}: where to look`)
    if (one === undefined) return t.fail(cause)
    t.equal(one.userId, detail.source.startsWith('^realtor7') ? 'realtor7' : null)
    t.equal(one.foundAfterMs, over.foundAt === undefined ? null : HOUR)
  }
})

/** What happens to a lead, each at a minute of its own after it wrote. */
interface Happened {
  /** We had its message. */
  readonly known: number
  /** A follow-up was decided and planned. */
  readonly planned: number
  /** It came to this status. */
  readonly settled: number
  readonly status: string
  /** A later question was decided, if one was. */
  readonly decided: number | undefined
  readonly chosen: 'wait' | 'sms'
  /** Acts of the lead or of a person after all of it. */
  readonly actsSince: number
}

const ownCause: Readonly<Record<string, string>> = {
  ...{ pending: 'follow_up_waits', deferred: 'follow_up_waits', reserved: 'follow_up_waits' },
  ...{ handed_over: 'outcome_unknown', unknown: 'outcome_unknown' },
  ...{ cancelled: 'follow_up_lapsed', superseded: 'follow_up_lapsed', expired: 'follow_up_lapsed' },
  ...{ failed: 'delivery_failed', denied: 'gate' },
}
const ends = ['cancelled', 'superseded', 'expired', 'failed', 'denied', 'confirmed']

/** The cause, told by going through what happened in order. */
function toldInOrder({ known, planned, settled, status, decided, chosen }: Happened): string {
  const steps = [
    [known, 'known'],
    [planned, 'planned'],
    ...(ends.includes(status) ? [[settled, 'ended'] as const] : []),
    ...(decided === undefined ? [] : [[decided, 'decided'] as const]),
  ] as [number, 'known' | 'planned' | 'ended' | 'decided'][]
  const own = ownCause[status] ?? ''
  const choice = chosen === 'wait' ? 'decided_to_wait' : 'follow_up_waits'
  // What the decisions on the message alone say, and whether the follow-up is open or was made for it.
  let [byDecision, cause, isOpen, isForMessage, isOverruled] = ['no_decision', 'no_decision', false, false, false]
  for (const [, step] of steps.sort(([a], [b]) => a - b)) {
    if (step === 'known') {
      ;[byDecision, isForMessage, isOverruled] = ['no_decision', false, false]
      if (!isOpen) cause = 'no_decision'
    } else if (step === 'planned') {
      ;[byDecision, cause, isOpen, isForMessage] = ['follow_up_waits', own, true, true]
    } else if (step === 'decided') {
      byDecision = choice
      isOverruled = isOpen && chosen === 'wait'
      if (!isOpen) cause = choice
    } else {
      isOpen = false
      const wasTakenBack = status === 'cancelled' || status === 'superseded'
      cause = isForMessage && !(isOverruled && wasTakenBack) && status !== 'confirmed' ? own : byDecision
    }
  }
  return cause
}

t.test('what was made before the message was known says nothing once it has ended; the last to happen says why', async (t) => {
  const happened: fc.Arbitrary<Happened> = fc
    .record({
      minutes: fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 4, maxLength: 4 }),
      status: fc.constantFrom(...Object.keys(ownCause), 'confirmed'),
      isDecided: fc.boolean(),
      chosen: fc.constantFrom('wait' as const, 'sms' as const),
      actsSince: fc.constantFrom(0, 1),
    })
    .map(({ minutes: [known = 0, one = 0, other = 0, decided = 0], status, isDecided, chosen, actsSince }) => ({
      ...{ known, planned: Math.min(one, other), settled: Math.max(one, other), status },
      ...{ decided: isDecided ? decided : undefined, chosen, actsSince },
    }))
  const seen = new Set<string>()
  await assertProperty(
    t,
    fc.property(happened, (story) => {
      const { known, planned, settled, status, decided, chosen, actsSince } = story
      const at = (minute: number) => asked + minute * MINUTE
      // A message raises the epoch when it is known.
      const epochAt = (minute: number) => (minute > known ? 5 : 4)
      const isLater = decided !== undefined && decided > planned
      const decision = isLater
        ? decisionRecord({ decisionId: 'd2', assessmentId: 'a2', chosen, epoch: epochAt(decided), decidedAt: at(decided) })
        : decisionRecord({ decisionId: 'd1', assessmentId: 'a1', chosen: 'sms', epoch: epochAt(planned), decidedAt: at(planned) })
      const own = followUp(status, {
        ...{ epoch: epochAt(planned), decisionId: 'd1', assessmentId: 'a1' },
        ...{ plannedAt: at(planned), updatedAt: at(ends.includes(status) ? settled : planned) },
      })
      const one = owed(facts({ profile: lead({ epoch: 5 + actsSince }), knownAt: at(known), decision, ...own }), now)
      seen.add(`${status} ${one?.cause ?? ''}`)
      return one?.cause === toldInOrder(story)
    }),
    { numRuns: 2_000 },
  )
  t.ok(seen.has('cancelled decided_to_wait') && seen.has('cancelled no_decision') && seen.has('failed delivery_failed'), [...seen].join())
})

t.test('a follow-up that has ended gives way to a later question only, and one that can still leave to none', async (t) => {
  const wait = (over: object = {}) =>
    decisionRecord({
      decisionId: 'd2',
      assessmentId: 'a2',
      chosen: 'wait',
      stopReason: 'all_votes',
      decidedAt: asked + 5 * MINUTE,
      ...over,
    })
  const lapsed = followUp('cancelled', { reason: 'Superseded: the lead or a person has acted since.', updatedAt: asked + 4 * MINUTE })
  const causeOf = (over: Partial<OwedFacts>) => owed(facts(over), now)?.cause
  const late = { profile: lead({ epoch: 5 }), knownAt: asked + 3 * MINUTE }
  t.equal(causeOf({ ...late, ...lapsed, decision: wait({ epoch: 5 }) }), 'decided_to_wait')
  t.equal(causeOf({ ...late, ...lapsed }), 'no_decision', 'known, and not decided on yet')
  t.equal(causeOf({ ...late, ...lapsed, foundAt: asked + 3 * MINUTE }), 'webhook_lost', 'found, and not decided on yet')
  t.equal(causeOf({ ...late, ...lapsed, decision: wait({ stopReason: 'superseded' }) }), 'no_decision', 'a superseded one says nothing')
  t.equal(
    causeOf({ ...late, decision: wait({ decidedAt: asked + 2 * MINUTE }) }),
    'no_decision',
    'it was decided before the message was known',
  )
  t.equal(
    causeOf({ knownAt: asked + 6 * MINUTE, decision: wait() }),
    'decided_to_wait',
    'of the epoch of the message: only the clocks differ',
  )
  t.equal(causeOf({ ...late, knownAt: undefined, ...lapsed }), 'follow_up_lapsed', 'when it was known is not kept')
  t.equal(causeOf({ knownAt: undefined, ...lapsed, decision: wait() }), 'decided_to_wait', 'a later question is decided all the same')
  for (const over of [{ decisionId: 'd0' }, { assessmentId: 'a0' }])
    t.equal(causeOf({ ...lapsed, decision: wait(over) }), 'follow_up_lapsed', 'the question that it was planned on')
  t.equal(causeOf({ ...followUp('expired', { assessmentId: null }), decision: wait() }), 'decided_to_wait')
  for (const status of ['pending', 'deferred', 'reserved'])
    t.equal(causeOf({ ...late, ...followUp(status), decision: wait({ epoch: 5 }) }), 'follow_up_waits', status)
  for (const status of ['handed_over', 'unknown'])
    t.equal(causeOf({ ...late, ...followUp(status), decision: wait({ epoch: 5 }) }), 'outcome_unknown', status)
  for (const [status, own] of Object.entries({ failed: 'delivery_failed', denied: 'gate', expired: 'follow_up_lapsed' })) {
    const endedAt = (minute: number) => followUp(status, { updatedAt: asked + minute * MINUTE })
    t.equal(causeOf({ ...endedAt(5), decision: wait() }), 'decided_to_wait', `${status}, then decided`)
    t.equal(causeOf({ ...endedAt(6), decision: wait() }), own, `decided, then ${status}`)
  }
  const takenBackBy = (chosen: string) =>
    causeOf({ ...followUp('cancelled', { updatedAt: asked + 6 * MINUTE }), decision: wait({ chosen }) })
  t.equal(takenBackBy('wait'), 'decided_to_wait', 'to wait took it back')
  t.equal(takenBackBy('sms'), 'follow_up_lapsed', 'nothing is planned in its place')
})

t.test('nothing is owed to who is answered, gone, done, or refuses us on every channel', async (t) => {
  const revoked = { status: 'revoked', at: 0, expiresAt: null, eventId: 'e', words: 'stop' }
  for (const over of [
    { lastInboundAt: null },
    { lastOutboundAt: asked + 1, lastHumanAt: asked + 1 },
    { lastOutboundAt: asked + 1, lastOwnAt: asked + 1 },
    { deletedAt: asked },
    { status: 'lost' },
    { dnd: true },
    { consents: { sms: revoked, email: revoked, call: revoked } },
  ])
    t.equal(owed(facts({ profile: lead(over) }), now), undefined, JSON.stringify(over))
  t.ok(owed(facts({ profile: lead({ consents: { sms: revoked } }) }), now), 'e-mail is left')
})

t.test('what answers everybody the same has answered nobody, and is told', async (t) => {
  const answered = { lastOutboundAt: asked + 1_000, lastHumanAt: asked - HOUR, lastOwnAt: null }
  const one = owed(facts({ profile: lead(answered) }), now)
  t.match(one, { cause: 'no_decision', askedAt: asked, machineAt: asked + 1_000 })
  t.match(owed(facts(), now), { machineAt: null }, 'it wrote before the lead')
  if (one === undefined) return t.fail('it is owed an answer')
  const lines = owedLines({ at: now, leads: [one], nextCursor: null, coverage: coverageOf([], now) }, () => 'America/Chicago')
  t.match(lines[1], /; a workflow or another program wrote 2026-11-10 11:00 CST$/)
})

t.test('the report says who waits, how long and why', async (t) => {
  const swept = ['messages', 'emails'].map((source) => ({ source, until: now - 5 * MINUTE, failedBecause: null }))
  const fine = coverageOf([{ tenantId, name: 'Example Homes', swept, heartbeat: null }], now)
  const never = coverageOf([{ tenantId, name: 'Example Homes', swept: [], heartbeat: null }], now)
  const answer = { at: now, leads: [], nextCursor: null, coverage: fine }
  const inUtc = () => 'UTC'
  t.strictSame(owedLines(answer, inUtc), ['No lead waits for an answer, as of 2026-11-10 19:00 UTC.'])
  for (const coverage of [never, coverageOf([], now)])
    t.strictSame(owedLines({ ...answer, coverage }, inUtc), ['No lead is known to wait for an answer, as of 2026-11-10 19:00 UTC.'])
  t.match(owedLines({ ...answer, nextCursor: 'c' }, inUtc)[1], /^There may be more who wait: --limit/)
  const found = owed(facts({ foundAt: asked + 20 * MINUTE, profile: lead({ firstName: null, lastName: null }) }), now)
  const undecided = owed(facts(), now)
  if (found === undefined || undecided === undefined) return t.fail('nothing is owed')
  const lines = owedLines({ ...answer, leads: [found, undecided], nextCursor: 'c' }, inUtc)
  t.match(lines[0], /^lead +name +waits +why +found after +detail/)
  t.match(lines[1], new RegExp(`^${tenantId}:maria +- +2h 0m +webhook lost +20m +found `))
  t.match(lines[2], /no decision +look at `rekindle lag` and the dead letters$/)
  t.match(lines[3], /^There may be more who wait/)
  t.equal(lines[4], 'As of 2026-11-10 19:00 UTC.')
  t.strictSame([0, 59_999, MINUTE, HOUR - 1, HOUR + 5 * MINUTE, DAY - 1, 3 * DAY + 4 * HOUR].map(spanText), [
    '0s',
    '59s',
    '1m',
    '59m',
    '1h 5m',
    '23h 59m',
    '3d 4h',
  ])
})
