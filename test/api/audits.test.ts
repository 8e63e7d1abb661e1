/** The audit on a real Postgres: who is asked what, what is shown and what is not, and what becomes of a verdict. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import type { Test } from 'tap'
import { JUDGED_WITHIN_MS, auditItem } from '../../api/audits.ts'
import { wantsSecond } from '../../pipelines/learning/labels.ts'
import { deterministicId } from '../../runtime/ids.ts'
import type { Decision, OutcomeObserved, Realtor } from '../../schemas/generated/records.ts'
import { labelledDecisions } from '../../sinks/postgres/audits.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { decisions, leadEvents, outcomes, profiles, realtorKey } from '../../topics/index.ts'
import { decisionRecord, HOUR, labelRecord, messageEvent, profileRecord, tenantId } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { testStack } from '../support/stack.ts'
import { apiUnderTest, at } from './apiUnderTest.ts'

t.setTimeout(120_000)
const key = `${tenantId}:maria`
const options: Decision['options'] = ['wait', 'sms', 'call'].map((option) => ({
  ...{ option, eligible: option !== 'call', baseMicro: 0, score: '0' },
  ...{ probability: 0, utility: 0 },
}))
/** Ids in the order of the queue; `alone` have one judge, `twice` has two. */
const ids = Array.from({ length: 60 }, (_, n) => deterministicId('audited', n)).sort()
const alone = ids.filter((id) => !wantsSecond(id)).slice(0, 3)
const twice = ids.find(wantsSecond) as string

const decision = (decisionId: string, over: Partial<Decision> = {}): Decision =>
  decisionRecord({ decisionId, options, askedAt: at - HOUR, decidedAt: at - HOUR, auditSelected: true, pAudit: 0.03, ...over })

async function world(t: Test) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  const sink = postgresSink(pool)
  t.ok(sink.topics.includes(outcomes), 'it reads what it stores')
  const long = messageEvent({ eventId: 'e1', occurredAt: at - 2 * HOUR }, `Can we close in June? ${'x'.repeat(600)}`)
  await sink.write([
    batch(profiles, 0, [[key, profileRecord({ firstName: 'Maria', lastName: 'Lopez' })]]),
    batch(leadEvents, 0, [
      [key, long],
      [key, messageEvent({ eventId: 'e2', occurredAt: at }, 'Said after the question.')],
    ]),
    batch(
      decisions,
      0,
      [
        ...[...alone, twice].map((id) => decision(id)),
        decision('not-chosen', { auditSelected: false, pAudit: 0.03 }),
        decision('drawn', { auditSelected: false, chosen: 'call', draw: { trial: 't', usual: 'sms', drawn: true, arms: [], seed: 's' } }),
        decision('long-ago', { decidedAt: at - JUDGED_WITHIN_MS - 1 }),
        decision('gates-alone', { auditSelected: false, stopReason: 'gated' }),
      ].map((one) => [key, one] as const),
    ),
  ])
  const { app, produced } = await apiUnderTest({ queries: readerQueries(pool) })
  t.teardown(async () => {
    await app.close()
    await pool.end()
  })
  let offset = 0
  /** What the topic holds goes into the table, as the sink does it. */
  const stored = async () => {
    const fresh = produced.splice(0).map(({ key, value }) => [key, value as unknown as OutcomeObserved] as const)
    if (fresh.length > 0) await sink.write([batch(outcomes, offset, fresh)])
    offset += fresh.length
    return fresh
  }
  const next = async (by: string, more = '') =>
    (await app.inject(`/audits?by=${by}&limit=50${more}`)).json<{ audits: { decisionId: string; second: boolean }[]; waiting: number }>()
  const judge = async (id: string, body: object) => {
    const answer = await app.inject({ method: 'POST', url: `/audits/${id}`, payload: body })
    return { status: answer.statusCode, ...answer.json<Record<string, unknown>>() }
  }
  return { app, pool, next, judge, stored, sink }
}

