/** Each lead that waits has one cause: the first step between its message and our answer that has not happened. */
import t from 'tap'
import { owedLines } from '../../cli/verbs/owed.ts'
import { coverageOf } from '../../pipelines/reconcile/coverage.ts'
import { owed } from '../../pipelines/reconcile/owed.ts'
import type { OwedFacts } from '../../pipelines/reconcile/owed.ts'
import { spanText } from '../../pipelines/reconcile/words.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { DAY, HOUR, MINUTE, decisionRecord, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'

const asked = tuesdayNoon
const now = tuesdayNoon + 2 * HOUR
const lead = (over: Partial<LeadProfile> = {}) =>
  profileRecord({ lastInboundAt: asked, lastOutboundAt: asked - HOUR, humanOwnership: null, ...over })
const facts = (over: Partial<OwedFacts> = {}): OwedFacts => ({
  profile: lead(),
  decision: undefined,
  followUp: undefined,
  foundAt: undefined,
  ...over,
})
const followUp = (status: string, over: object = {}) => ({
  followUp: {
    status,
    gateId: 'hours',
    ruleId: 'quiet',
    reason: 'It is night there.',
    scheduledAt: now + HOUR,
    updatedAt: asked + MINUTE,
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
  const cases: [Partial<OwedFacts>, string, number, RegExp][] = [
    [
      { profile: lead({ humanOwnership: person }), ...followUp('denied') },
      'human_silent',
      asked,
      /^realtor7 has the lead \(human_message\)/,
    ],
    [{ profile: lead({ humanOwnership: { ...person, userId: null, since: asked + 5 } }) }, 'human_silent', asked + 5, /^a person has/],
    [{ profile: lead({ humanOwnership: { ...person, untilAt: now } }) }, 'no_decision', asked, /^$/],
    [{ ...followUp('deferred') }, 'follow_up_waits', asked + MINUTE, /^hours\/quiet: It is night there, next at 2026-11-10 20:00 UTC$/],
    [{ ...followUp('pending', { gateId: null, ruleId: null, reason: null }) }, 'follow_up_waits', asked + MINUTE, /^due, next at/],
    [{ ...followUp('unknown') }, 'outcome_unknown', asked + MINUTE, /hours/],
    [{ ...followUp('handed_over', { gateId: null, ruleId: null, reason: '' }) }, 'outcome_unknown', asked + MINUTE, /^handed_over$/],
    [
      { ...followUp('failed', { gateId: null, ruleId: 'phone_invalid', reason: 'No such number.' }) },
      'delivery_failed',
      asked + MINUTE,
      /^phone_invalid: No/,
    ],
    [{ ...followUp('failed', { gateId: null, ruleId: null, reason: null }) }, 'delivery_failed', asked + MINUTE, /^no reason/],
    [{ ...followUp('denied') }, 'gate', asked + MINUTE, /^hours\/quiet/],
    [{ ...followUp('expired') }, 'follow_up_lapsed', asked + MINUTE, /^expired: hours/],
    [{ ...followUp('cancelled', { gateId: null, ruleId: null, reason: null }) }, 'follow_up_lapsed', asked + MINUTE, /^cancelled$/],
    [{ ...followUp('confirmed'), decision: waiting }, 'decided_to_wait', asked + MINUTE, /^$/],
    [{ decision: gated, foundAt: asked + HOUR }, 'gate', asked + MINUTE, /^consent\/r: No\.$/],
    [{ decision: { ...waiting, fallbackUsed: true } }, 'agents_failed', asked + MINUTE, /^too few agents answered to decide/],
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

t.test('nothing is owed to who is answered, gone, done, or refuses us on every channel', async (t) => {
  const revoked = { status: 'revoked', at: 0, expiresAt: null, eventId: 'e', words: 'stop' }
  for (const over of [
    { lastInboundAt: null },
    { lastOutboundAt: asked + 1 },
    { deletedAt: asked },
    { status: 'lost' },
    { dnd: true },
    { consents: { sms: revoked, email: revoked, call: revoked } },
  ])
    t.equal(owed(facts({ profile: lead(over) }), now), undefined, JSON.stringify(over))
  t.ok(owed(facts({ profile: lead({ consents: { sms: revoked } }) }), now), 'e-mail is left')
})

t.test('the report says who waits, how long and why', async (t) => {
  const swept = ['messages', 'emails'].map((source) => ({ source, until: now - 5 * MINUTE, failedBecause: null }))
  const fine = coverageOf([{ tenantId, name: 'Example Homes', swept, heartbeat: null }], now)
  const never = coverageOf([{ tenantId, name: 'Example Homes', swept: [], heartbeat: null }], now)
  const answer = { at: now, leads: [], nextCursor: null, coverage: fine }
  t.strictSame(owedLines(answer), ['No lead waits for an answer, as of 2026-11-10 19:00 UTC.'])
  for (const coverage of [never, coverageOf([], now)])
    t.strictSame(owedLines({ ...answer, coverage }), ['No lead is known to wait for an answer, as of 2026-11-10 19:00 UTC.'])
  t.match(owedLines({ ...answer, nextCursor: 'c' })[1], /^There may be more who wait: --limit/)
  const found = owed(facts({ foundAt: asked + 20 * MINUTE, profile: lead({ firstName: null, lastName: null }) }), now)
  const undecided = owed(facts(), now)
  if (found === undefined || undecided === undefined) return t.fail('nothing is owed')
  const lines = owedLines({ ...answer, leads: [found, undecided], nextCursor: 'c' })
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
