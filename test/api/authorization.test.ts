/** The way back of a browser from GoHighLevel: what the page says, and what nobody is told. */
import t from 'tap'
import type { Finished } from '../../integrations/ghl/oauth/authorization.ts'
import { apiUnderTest } from './apiUnderTest.ts'

const secrets = 'code=the-secret-code&state=the-secret-state'

const cases: readonly (readonly [Finished, number, RegExp])[] = [
  [{ kind: 'unknown' }, 403, /E_AUTHORIZATION_UNKNOWN/],
  [{ kind: 'denied', detail: 'access_denied' }, 403, /E_AUTHORIZATION_DENIED/],
  [{ kind: 'refused', detail: '400: Invalid grant' }, 400, /E_AUTHORIZATION_REFUSED/],
  [{ kind: 'unanswered', detail: '502: ' }, 503, /E_AUTHORIZATION_UNANSWERED/],
]

t.test('what was not connected says why and what to do, by the error table, and nothing secret is shown or logged', async (t) => {
  for (const [finished, status, code] of cases) {
    const { app, logged } = await apiUnderTest({ finishAuthorization: async () => finished })
    const response = await app.inject({ url: `/oauth/callback?${secrets}` })
    t.equal(response.statusCode, status)
    t.match(response.headers, { 'content-type': /^text\/html/, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    t.match(response.body, code)
    t.match(response.body, /Nothing was connected[\s\S]*What to do next[\s\S]*rekindle ghl authorize-url/)
    t.match(logged, [{ code }])
    t.notMatch(`${response.body}${JSON.stringify(logged)}`, /the-secret/)
    await app.close()
  }
})

t.test('a connected agency names its locations and what comes next; words of the platform stay words', async (t) => {
  const locations = [{ locationId: 'loc1', name: '<script>alert(1)</script>', isInstalled: true }]
  const connected: Finished = { kind: 'connected', holder: { kind: 'company', id: 'com1' }, locations }
  const { app } = await apiUnderTest({ finishAuthorization: async () => connected })
  const { statusCode, body } = await app.inject({ url: `/oauth/callback?${secrets}` })
  t.equal(statusCode, 200)
  t.match(body, /The agency is connected[\s\S]*com1[\s\S]*loc1[\s\S]*&lt;script&gt;[\s\S]*rekindle tenants set/)
  t.notMatch(body, /<script>|the-secret/)
  await app.close()
  const later = await apiUnderTest({ finishAuthorization: async () => ({ ...connected, locations: undefined }) })
  t.match((await later.app.inject({ url: '/oauth/callback' })).body, /could not be listed at the moment/)
  await later.app.close()
})

t.test('empty parameters are none, and those that are no parameters are refused', async (t) => {
  const seen: unknown[] = []
  const { app } = await apiUnderTest({
    finishAuthorization: async (comeback) => {
      seen.push(comeback)
      return { kind: 'unknown' }
    },
  })
  await app.inject({ url: '/oauth/callback' })
  await app.inject({ url: '/oauth/callback?state=&code=&error=' })
  t.strictSame(seen, Array(2).fill({ state: undefined, code: undefined, error: undefined }))
  const long = await app.inject({ url: `/oauth/callback?state=${'x'.repeat(3_000)}` })
  t.match(long, { statusCode: 400, body: /E_REQUEST_INVALID/ })
  t.equal(seen.length, 2)
  await app.close()
})

t.test('a store that is away answers a page, and its words are not logged', async (t) => {
  const away = Object.assign(new Error('connect failed for state the-secret-state'), { code: 'ECONNREFUSED' })
  const { app, logged } = await apiUnderTest({ finishAuthorization: () => Promise.reject(away) })
  const response = await app.inject({ url: `/oauth/callback?${secrets}` })
  t.match(response, { statusCode: 503, body: /Nothing was connected[\s\S]*E_STORE_UNAVAILABLE/ })
  t.match(logged, [{ code: 'E_STORE_UNAVAILABLE', err: { code: 'ECONNREFUSED' } }])
  t.notMatch(JSON.stringify(logged), /the-secret/)
  await app.close()
})

t.test('who guesses states is stopped, and without an app there is no such route', async (t) => {
  const { app } = await apiUnderTest({ finishAuthorization: async () => ({ kind: 'unknown' }) })
  const statuses: number[] = []
  for (let i = 0; i < 31; i++) statuses.push((await app.inject({ url: `/oauth/callback?state=${i}` })).statusCode)
  t.strictSame([...new Set(statuses)], [403, 429])
  t.equal(statuses.indexOf(429), 30)
  await app.close()
  const none = await apiUnderTest()
  t.equal((await none.app.inject({ url: '/oauth/callback' })).statusCode, 404)
  await none.app.close()
})

t.test('the read API stays closed to a browser that comes back', async (t) => {
  const { app } = await apiUnderTest({
    access: { kind: 'token', token: 'a token of 24 characters' },
    finishAuthorization: async () => ({ kind: 'unknown' }),
  })
  t.equal((await app.inject({ url: '/oauth/callback' })).statusCode, 403)
  t.equal((await app.inject({ url: '/leads' })).statusCode, 401)
  await app.close()
})