t.test('the queue has what chance chose lately, in the order of ids, without what was decided', async (t) => {
  const { app, next } = await world(t)
  const { audits, waiting } = await next('anna')
  t.strictSame(
    audits.map(({ decisionId }) => decisionId),
    [...alone, twice].sort(),
  )
  t.equal(waiting, 4)
  t.match(audits[0], {
    ...{ leadKey: key, name: 'Maria Lopez', type: 'follow_up', stage: 'silent', reason: 'silence_24h', askedAt: at - HOUR },
    ...{ options: ['wait', 'sms', 'call'], closed: ['call'], second: false },
    messages: [{ direction: 'inbound', text: /^Can we close in June\? x+$/ }],
  })
  const text = JSON.stringify(audits)
  t.notMatch(text, /chosen|runnerUp|probability|contributions/)
  t.notMatch(text, /after the question/)
  t.ok((audits[0] as unknown as { messages: { text: string }[] }).messages[0]?.text.length === 500)
  t.strictSame((audits[0] as unknown as { realtors: unknown[] }).realtors, [], 'its options are no realtors')
  t.equal((await next('anna', '&limit=1')).waiting, undefined, 'a limit given twice is refused')
  t.equal((await next('anna', '&type=escalation')).audits.length, 0)
  t.match(await next('anna', '&tenant=elsewhere'), { code: 'E_LOCATION_UNKNOWN' })
  const document = app.swagger() as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>>
  }
  const schema = document.paths['/audits']?.['get']?.responses['200']?.content['application/json']?.schema ?? {}
  t.ok(new Ajv2020({ strict: false }).validate(schema, { audits, waiting }), 'as documented')
})

t.test('who is asked which realtor would have been right reads who the options are', async (t) => {
  const routing = decision('routed', { type: 'routing', chosen: 'realtor_2', params: { shortlist: 'user1 user2', realtorId: 'user2' } })
  const known = { get: (key: string) => (key === realtorKey(tenantId, 'user1') ? ({ name: 'Ben Ortiz' } as Realtor) : undefined) }
  const shown = auditItem({ decision: routing, name: null, messages: [], second: false }, known, 'America/Denver')
  t.strictSame(shown.realtors, [
    { option: 'realtor_1', id: 'user1', name: 'Ben Ortiz' },
    { option: 'realtor_2', id: 'user2', name: null },
  ])
  t.equal(shown.timeZone, 'America/Denver')
  t.notMatch(JSON.stringify(shown), /chosen|realtorId/)
})

t.test('a verdict is one record; what is judged leaves the queue, or waits for one second person', async (t) => {
  const { next, judge, stored, pool } = await world(t)
  const [first = ''] = alone
  t.match(await judge(first, { by: 'anna', right: 'call', note: 'She asked for a date.' }), {
    ...{ status: 200, right: 'call', chosen: 'sms', agreed: false, selection: 'random', inclusion: 0.03 },
  })
  await judge(twice, { by: 'anna', right: 'sms' })
  const told = await stored()
  t.match(told[0], [
    key,
    { tenantId, contactId: 'maria', kind: 'audit_label', at, source: 'api', label: { decisionId: first, labeller: 'anna' } },
  ])
  t.strictSame(
    (await next('anna')).audits.map(({ decisionId }) => decisionId),
    alone.slice(1).sort(),
  )
  const forBen = (await next('ben')).audits
  t.strictSame(
    forBen.map(({ decisionId }) => decisionId),
    [...alone.slice(1), twice].sort(),
  )
  t.strictSame(
    forBen.filter(({ second }) => second).map(({ decisionId }) => decisionId),
    [twice],
  )
  await judge(twice, { by: 'ben', right: 'wait' })
  await stored()
  t.strictSame(
    (await next('cleo')).audits.map(({ decisionId }) => decisionId),
    alone.slice(1).sort(),
    'two are enough',
  )

  await judge(first, { by: 'anna', right: 'wait' })
  await stored()
  const labelled = await labelledDecisions(pool, 'follow_up', 0)
  t.strictSame(
    labelled.map(({ decision: { decisionId }, labeller, option }) => [decisionId, labeller, option]).sort(),
    [
      [first, 'anna', 'wait'],
      [twice, 'anna', 'sms'],
      [twice, 'ben', 'wait'],
    ].sort(),
    'the own verdict was replaced',
  )

  t.match(
    await judge('drawn', { by: 'anna', right: 'sms' }),
    { status: 200, chosen: 'sms', agreed: true },
    'the votes are judged, not the lot',
  )
})

