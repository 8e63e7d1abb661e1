import t from 'tap'
import { htmlOf, wordsOf } from '../../../integrations/ghl/emailHtml.ts'
import { endpoints } from '../../../integrations/ghl/endpoints.ts'
import type { EndpointName } from '../../../integrations/ghl/endpoints.ts'
import { failureOfError, failureOfStatus, failureRules } from '../../../integrations/ghl/outcomes.ts'

const refused = (code: string) => ({ kind: 'refused', code })

t.test('answers by endpoint, status and words: every rule has its case', async (t) => {
  const cases: readonly (readonly [number, string, object, EndpointName?])[] = [
    [429, 'Daily limit exceeded', { kind: 'not_sent', code: 'daily_limit', retryAfterMs: 300_000 }],
    [429, '', { kind: 'not_sent', code: 'rate_limited', retryAfterMs: 10_000 }],
    [401, 'The token is not authorized for this scope.', { kind: 'not_sent', code: 'scope_missing' }],
    [401, 'This route is not yet supported by the IAM Service.', { kind: 'not_sent', code: 'scope_missing' }],
    [401, '{"message":"Command timed out"}', { kind: 'unknown', code: 'timed_out' }],
    [401, 'Invalid JWT', { kind: 'not_sent', code: 'not_yet_visible', retryAfterMs: 10_000 }, 'messageStatus'],
    [403, 'Forbidden', { kind: 'not_sent', code: 'not_yet_visible', retryAfterMs: 10_000 }, 'messageStatus'],
    [401, 'Invalid JWT', { kind: 'not_sent', code: 'unauthorised' }],
    [403, '', { kind: 'not_sent', code: 'forbidden' }],
    [408, '', { kind: 'unknown', code: 'timed_out' }],
    [500, '', { kind: 'unknown', code: 'server_error' }],
    [502, '', { kind: 'unknown', code: 'server_error' }],
    [302, '', { kind: 'unknown', code: 'redirected' }],
    [422, 'email must be an email', { kind: 'unknown', code: 'perhaps_created' }, 'contactUpsert'],
    [422, 'email must be an email', { kind: 'unknown', code: 'perhaps_created' }, 'contactCreate'],
    [422, 'email must be an email', refused('bad_request'), 'contactUpdate'],
    [400, 'Cannot send message as DND is active for SMS.', refused('dnd_active')],
    [400, 'Cannot send email as a@example.com has unsubscribed', refused('unsubscribed')],
    [400, 'error 21610', refused('carrier_opt_out')],
    [400, 'error 30005', refused('unreachable')],
    [400, 'error 30007', refused('carrier_filtered')],
    [400, 'Missing phone number', refused('phone_missing')],
    [400, 'Invalid country calling code', refused('phone_invalid')],
    [400, "Unable to send e-mail, contact's e-mail is invalid", refused('email_invalid')],
    [400, 'Location is not active', refused('location_inactive')],
    [400, 'This location does not allow duplicated contacts.', refused('duplicate_contact')],
    [400, 'The slot you have selected is no longer available.', refused('slot_taken')],
    [400, 'Contact with id x not found', refused('contact_not_found')],
    [404, 'version header is invalid or was not found.', refused('wrong_version')],
    [404, '', { kind: 'not_sent', code: 'not_connected', retryAfterMs: 10_000 }],
    [404, '<html>\n<h1>404 Not Found</h1></html>', { kind: 'not_sent', code: 'not_connected' }, 'contactUpdate'],
    [404, '{"message":"Cannot POST /x","statusCode":404}', refused('not_found')],
    [404, '', refused('not_found'), 'contactGet'],
    [400, 'Opportunity not found', refused('not_found')],
    [400, 'Opportunity with id o1 not found', refused('opportunity_not_found'), 'opportunityGet'],
    [404, 'Not Found', refused('not_found'), 'opportunityGet'],
    [404, '{"message":"Appointment not found"}', refused('appointment_not_found'), 'appointmentGet'],
    [400, 'Contact with id x not found', refused('contact_not_found'), 'appointmentGet'],
    [422, 'anything else', refused('bad_request')],
  ]
  const ruleOf = (endpoint: EndpointName, status: number, words: string) =>
    failureRules.find(
      ({ status: at, says, at: only }) =>
        (at === status || at === `${Math.floor(status / 100)}xx`) && says?.test(words) !== false && only?.includes(endpoint) !== false,
    )
  const met = new Set<object | undefined>()
  for (const [status, words, outcome, endpoint = 'messageSend'] of cases) {
    t.match(failureOfStatus(endpoint, status, words), outcome, `${endpoint} ${status} ${words}`)
    met.add(ruleOf(endpoint, status, words))
  }
  for (const rule of failureRules) t.ok(met.has(rule), `${rule.then.code} ${String(rule.says ?? '')} has a case`)
})

t.test('the wait that the platform asks for goes before the table', async (t) => {
  t.match(failureOfStatus('messageSend', 429, '', 3_000), { retryAfterMs: 3_000 })
  t.match(failureOfStatus('messageSend', 401, '', 3_000), { retryAfterMs: 3_000 })
})

t.test('what may have acted is never called not sent', async (t) => {
  const statuses = Array.from({ length: 300 }, (_, index) => 300 + index)
  const wrong = (Object.keys(endpoints) as EndpointName[]).flatMap((endpoint) =>
    statuses.filter(
      (status) => (status >= 500 || status < 400 || status === 408) && failureOfStatus(endpoint, status, '').kind !== 'unknown',
    ),
  )
  t.strictSame(wrong, [])
})

t.test('failures without an answer: refused connections did nothing, the rest is not known', async (t) => {
  const both = new AggregateError([
    Object.assign(new Error('v6'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('v4'), { code: 'ECONNREFUSED' }),
  ])
  t.match(failureOfError(new Error('fetch failed', { cause: both })), { kind: 'not_sent', code: 'not_connected' })
  t.match(failureOfError('odd'), { kind: 'unknown', code: 'connection_lost', detail: 'odd' })
})

t.test('the words of an e-mail survive being wrapped', async (t) => {
  t.equal(htmlOf('a <b>\n\n"c" & d\ne'), '<p>a &lt;b&gt;</p><p>&quot;c&quot; &amp; d<br>e</p>')
  t.equal(wordsOf('<style>p{}</style><p>A&nbsp;&lt;b&gt;</p><p>it&#39;s</p>'), "a <b> it's")
})
