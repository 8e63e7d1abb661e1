/** Questions to people on a real Postgres: what is open, what an answer stores, what closes a question, and who may answer. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import type { Test } from 'tap'
import type { Decision, FollowUp, OutcomeObserved } from '../../schemas/generated/records.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { readerQueries } from '../../sinks/postgres/reader.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { decisions, followups, profiles } from '../../topics/index.ts'
import { decisionRecord, followUpRecord, HOUR, profileRecord, tenantId } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { testStack } from '../support/stack.ts'
import { apiUnderTest, at } from './apiUnderTest.ts'

t.setTimeout(120_000)
const key = `${tenantId}:maria`
const options: Decision['options'] = ['wait', 'sms', 'email'].map((option) => ({
  ...{ option, eligible: option !== 'email', baseMicro: 0, score: '0', probability: 0.5, utility: 0 },
}))
const question = (decisionId: string, over: Partial<FollowUp> = {}): FollowUp =>
  followUpRecord({
    ...{
      decisionId,
      action: 'ask',
      channel: 'none',
      templateId: null,
      text: 'Decide what to do about Maria',
      body: `1. <b>sms</b>\nabout ${decisionId}`,
    },
    ...{ plannedAt: at - HOUR, dueAt: at - HOUR, expiresAt: at + HOUR },
    ...over,
  })

async function world(t: Test) {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 4 })
  const sink = postgresSink(pool)
  const decided = (decisionId: string) =>
    [key, decisionRecord({ decisionId, options, escalation: 'undecided', conformalSet: ['wait', 'sms'], decidedAt: at - HOUR })] as const
  await sink.write([
    batch(profiles, 0, [[key, profileRecord({ firstName: 'Maria', lastName: 'Lopez' })]]),
    batch(decisions, 0, ['open', 'later', 'late', 'closed', 'silent'].map(decided)),
    batch(followups, 0, [
      [key, question('later', { expiresAt: at + 2 * HOUR })],
      [key, question('open')],
      [key, question('late', { expiresAt: at })],
      [key, question('closed')],
      [key, question('closed', { change: 'cancelled', reason: 'Superseded.' })],
    ]),
  ])
  const { app, produced } = await apiUnderTest({ queries: readerQueries(pool) })
  t.teardown(async () => {
    await app.close()
    await pool.end()
  })
  const list = async (query = '') => (await app.inject(`/asks${query}`)).json<{ asks: { decisionId: string; body: string }[] }>().asks
  const answer = async (id: string, body: object) => {
    const answered = await app.inject({ method: 'POST', url: `/asks/${id}`, payload: body })
    return { status: answered.statusCode, ...answered.json<Record<string, unknown>>() }
  }
  const form = (id: string, body: string, from = 'same-origin') =>
    app.inject({
      ...{ method: 'POST', url: `/ui/asks/${id}`, payload: body },
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': from },
    })
  const answers = () => produced.map((one) => [one.key, one.value as unknown as OutcomeObserved] as const)
  return { app, pool, sink, list, answer, form, answers }
}

t.test('a list that is cut off says so, on the page too', async (t) => {
  const { app } = await world(t)
  const ids = (answer: { json: () => { asks: { decisionId: string }[]; more: boolean } }) => {
    const { asks, more } = answer.json()
    return { ids: asks.map(({ decisionId }) => decisionId), more }
  }
  t.strictSame(ids(await app.inject('/asks?limit=1')), { ids: ['open'], more: true })
  t.strictSame(ids(await app.inject('/asks?limit=2')), { ids: ['open', 'later'], more: false })
  t.match((await app.inject('/ui/asks?limit=1')).body, '<p>More questions are open.')
  t.notMatch((await app.inject('/ui/asks?limit=2')).body, 'More questions')
})

t.test('what is open is listed, the one whose time is over first first, with all that one needs to decide', async (t) => {
  const { app, list, sink } = await world(t)
  const asks = await list()
  t.strictSame(
    asks.map(({ decisionId }) => decisionId),
    ['open', 'later'],
    'neither what is over, closed, nor never asked',
  )
  t.match(asks[0], {
    ...{ leadKey: key, name: 'Maria Lopez', title: 'Decide what to do about Maria', body: '1. <b>sms</b>\nabout open' },
    ...{ options: ['wait', 'sms'], askedAt: at - HOUR, until: at + HOUR },
  })
  t.match((await app.inject('/asks?tenant=elsewhere')).json(), { code: 'E_LOCATION_UNKNOWN' })
  t.equal((await list('?limit=1')).length, 1)
  const document = app.swagger() as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>>
  }
  const schema = document.paths['/asks']?.['get']?.responses['200']?.content['application/json']?.schema ?? {}
  t.ok(new Ajv2020({ strict: false }).validate(schema, { asks, more: false }), 'as documented')

  const page = await app.inject('/ui/asks')
  t.equal(page.statusCode, 200)
  t.match(
    page.body,
    /Maria Lopez[\s\S]*1h 0m left[\s\S]*1\. &lt;b&gt;sms&lt;\/b&gt;\nabout open[\s\S]*value="wait"[\s\S]*Send a text message/,
  )
  t.notMatch(page.body, /<b>sms/)
  await sink.write([
    batch(
      followups,
      5,
      [question('open'), question('later')].map((one) => [key, { ...one, change: 'cancelled' }] as const),
    ),
  ])
  t.match((await app.inject('/ui/asks')).body, /No question is open\./)
})

t.test('an answer is one verdict that is to be carried out', async (t) => {
  const { answer, answers } = await world(t)
  t.match(await answer('open', { by: 'anna', option: 'sms', note: 'She is keen.' }), {
    status: 200,
    decisionId: 'open',
    option: 'sms',
    by: 'anna',
    at,
  })
  t.match(answers(), [
    [
      key,
      {
        ...{ tenantId, contactId: 'maria', kind: 'audit_label', at, source: 'api' },
        label: {
          decisionId: 'open',
          option: 'sms',
          labeller: 'anna',
          selection: 'escalated',
          inclusion: 1,
          note: 'She is keen.',
          carryOut: true,
        },
      },
    ],
  ])
})

t.test('what is not open, not allowed or not said is refused with what to do', async (t) => {
  const { answer, answers, app } = await world(t)
  for (const id of ['late', 'closed', 'silent', 'nobody'])
    t.match(await answer(id, { by: 'anna', option: 'sms' }), { status: 409, code: 'E_ASK_CLOSED', reason: 'not_open' }, id)
  t.match(await answer('open', { by: 'anna', option: 'email' }), { status: 409, code: 'E_VERDICT_REFUSED', reason: 'not_allowed' })
  t.match(await answer('open', { by: 'anna', option: 'fax' }), { status: 409, code: 'E_VERDICT_REFUSED', reason: 'option_unknown' })
  t.match(await answer('open', { option: 'sms' }), { status: 400, code: 'E_REQUEST_INVALID' })
  const posted = await app.inject({
    ...{ method: 'POST', url: '/asks/open', payload: 'by=anna&option=sms' },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  t.equal(posted.statusCode, 400, 'a form, which any site can send, is read on its page alone')
  t.strictSame(answers(), [])
})

t.test('a form of this page is an answer; one of another site, or of nobody knows where, is not', async (t) => {
  const { form, answers, app } = await world(t)
  for (const from of ['cross-site', 'same-site', 'none']) {
    const refused = await form('open', 'by=anna&option=sms', from)
    t.equal(refused.statusCode, 403)
    t.match(refused.body, /E_FORM_FOREIGN/)
  }
  t.equal((await app.inject({ method: 'POST', url: '/ui/asks/open', payload: { by: 'anna', option: 'sms' } })).statusCode, 400)
  t.equal((await form('open', 'by=&option=sms')).statusCode, 400)
  t.equal((await form('open', 'by=anna&option=sms&more=1')).statusCode, 400)
  t.match(await form('late', 'by=anna&option=sms'), { statusCode: 409, body: /time is over/ })
  t.strictSame(answers(), [])
  const taken = await form('open', 'by=Anna+%3Cb%3E&option=sms')
  t.equal(taken.statusCode, 200)
  t.match(taken.body, /Thank you, Anna &lt;b&gt;: it was noted to send a text message\./)
  t.match(answers(), [[key, { label: { labeller: 'Anna <b>', option: 'sms', carryOut: true } }]])
})

t.test('a question that was put is closed by a cancellation, which a sent message is not', async (t) => {
  const { pool, sink, list } = await world(t)
  await pool.query(`UPDATE followup_actions SET status = 'confirmed', sequence = 3 WHERE decision_id = 'open'`)
  t.equal((await list()).length, 2, 'the task is there: it waits for its answer')
  const closing = batch(followups, 5, [
    [key, followUpRecord({ decisionId: 'sent' })],
    [key, { ...question('open'), change: 'cancelled', reason: 'anna was asked and chose to wait.' }],
  ])
  await sink.write([{ ...closing, records: closing.records.map((record) => ({ ...record, timestamp: at + 5 })) }])
  await pool.query(`UPDATE followup_actions SET status = 'confirmed' WHERE decision_id = 'sent'`)
  await sink.write([batch(followups, 7, [[key, { ...followUpRecord({ decisionId: 'sent' }), change: 'cancelled' }]])])
  const { rows } = await pool.query(
    `SELECT decision_id, status, reason, sequence, updated_at FROM followup_actions WHERE decision_id IN ('open', 'sent') ORDER BY 1`,
  )
  t.match(rows, [
    {
      decision_id: 'open',
      status: 'cancelled',
      reason: 'anna was asked and chose to wait.',
      sequence: 4,
    },
    { decision_id: 'sent', status: 'confirmed' },
  ])
  t.equal((rows[0] as { updated_at: Date }).updated_at.getTime(), at + 5, 'when it was closed, not when it was put')
  t.equal((await list()).length, 1)
})