t.test('of two verdicts of one person in one batch the later one counts, and an old one told late changes nothing', async (t) => {
  const { pool, sink } = await world(t)
  const told = (option: string, when: number) => [key, labelRecord({ at: when }, { option })] as const
  await sink.write([batch(outcomes, 0, [told('call', at), told('sms', at), told('wait', at - 1)])])
  await sink.write([batch(outcomes, 3, [told('email', at - 1)])])
  const { rows } = await pool.query<{ right_option: string }>('SELECT right_option FROM audit_labels')
  t.strictSame(rows, [{ right_option: 'sms' }])
})

t.test('what cannot be judged is refused with what to do, and a broker that is away is no stored verdict', async (t) => {
  const { judge, stored, app, pool } = await world(t)
  t.match(await judge('nobody', { by: 'anna', right: 'call' }), { status: 404, code: 'E_DECISION_UNKNOWN' })
  t.match(await judge(twice, { by: 'anna', right: 'fax' }), { status: 409, code: 'E_VERDICT_REFUSED', reason: 'option_unknown' })
  t.match(await judge('gates-alone', { by: 'anna', right: 'wait' }), { status: 409, code: 'E_VERDICT_REFUSED', reason: 'not_judged' })
  t.match(await judge(twice, { right: 'call' }), { status: 400, code: 'E_REQUEST_INVALID' })
  t.match(await judge(twice, { by: 'anna\u0000', right: 'call' }), { status: 400, code: 'E_REQUEST_INVALID' })
  t.match(await judge('not-chosen', { by: 'anna', right: 'call' }), { status: 200, selection: 'override', inclusion: 0 })
  t.equal((await stored()).length, 1)
  t.equal(
    (
      await app.inject({
        method: 'POST',
        url: `/audits/${twice}`,
        headers: { 'content-type': 'text/plain' },
        payload: '{"by":"x","right":"sms"}',
      })
    ).statusCode,
    400,
    'another page could send plain text',
  )
  const away = await apiUnderTest({ queries: readerQueries(pool), producer: { send: async () => Promise.reject(new Error('no broker')) } })
  t.teardown(() => away.app.close())
  const answer = await away.app.inject({ method: 'POST', url: `/audits/${twice}`, payload: { by: 'anna', right: 'sms' } })
  t.match([answer.statusCode, answer.json()], [503, { code: 'E_INTAKE_UNAVAILABLE' }])
})

t.test(
  'what the agents could not decide is asked about beside what chance chose, and its verdict was certain to be asked for',
  async (t) => {
    const { next, judge, sink } = await world(t)
    const undecided = decision('undecided', { auditSelected: false, conformalSet: ['sms', 'call'], escalation: 'undecided' })
    const unheard = decision('unheard', { auditSelected: false, degraded: true, escalation: 'quorum_failed_twice' })
    const other = decision('other', { auditSelected: false, degraded: true })
    await sink.write([
      batch(
        decisions,
        100,
        [undecided, unheard, other].map((one) => [key, one] as const),
      ),
    ])
    const { audits, waiting } = await next('anna')
    for (const id of ['undecided', 'unheard']) t.ok(audits.some(({ decisionId }) => decisionId === id))
    t.equal(waiting, 6)
    t.match(await judge('undecided', { by: 'anna', right: 'call' }), { status: 200, selection: 'escalated', inclusion: 1 })
  },
)
