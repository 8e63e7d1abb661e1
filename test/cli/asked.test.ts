/** `rekindle asked`: what a person reads and answers, and what is said afterwards. */
import t from 'tap'
import { askedLines } from '../../cli/verbs/asked.ts'
import { changed } from '../../cli/verbs/tenants.ts'
import { tenantId, tenantRecord } from '../support/leadRecords.ts'
import { apiRun } from './apiRun.ts'

const until = Date.UTC(2026, 10, 24, 15)
const ask = {
  ...{ decisionId: 'd1', leadKey: 'loc:maria', name: 'Maria López', title: 'Decide what to do about Maria', body: 'One line.\nAnother.' },
  ...{ options: ['wait', 'sms'], askedAt: until - 7_200_000, until, timeZone: 'America/Chicago' },
}

t.test('each open question is told with how long an answer helps', async (t) => {
  const { asked } = await apiRun(['asked', 'list', '--location', 'loc', '--url', 'http://127.0.0.1:9'], { status: 200, body: { asks: [] } })
  t.match(asked, [{ url: 'http://127.0.0.1:9/asks?limit=20&tenant=loc', method: 'GET' }])
  t.strictSame(askedLines({ asks: [ask], more: false }, until - 3_600_000), [
    'Decide what to do about Maria  d1',
    '  Maria López (loc:maria), 1h 0m left, until 2026-11-24 09:00 CST',
    '  One line.',
    '  Another.',
    '',
  ])
  t.strictSame(askedLines({ asks: [], more: false }, until), [
    'No question is open. A message is unclear only under a policy that was learned from verdicts (rekindle audit next), or where the location has said what a minute of a person is worth.',
  ])
})

t.test('where more are open than are told, it is said', (t) => {
  t.equal(
    askedLines({ asks: [ask], more: true }, until).at(-1),
    'More questions are open: --limit shows up to 200, --location those of one location.',
  )
  t.end()
})

t.test('an answer is posted, and a closed question is an error with what to do', async (t) => {
  const answer = ['asked', 'answer', 'd1', 'sms', '--by', 'anna', '--note', 'keen', '--url', 'http://127.0.0.1:9']
  const told = await apiRun(answer, { status: 200, body: { decisionId: 'd1', option: 'sms', by: 'anna', at: until } })
  t.match(told.asked, [{ url: 'http://127.0.0.1:9/asks/d1', method: 'POST', body: '{"by":"anna","option":"sms","note":"keen"}' }])
  t.strictSame(told.out, ['Noted to send a text message. The rules are asked once more before anything leaves.'])
  const closed = await apiRun(answer, {
    status: 409,
    body: { code: 'E_ASK_CLOSED', message: 'No question about decision d1 is open.', remedy: 'See `rekindle asked list`.', requestId: '1' },
  })
  t.match(closed.err.join('\n'), /E_ASK_CLOSED: No question about decision d1 is open\.\nWhat to do: See `rekindle asked list`\./)
  t.not(closed.code, 0)
})

t.test('office hours and the worth of a minute are set in words, taken back by off, and refused with what is wrong', async (t) => {
  const before = tenantRecord()
  const week = [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }]
  t.match(changed(tenantId, before, { officeHours: 'mon-fri 09:00-18:00', minuteWorth: '0.02' }, 5), {
    officeHours: week,
    minuteWorthMicro: 20_000,
  })
  const set = tenantRecord({ officeHours: week, minuteWorthMicro: 20_000 })
  t.match(changed(tenantId, set, { sender: 'Ann' }, 5), { officeHours: week, minuteWorthMicro: 20_000 }, 'what is not given stays')
  t.match(changed(tenantId, set, { officeHours: 'off', minuteWorth: 'off' }, 5), { officeHours: null, minuteWorthMicro: null })
  t.match(changed(tenantId, before, {}, 5), { officeHours: null, minuteWorthMicro: null }, 'off is the default')
  t.throws(() => changed(tenantId, before, { officeHours: 'fri-mon 09:00-18:00' }, 5), /--office-hours fri-mon .* are no days/)
  for (const worth of ['0', '2', '-0.1', 'much', '0.0000001'])
    t.throws(
      () => changed(tenantId, before, { minuteWorth: worth }, 5),
      /--minute-worth .* must be a utility above 0 and up to 1 such as 0\.02, or off\./,
    )
})
