/** What became of decisions: one result each, after 72 hours, whatever order the topics are read in. */
import fc from 'fast-check'
import t from 'tap'
import { KEPT_MS, MESSAGES_MOST, SEEN_MOST, withSeen } from '../../pipelines/adaptation/told.ts'
import { CLOSED_MOST, CONFIRM_MS, OPEN_MOST, SETTLE_MS, WINDOW_MS, noWaits, waitFor } from '../../pipelines/adaptation/waits.ts'
import { hourOfMessage, hourUsed } from '../../pipelines/adaptation/hourUsed.ts'
import { resultsStage } from '../../pipelines/adaptation/results.ts'
import { drive } from '../../runtime/driver.ts'
import type { AgentResult, Decision, DeliveryChanged, FollowUp, OutcomeObserved, ResultsState } from '../../schemas/generated/records.ts'
import { decisions, deliveries, erasures, followups, outcomes, results } from '../../topics/index.ts'
import { DAY, HOUR, MINUTE, decisionRecord, deliveryRecord, labelRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const maria = `${tenantId}:maria`
const at = (minutes: number) => tuesdayNoon + minutes * MINUTE
const voted = (agentId: string, option: string): Decision['contributions'][number] => ({
  ...{ agentId, agentVersion: 1, family: 'f', option, bin: 3, rank: 1, lambdaMicro: 0, deltaMicro: 0, tauMicro: 0, nats: '0' },
  ...{ blocked: false, reasonCode: 'r', reasonText: null },
})
const decided = (decisionId: string, minutes: number, over: Partial<Decision> = {}) =>
  decisionRecord({ decisionId, decidedAt: at(minutes), ...over })
const confirmed = (decisionId: string, minutes: number, over: Partial<DeliveryChanged> = {}) =>
  deliveryRecord({ decisionId, at: at(minutes), ...over })
const did = (kind: string, minutes: number): OutcomeObserved => ({
  ...labelRecord(),
  ...{ outcomeId: `${kind}@${minutes}`, kind, at: at(minutes), source: 'enrich', label: null },
})
const lineOf = () => drive(resultsStage, { at: tuesdayNoon })
type Line = ReturnType<typeof lineOf>
type Told = Decision | DeliveryChanged | OutcomeObserved | FollowUp
const tell = (line: Line, ...records: readonly Told[]) => {
  for (const one of records) {
    if ('chosen' in one) line.pipe(decisions, maria, one)
    else if ('change' in one) line.pipe(followups, maria, one)
    else if ('status' in one) line.pipe(deliveries, maria, one)
    else line.pipe(outcomes, maria, one)
  }
}
const seen = (line: Line) => line.outputs(results).map(({ option, outcome, latencyMs }) => [option, outcome, latencyMs])
const state = (line: Line) => line.state(maria) as ResultsState

t.test('a message that was answered within 72 hours has one result when they are over, without the lead', async (t) => {
  const line = lineOf()
  const votes = { contributions: [voted('b', 'sms'), voted('a', 'sms'), voted('c', 'wait')] }
  const silent = [
    { agentId: 'd', kind: 'abstain', reasonCode: 'x' },
    { agentId: 'e', kind: 'error', reasonCode: 'threw' },
    { agentId: 'f', kind: 'missing', reasonCode: 'no_answer' },
  ]
  tell(line, decided('d1', 0, { ...votes, silent }), confirmed('d1', 5), did('reply', 65))
  line.advance('72h')
  t.strictSame(line.outputs(results), [], 'the message was confirmed five minutes later')
  line.advance('59m')
  t.strictSame(line.outputs(results), [], 'by the moment of its record one would find the message')
  line.advance('1m')
  const [record] = line.records(results)
  t.equal(record?.key, tenantId)
  t.match(record?.value, {
    tenantId,
    option: 'sms',
    policyHash: 'p',
    outcome: 'reply',
    latencyMs: HOUR,
    startedAt: tuesdayNoon,
    closedAt: tuesdayNoon + WINDOW_MS + HOUR,
    votedFor: ['a', 'b'],
    votedAgainst: ['c'],
    abstained: ['d'],
    failed: ['e'],
  })
  t.notMatch(JSON.stringify(record), /maria|d1/)
  line.advance('30d')
  t.equal(line.outputs(results).length, 1)
  t.strictSame(line.timers(maria), {})
})

t.test('a result that is told by something else of the lead has its times to the hour as well', async (t) => {
  const line = lineOf()
  for (let n = 0; n < OPEN_MOST; n++) tell(line, decided(`d${n}`, n, { chosen: 'wait' }))
  line.advance('47m')
  tell(line, decided('next', 47, { chosen: 'wait' }))
  t.match(line.outputs(results), [{ outcome: 'unknown', startedAt: tuesdayNoon, closedAt: tuesdayNoon }])
})

t.test('an agent that was waited for in vain has failed, one that was not asked any more has not', async (t) => {
  const silent = [{ agentId: 'f', kind: 'missing', reasonCode: 'no_answer' }]
  t.strictSame(waitFor(decided('d1', 0, { silent, stopReason: 'deadline' })).failed, ['f'])
  t.strictSame(waitFor(decided('d1', 0, { silent, stopReason: 'early_stop' })).failed, [])
})

t.test('what counts is the first thing the lead did after the message and in its 72 hours', async (t) => {
  for (const [records, outcome, latency] of [
    [[did('reply', 5)], 'none', null],
    [[did('reply', 6), did('appointment', 7)], 'reply', MINUTE],
    [[did('opt_out', 9), did('reply', 12)], 'opt_out', 4 * MINUTE],
    [[did('appointment', 5 + 72 * 60)], 'appointment', WINDOW_MS],
    [[did('reply', 6 + 72 * 60)], 'none', null],
    [[did('conversion', 10), labelRecord({ at: at(10) })], 'none', null],
    [[did('negative_reply', 8), did('complaint', 9), did('reply', 10)], 'reply', 5 * MINUTE],
  ] as const) {
    const line = lineOf()
    tell(line, decided('d1', 0), confirmed('d1', 5), ...records)
    line.advance('4d')
    t.strictSame(seen(line), [['sms', outcome, latency]])
  }
})

t.test('a reply after a second message is the result of the second; the first was overtaken', async (t) => {
  const line = lineOf()
  tell(line, decided('d1', 0), confirmed('d1', 0), decided('d2', 60, { chosen: 'email' }), confirmed('d2', 60), did('reply', 90))
  line.advance('4d')
  t.strictSame(seen(line), [
    ['sms', 'overtaken', null],
    ['email', 'reply', 30 * MINUTE],
  ])
})

t.test('of waiting it is told whether the lead came by itself; a message ends that', async (t) => {
  const line = lineOf()
  const wait = { chosen: 'wait' }
  tell(line, decided('d1', 0, wait), did('reply', 30), decided('d2', 40, wait), decided('d3', 60), confirmed('d3', 61), did('reply', 70))
  line.advance('4d')
  t.strictSame(seen(line), [
    ['wait', 'reply', 30 * MINUTE],
    ['wait', 'overtaken', null],
    ['sms', 'reply', 9 * MINUTE],
  ])
})

t.test('what has no result: other types, gates, calls, what was not confirmed, what did not leave, what is told again', async (t) => {
  const line = lineOf()
  tell(
    line,
    decided('e1', 0, { type: 'escalation', chosen: 'hand_over' }),
    decided('e2', 0, { chosen: 'wait', stopReason: 'gated' }),
    decided('e3', 0, { chosen: 'wait', stopReason: 'superseded' }),
    decided('e4', 0, { chosen: 'call' }),
    confirmed('e4', 1, { action: 'create_task' }),
    decided('e5', 0),
    confirmed('e5', 1, { status: 'handed_over' }),
    decided('e6', 0),
    confirmed('e6', 1, { status: 'denied' }),
    confirmed('e7', 1),
    did('reply', 2),
  )
  t.strictSame(
    state(line).waits.map(({ decisionId }) => decisionId),
    ['e5'],
  )
  line.advance('12d')
  t.strictSame(seen(line), [])
  t.equal(state(line), undefined)
  const again = lineOf()
  tell(again, decided('d1', 0), decided('d1', 0), confirmed('d1', 0), confirmed('d1', 3), did('reply', 5))
  again.advance('73h')
  tell(again, decided('d1', 0), confirmed('d1', 0))
  again.advance('73h')
  t.strictSame(seen(again), [['sms', 'reply', 5 * MINUTE]], 'from the first confirmation')
})

t.test('an erased lead is forgotten with what was open', async (t) => {
  const line = lineOf()
  tell(line, decided('d1', 0), confirmed('d1', 0))
  line.pipe(erasures, maria, { tenantId, contactId: 'maria', erasedAt: at(10), requestId: 'r', requestedBy: 'o' })
  t.equal(line.state(maria), undefined)
  tell(line, confirmed('d1', 20))
  line.advance('8d')
  t.strictSame(seen(line), [])
})

t.test('sixteen decisions are open at most: the earliest is closed as unknown, or with what is known', async (t) => {
  const line = lineOf()
  const many = Array.from({ length: OPEN_MOST }, (_, i) => decided(`w${String(i).padStart(2, '0')}`, i, { chosen: 'wait' }))
  tell(line, ...many)
  t.strictSame(seen(line), [])
  tell(line, decided('x', 50, { chosen: 'wait' }))
  t.strictSame(seen(line), [['wait', 'unknown', null]])
  tell(line, did('reply', 51), decided('y', 60, { chosen: 'wait' }))
  t.strictSame(seen(line)[1], ['wait', 'reply', 50 * MINUTE])
  t.equal(state(line).waits.length, OPEN_MOST)
  // One that never began leaves no result.
  const unsent = lineOf()
  tell(unsent, decided('m', 0), ...many.map((one) => ({ ...one, decidedAt: one.decidedAt + HOUR })))
  t.strictSame(seen(unsent), [])
  line.advance('4d')
  t.equal(state(line).closed.length, CLOSED_MOST)
  t.equal(line.outputs(results).length, OPEN_MOST + 2)
})

t.test('of reactions and messages the latest are kept, for eleven days', async (t) => {
  const full = Array.from({ length: SEEN_MOST + 3 }, (_, i) => ({ kind: 'reply', at: i })).reduce(withSeen, noWaits)
  t.equal(full.seen.length, SEEN_MOST)
  t.equal(full.seen[0]?.at, 3)
  const line = lineOf()
  tell(line, did('reply', 1), ...Array.from({ length: MESSAGES_MOST + 2 }, (_, i) => confirmed(`d${i}`, i)))
  t.strictSame([state(line).messages.length, state(line).messages[0]?.decisionId], [MESSAGES_MOST, 'd2'])
  t.equal(KEPT_MS, CONFIRM_MS + WINDOW_MS + DAY, 'longer than a message is waited for with its window')
  line.advance('11d')
  t.strictSame([state(line).seen.length, state(line).messages.length], [1, MESSAGES_MOST], 'the first is of a minute later')
  line.advance('1m')
  t.equal(state(line).seen.length, 0)
  line.advance('20m')
  t.equal(state(line), undefined)
  t.strictSame(line.timers(maria), {})
})

t.test('a lead of which nothing is heard is forgotten', async (t) => {
  const line = lineOf()
  tell(line, decided('d1', 0))
  line.advance('7d')
  t.equal(state(line), undefined)
  tell(line, decided('d2', 7 * 24 * 60), confirmed('d2', 7 * 24 * 60))
  line.advance('93d')
  t.strictSame(state(line).closed, ['d2'])
  line.advance('9d')
  t.equal(line.state(maria), undefined)
  t.equal(CONFIRM_MS, 7 * DAY)
})

t.test('one result for each decision with a confirmed message or a wait, the same in any order of the topics', async (t) => {
  const step = fc.record({
    minutes: fc.integer({ min: 0, max: 3 * 24 * 60 }),
    chosen: fc.constantFrom('sms', 'email', 'wait'),
    kind: fc.constantFrom('reply', 'appointment', 'opt_out', 'complaint', 'none'),
    after: fc.integer({ min: 1, max: 60 }),
  })
  await assertProperty(
    t,
    fc.property(
      fc.uniqueArray(step, { minLength: 1, maxLength: 6, selector: ({ minutes }) => minutes }),
      fc.infiniteStream(fc.nat()),
      (steps, random) => {
        const all = steps.map(({ minutes, chosen }, i) => decided(`d${i}`, minutes, { chosen }))
        const rest = steps.flatMap(({ minutes, chosen, kind, after }, i): Told[] => [
          ...(chosen === 'wait' ? [] : [confirmed(`d${i}`, minutes + after)]),
          ...(kind === 'none' ? [] : [did(kind, minutes + 2 * after)]),
        ])
        const place = () => random.next().value as number
        const shuffled = [...all, ...rest, ...rest].map((one) => ({ one, at: place() })).sort((a, b) => a.at - b.at)
        const [inOrder, other] = [[...all, ...rest], shuffled.map(({ one }) => one)].map((told) => {
          const line = lineOf()
          tell(line, ...told)
          line.advance('7d')
          const byId = line.outputs(results).sort((a, b) => (a.resultId < b.resultId ? -1 : 1))
          return { byId, state: state(line) }
        })
        if (inOrder?.byId.length !== steps.length) throw new Error(`${inOrder?.byId.length} results for ${steps.length} decisions`)
        if (JSON.stringify(inOrder) !== JSON.stringify(other)) throw new Error('another order, other results')
        // Decisions that are read up to three days after what became of them.
        const late = lineOf()
        for (const one of [...rest, ...all.map((decision) => ({ decision, at: place() })).sort((a, b) => a.at - b.at)]) {
          if (!('decision' in one)) tell(late, one)
          else {
            late.advance(`${place() % 720}m`)
            tell(late, one.decision)
          }
        }
        late.advance('8d')
        const figures = (told: readonly AgentResult[]) =>
          told.map(({ resultId, outcome, latencyMs }) => `${resultId} ${outcome} ${latencyMs}`)
        t.same(figures(late.outputs(results)).sort(), figures(inOrder.byId))
      },
    ),
    { numRuns: 120 },
  )
})

const lot = {
  ...{ trial: 'wording-2', usual: 'wait', drawn: true, seed: 's' },
  arms: [
    { option: 'wait', propensityMicro: 850_000 },
    { option: 'inform', propensityMicro: 150_000 },
  ],
}
const worded = (chosen: string, minutes: number, over: Partial<Decision> = {}) =>
  decided(`w-${chosen}`, minutes, { type: 'content', chosen, assessmentId: 'a1', draw: { ...lot }, ...over })
const planned = (templateId: string | null, minutes: number, over: Partial<FollowUp> = {}): FollowUp => ({
  ...{
    followupId: 'f',
    change: 'planned',
    tenantId,
    contactId: 'maria',
    decisionId: 'd1',
    intentKey: 'i',
    epoch: 1,
    action: 'send_message',
  },
  ...{ channel: 'sms', templateId, text: 'x', subject: null, priority: 3, reason: 'r', plannedAt: at(minutes), dueAt: at(minutes) },
  ...{ expiresAt: at(minutes + 60), assigneeId: null, body: null, chosenBy: null, alternates: [] },
  ...over,
})
t.test('what is told before its decision is read counts as if it had come after it', async (t) => {
  const told = (...records: readonly Told[]) => {
    const line = lineOf()
    tell(line, ...records)
    line.advance('4d')
    return seen(line)
  }
  const [one, sent, answer] = [decided('d1', 0), confirmed('d1', 5), did('reply', 65)]
  t.strictSame(told(answer, sent, one), [['sms', 'reply', HOUR]])
  t.strictSame(told(confirmed('d1', 5, { status: 'failed' }), one), [['sms', 'failed', null]])
  t.strictSame(told(confirmed('d1', 5, { status: 'denied' }), one), [], 'it does not leave')
  t.strictSame(told(planned('nudge_24h.sms.1', 1, { chosenBy: 'anna' }), sent, one), [], 'a person chose it')
  t.strictSame(told(sent, planned('nudge_24h.sms.1', 1, { chosenBy: 'anna' }), one), [])
  t.strictSame(told(sent, decided('d1', 0, { chosen: 'wait' })), [['wait', 'overtaken', null]], 'waiting began with the decision')
})

t.test('a decision that is read when the others are closed has its own result', async (t) => {
  const line = lineOf()
  const [first, second] = [decided('d1', 0), decided('d2', 60, { chosen: 'email' })]
  tell(line, second, confirmed('d2', 60), confirmed('d1', 0), did('reply', 90))
  line.advance('7d')
  t.strictSame(seen(line), [['email', 'reply', 30 * MINUTE]])
  tell(line, first)
  line.advance('1m')
  t.strictSame(seen(line)[1], ['sms', 'overtaken', null], 'the reply is not counted twice')
  const other = lineOf()
  tell(other, first, confirmed('d1', 0), confirmed('d2', 60), did('reply', 90))
  other.advance('4d')
  t.strictSame(seen(other), [['sms', 'overtaken', null]], 'the message that overtakes is known before its decision')
})

t.test(
  'a message that state from before messages were kept knows as confirmed does not overtake itself when it is told again',
  async (t) => {
    const known: ResultsState = { ...noWaits, waits: [{ ...waitFor(decided('d1', 0)), startedAt: at(5) }] }
    const fold = resultsStage.on.find(({ topic }) => topic === deliveries)?.fold
    const record = { topic: 'deliveries', key: maria, value: confirmed('d1', 9), timestamp: at(9), headers: {} }
    const ctx = { key: maria, at: at(9), tables: {}, id: () => '' }
    t.strictSame(fold?.(known, record, ctx), { kind: 'drop', reason: 'told_again' })
  },
)

const drawn = { option: 'inform', trial: 'wording-2', drawn: true, propensityMicro: 150_000 }
const certain = (option: string) => ({ option, trial: null, drawn: false, propensityMicro: 1_000_000 })
const message = () => [decided('d1', 0, { assessmentId: 'a1' }), confirmed('d1', 5)]
const wordingOf = (...records: readonly Told[]) => {
  const line = lineOf()
  tell(line, ...records)
  line.advance('4d')
  return line.outputs(results).map(({ wording }) => wording)
}

t.test('a result says how its message was worded, and with which chance', async (t) => {
  const text = planned('nudge_24h.sms.inform.1', 1)
  t.strictSame(wordingOf(...message(), worded('inform', 0), text), [drawn])
  t.strictSame(wordingOf(...message(), worded('inform', 0, { draw: { ...lot, drawn: false } }), text), [{ ...drawn, drawn: false }])
  t.strictSame(wordingOf(...message(), worded('wait', 0), planned('nudge_24h.sms.2', 1)), [
    { option: 'wait', trial: 'wording-2', drawn: true, propensityMicro: 850_000 },
  ])
  t.strictSame(wordingOf(...message(), worded('inform', 0, { draw: null }), text), [certain('inform')])
})

const hitsOf = (line: Line) => line.outputs(results).map(({ outcome, guardrails }) => [outcome, guardrails?.lastDay, guardrails?.hits])
const dayOf = (ms: number) => Math.floor(ms / DAY)

t.test('a message that a lot worded says what came of it besides the answer, and what of this lead was told before', async (t) => {
  const line = lineOf()
  const textOf = (decisionId: string, minutes: number) => planned('nudge_24h.sms.inform.1', minutes, { decisionId })
  tell(line, ...message(), worded('inform', 0), textOf('d1', 1), did('negative_reply', 9), did('reply', 9), did('opt_out', 20))
  line.advance('10d')
  const later = 10 * 24 * 60
  const second = { assessmentId: 'a2' }
  tell(line, decided('d2', later, second), worded('inform', later, { ...second, decisionId: 'w2' }), textOf('d2', later + 1))
  tell(line, confirmed('d2', later + 5), did('negative_reply', later + 6), did('complaint', later + 7))
  line.advance('10d')
  const [first, next] = [dayOf(at(5) + WINDOW_MS + SETTLE_MS), dayOf(at(later + 5) + WINDOW_MS + SETTLE_MS)]
  t.strictSame(hitsOf(line), [
    [
      'reply',
      null,
      [
        { kind: 'negative_reply', lastDay: null },
        { kind: 'opt_out', lastDay: null },
      ],
    ],
    [
      'none',
      first,
      [
        { kind: 'complaint', lastDay: null },
        { kind: 'negative_reply', lastDay: first },
      ],
    ],
  ])
  t.strictSame(state(line).tried, [
    {
      ...{ trial: 'wording-2', option: 'inform', lastDay: next },
      hits: [
        { kind: 'complaint', lastDay: next },
        { kind: 'negative_reply', lastDay: next },
        { kind: 'opt_out', lastDay: first },
      ],
    },
  ])
  t.notMatch(JSON.stringify(line.outputs(results)), /maria/)
})

t.test('what the provider did not take is told with the others, and is neither an answer nor a message that overtakes', async (t) => {
  const line = lineOf()
  const refused = confirmed('d1', 5, { status: 'failed' })
  tell(line, decided('d1', 0, { assessmentId: 'a1' }), worded('inform', 0), planned('nudge_24h.sms.inform.1', 1), refused, did('reply', 9))
  line.advance('72h')
  t.strictSame(hitsOf(line), [], 'not before the others')
  line.advance('1h')
  t.strictSame(hitsOf(line), [['failed', null, [{ kind: 'provider_error', lastDay: null }]]])
  const two = lineOf()
  tell(two, decided('d1', 0), confirmed('d1', 1), decided('d2', 2), confirmed('d2', 3, { status: 'failed' }), did('reply', 9))
  two.advance('4d')
  t.strictSame(seen(two), [
    ['sms', 'reply', 8 * MINUTE],
    ['sms', 'failed', null],
  ])
})

t.test('what no lot worded has nothing that a trial watches', async (t) => {
  const line = lineOf()
  tell(line, ...message(), worded('inform', 0, { draw: { ...lot, drawn: false } }), planned('nudge_24h.sms.inform.1', 1), did('opt_out', 9))
  line.advance('4d')
  t.strictSame(hitsOf(line), [['opt_out', undefined, undefined]])
  t.strictSame(state(line).tried, [])
})

t.test(
  'a message counts for the hour that was taken if it went in that very hour: not in another one, nor in the same one of the next day',
  async (t) => {
    const zone = 'America/New_York'
    const decidedAt = tuesdayNoon
    const taken = { option: 'h18', zone, trial: 'hour-1', drawn: true, propensityMicro: 45_454 }
    const used = (after: number, hour: typeof taken | null = taken) => hourUsed({ hour, decidedAt, startedAt: decidedAt + after })
    const { zone: _zone, ...counted } = taken
    const moved = (option: string) => ({ option, trial: null, drawn: false, propensityMicro: 1_000_000 })
    t.strictSame(used(6 * HOUR), counted, '18:00, to its first instant')
    t.strictSame(used(7 * HOUR - 1), counted)
    t.strictSame(used(7 * HOUR), moved('h19'))
    t.strictSame(used(30 * HOUR), moved('h18'), 'the next evening')
    t.strictSame(used(5 * 24 * HOUR), moved('w12'))
    t.equal(used(6 * HOUR, null), null)
    t.equal(hourUsed({ hour: taken, decidedAt, startedAt: null }), null)
    t.equal(hourOfMessage({ hour: null }), null)
    const arms = [{ option: 'h18', propensityMicro: 45_454 }]
    t.strictSame(hourOfMessage({ hour: { trial: 'hour-1', zone, usual: 'h12', taken: 'h18', drawn: true, arms, seed: 's' } }), taken)
  },
)

t.test('what a person chose is no result of the decision, whatever came of it', async (t) => {
  const chosen = (by: string | null) => {
    const line = lineOf()
    tell(line, decided('d1', 0, { assessmentId: 'a1' }), planned('nudge_24h.sms.1', 1, { chosenBy: by }), confirmed('d1', 5))
    line.advance('4d')
    return line.outputs(results).length
  }
  t.equal(chosen(null), 1)
  t.equal(chosen('anna'), 0)
})

t.test('what is not known of a wording is not guessed', async (t) => {
  const text = planned('nudge_24h.sms.inform.1', 1)
  t.strictSame(wordingOf(...message(), worded('inform', 0)), [null], 'no text')
  t.strictSame(wordingOf(...message(), text), [null], 'nobody was asked')
  t.strictSame(wordingOf(...message(), worded('inform', 0, { assessmentId: 'a2' }), text), [null], 'asked about another message')
  t.strictSame(wordingOf(...message(), worded('inform', 0), planned('gone.sms.1', 1)), [null], 'a text that is not kept')
  t.strictSame(wordingOf(...message(), worded('inform', 0), planned(null, 1)), [null])
  t.strictSame(wordingOf(...message(), worded('inform', 0), { ...text, change: 'cancelled' }), [null])
})

t.test('a lot that could not change the text does not count, for no wording of it', async (t) => {
  for (const [chosen, templateId] of [
    ['inform', 'nudge_24h.sms.1'],
    ['wait', 'nudge_24h.sms.1'],
  ] as const)
    for (const late of [worded(chosen, 0, { stopReason: 'deadline' }), worded(chosen, 2)])
      t.strictSame(wordingOf(...message(), late, planned(templateId, 1)), [certain('wait')], `${chosen} came late`)
  for (const chosen of ['inform', 'wait'])
    t.strictSame(wordingOf(...message(), worded(chosen, 0), planned('appointment_confirm.sms.1', 1)), [certain('wait')], 'plain words only')
  t.strictSame(wordingOf(...message(), worded('inform', 0), planned('nudge_24h.sms.1', 1)), [certain('wait')], 'it was not used')
  t.strictSame(
    wordingOf(...message(), worded('inform', 1), planned('nudge_24h.sms.inform.1', 1)),
    [drawn],
    'at the same instant is in time',
  )
})

t.test('wording and text are found in whatever order they are told, and once', (t) =>
  assertProperty(
    t,
    fc.property(fc.infiniteStream(fc.nat()), (order) => {
      const records: Told[] = [
        ...message(),
        worded('inform', 0),
        worded('wait', 0),
        planned('nudge_24h.sms.inform.1', 1),
        planned('reply.sms.1', 2),
      ]
      // The first told of an assessment, and of a decision, stands.
      const first = (one: Told) => records.indexOf(one) === 3 || records.indexOf(one) === 5
      const keyed = records.map((one) => ({ one, key: (order.next().value ?? 0) + (first(one) ? 2 ** 32 : 0) }))
      const line = lineOf()
      tell(line, ...keyed.sort((a, b) => a.key - b.key).map(({ one }) => one))
      line.advance('15d')
      const told = line.outputs(results)
      return told.length <= 1 && told.every(({ wording }) => JSON.stringify(wording) === JSON.stringify(drawn))
    }),
  ),
)

t.test('of wordings and texts the latest sixteen are kept, and none that no message can need', async (t) => {
  const line = lineOf()
  for (let n = 0; n < 20; n++) {
    tell(line, worded('inform', n, { assessmentId: `x${n}` }), planned('nudge_24h.sms.1', n, { decisionId: `x${n}` }))
  }
  t.strictSame([state(line).worded.length, state(line).sent.length], [16, 16])
  t.strictSame([state(line).worded[0]?.assessmentId, state(line).sent[0]?.decisionId], ['x4', 'x4'])
  line.advance('9d')
  tell(line, decided('late', 9 * 24 * 60, { chosen: 'wait' }))
  line.advance('4d')
  t.strictSame([state(line).worded, state(line).sent], [[], []])
})
