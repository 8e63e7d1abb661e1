/** `rekindle audit`: what a judge reads, what is sent, and what is said afterwards. */
import t from 'tap'
import { auditLines } from '../../cli/verbs/audit.ts'
import { apiRun } from './apiRun.ts'

const at = Date.UTC(2026, 10, 24, 15)
const run: typeof apiRun = (argv, answer) => apiRun(argv, answer, { REKINDLE_API_TOKEN: 'a-token-of-24-characters-' })
const audit = {
  ...{ decisionId: 'd1', leadKey: 'loc:maria', name: 'Maria López', type: 'follow_up', stage: 'engaged', reason: 'inbound_message' },
  ...{ askedAt: at, options: ['wait', 'sms', 'call'], closed: ['call'], realtors: [], second: true, timeZone: 'America/Chicago' },
  messages: [
    { at: at - 3_600_000, direction: 'outbound', channel: 'sms', text: 'Any questions?' },
    { at, direction: 'inbound', channel: 'sms', text: 'Can we close in June, or on 2026-12-01 09:00 UTC?' },
  ],
}

t.test('a judge reads the situation, the options and what to type, and not what was decided', async (t) => {
  const { out, asked } = await run(
    ['audit', 'next', '--by', 'anna & co', '--type', 'follow_up', '--limit', '2', '--location', 'loc', '--url', 'http://127.0.0.1:9'],
    { status: 200, body: { audits: [audit], waiting: 7 } },
  )
  t.strictSame(asked, [
    {
      url: 'http://127.0.0.1:9/audits?by=anna+%26+co&limit=2&tenant=loc&type=follow_up',
      method: 'GET',
      body: undefined,
      authorization: 'Bearer a-token-of-24-characters-',
    },
  ])
  t.strictSame(out, [
    'd1  follow up, a second opinion',
    '  Maria López (loc:maria), engaged, asked because of: inbound message, 2026-11-24 09:00 CST',
    '  2026-11-24 08:00 CST we   sms: Any questions?',
    '  2026-11-24 09:00 CST lead sms: Can we close in June, or on 2026-12-01 09:00 UTC?',
    '  What would have been right?',
    '    wait  wait',
    '    sms   send a text message',
    '    call  have a realtor call, which was not allowed',
    '',
    '7 wait for anna & co. rekindle audit label <id> --by anna & co --right <option>',
  ])
  t.match(auditLines({ audits: [{ ...audit, type: 'content', options: ['wait', 'soft_ask'], closed: [] }], waiting: 1 }, 'anna'), [
    ...Array<RegExp>(5).fill(/./),
    '    wait      keep the plain text',
    '    soft_ask  ask softly',
  ])
  const places = [
    { option: 'realtor_1', id: 'user1', name: 'Ben Ortiz' },
    { option: 'realtor_2', id: 'user2', name: null },
  ]
  const routing = { ...audit, type: 'routing', options: ['wait', 'realtor_1', 'realtor_2', 'realtor_3'], closed: ['realtor_3'] }
  t.match(auditLines({ audits: [{ ...routing, realtors: places }], waiting: 1 }, 'anna'), [
    ...Array<RegExp>(5).fill(/./),
    '    wait       leave the lead without a realtor',
    '    realtor_1  give the lead to Ben Ortiz (user1)',
    '    realtor_2  give the lead to user2',
    '    realtor_3  give the lead to the third realtor of the list, which was not allowed',
  ])
  const { realtors: _, timeZone: __, ...older } = { ...routing, realtors: places }
  const said = auditLines({ audits: [older as typeof audit], waiting: 1 }, 'anna')
  t.match(said[6], /the first realtor of the list$/, 'an older API')
  t.match(said[1], /2026-11-24 15:00 UTC$/)
  t.strictSame(auditLines({ audits: [], waiting: 0 }, 'anna'), ['Nothing waits for a verdict of anna.'])
})

t.test('a verdict is posted, and it is said whether the decision was the same and whether it trains anything', async (t) => {
  const stored = { decisionId: 'd1', right: 'call', chosen: 'sms', agreed: false, selection: 'random', inclusion: 0.03 }
  const label = ['audit', 'label', 'd1', '--by', 'anna', '--right', 'call', '--note', 'a date', '--url', 'http://127.0.0.1:9']
  const told = await run(label, { status: 200, body: stored })
  t.strictSame(told.asked, [
    {
      url: 'http://127.0.0.1:9/audits/d1',
      method: 'POST',
      body: '{"by":"anna","right":"call","note":"a date"}',
      authorization: 'Bearer a-token-of-24-characters-',
    },
  ])
  t.strictSame(told.out, ['Stored. The decision was sms, not call.'])
  t.match((await run(label, { status: 200, body: { ...stored, agreed: true, chosen: 'call', selection: 'override' } })).out, [
    'Stored. The decision was the same: call.',
    /not chosen by chance/,
  ])
  const refused = await run(label, {
    status: 409,
    body: { code: 'E_VERDICT_REFUSED', message: 'fax is no option.', remedy: 'Give one of the options.', requestId: '1' },
  })
  t.equal(refused.code, 1)
  t.match(refused.err.join('\n'), /E_VERDICT_REFUSED: fax is no option\.\nWhat to do: Give one of the options\./)
  t.equal((await run(['audit', 'next'], { status: 200, body: {} })).code, 2, 'who judges must be said')
})
