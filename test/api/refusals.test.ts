import { connect } from 'node:net'
import t from 'tap'
import { apiUnderTest, noQueries } from './apiUnderTest.ts'

const requestId = /^id-\d+$/
const invalid = { code: 'E_REQUEST_INVALID', remedy: 'Compare with /docs.', requestId }

t.test('an address that no route can read is refused with a code, a sentence and what to do', async (t) => {
  const { app } = await apiUnderTest()
  for (const url of ['/leads/%ff', '/leads/%', '/ui/leads/%zz', '/webhooks/workflow/%']) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 400, url)
    t.match(answer.json(), { ...invalid, message: /^The address has a % that encodes nothing\. / })
  }
  const long = await app.inject(`/leads/${'a'.repeat(401)}`)
  t.match([long.statusCode, long.json()], [400, { ...invalid, message: /^A part of the address has more than 400 characters\. / }])
})

t.test('a request that HTTP cannot read is refused like any other, and its connection ends', async (t) => {
  const { app } = await apiUnderTest()
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(() => app.close())
  const answerTo = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
      let got = ''
      socket.on('data', (bytes) => (got += bytes.toString()))
      socket.on('error', () => undefined)
      socket.on('close', () => {
        resolve(got)
      })
    })
  const tooMuch = await answerTo(`GET /leads HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)
  t.match(tooMuch, /^HTTP\/1\.1 431 /)
  t.match(JSON.parse(tooMuch.split('\r\n\r\n')[1] ?? ''), { ...invalid, message: /^The headers have more than 16384 bytes\. / })
  const noise = await answerTo('HELO there\r\n\r\n')
  t.match(noise, /^HTTP\/1\.1 400 /)
  t.match(JSON.parse(noise.split('\r\n\r\n')[1] ?? ''), { ...invalid, message: /^This is no request of HTTP\/1\.1\. / })
})

t.test('what a route does not take is refused by its name: passed over it would ask for more than was meant', async (t) => {
  const { app } = await apiUnderTest()
  const named = (name: string) => ({ ...invalid, message: new RegExp(`^"${name}" is nothing that this route takes\\. `) })
  for (const [url, name] of [
    ['/leads?location=loc1', 'location'],
    ['/leads?__proto__=1', '__proto__'],
    ['/leads/maria?tenant=loc1', 'tenant'],
    ['/leads/maria/consent?tenant=loc1', 'tenant'],
    ['/asks?tenat=loc1', 'tenat'],
    ['/audits?by=anna&location=loc1', 'location'],
    ['/owed?longerThan=60', 'longerThan'],
    ['/gates?day=7', 'day'],
  ] as const) {
    const answer = await app.inject(url)
    t.match([answer.statusCode, answer.json()], [400, named(name)], url)
  }
  t.match((await app.inject('/ui/owed?longerThan=60')).body, '&quot;longerThan&quot; is nothing that this route takes.')
  for (const [url, payload] of [
    ['/asks/d', { by: 'anna', option: 'sms', notes: 'She asked for it.' }],
    ['/audits/d', { by: 'anna', right: 'sms', notes: 'She asked for it.' }],
  ] as const) {
    const answer = await app.inject({ method: 'POST', url, payload })
    t.match([answer.statusCode, answer.json()], [400, named('notes')], 'a note is not lost without a word')
  }
})

t.test('a body that cannot be read is told what it should be', async (t) => {
  const { app } = await apiUnderTest()
  const post = (payload: string, headers: Record<string, string>) => app.inject({ method: 'POST', url: '/asks/d', payload, headers })
  const cut = await post('{"by":"anna"', { 'content-type': 'application/json' })
  t.match([cut.statusCode, cut.json()], [400, { ...invalid, message: /^Body is not valid JSON / }])
  const other = await post('by=anna', { 'content-type': 'application/x-www-form-urlencoded' })
  t.match([other.statusCode, other.json()], [400, { ...invalid, message: /^Unsupported Media Type\. / }])
})

t.test('who may not see a page is told so on a page, whatever the reason', async (t) => {
  const shown = (answer: { headers: Record<string, unknown>; body: string }) => [answer.headers['content-type'], answer.body]
  const token = 'a-token-of-24-characters-'
  const closed = await apiUnderTest({ access: { kind: 'token', token } })
  const unnamed = await closed.app.inject('/ui/leads')
  t.match([unnamed.statusCode, unnamed.headers['www-authenticate']], [401, /^Basic /])
  t.match(shown(unnamed), [
    /^text\/html/,
    /<p>No token was given\. The read API needs the token[\s\S]*a browser may give the token as the password/,
  ])
  const other = await closed.app.inject({ url: '/leads', headers: { authorization: 'Bearer b' } })
  t.match([other.statusCode, other.json()], [401, { code: 'E_ACCESS_DENIED', message: /^The token is another one\. / }])
  const open = await apiUnderTest()
  const named = await open.app.inject({ url: '/', headers: { host: '<b>.example:8080' } })
  t.equal(named.statusCode, 421)
  t.match(shown(named), [/^text\/html/, /<p>&quot;&lt;b&gt;\.example:8080&quot; is no loopback name\./])
  const form = { method: 'POST', url: '/ui/asks/d', payload: 'by=anna&option=sms' } as const
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const plain = await open.app.inject({ ...form, headers })
  t.equal(plain.statusCode, 403)
  t.match(shown(plain), [/^text\/html/, /<p>The browser did not say where the form is from\.[\s\S]*over https or on this machine/])
  const foreign = await open.app.inject({ ...form, headers: { ...headers, 'sec-fetch-site': 'cross-site' } })
  t.match([foreign.statusCode, foreign.body], [403, /<p>The form is from elsewhere\./])
})

t.test('a search for nothing shows all leads: so one comes back from a search', async (t) => {
  const asked: unknown[] = []
  const { app } = await apiUnderTest({
    queries: {
      ...noQueries,
      leads: async (filter) => {
        asked.push(filter)
        return { leads: [], nextCursor: null }
      },
    },
  })
  for (const query of ['?q=', '?q=%20+', '?q=&level=']) t.equal((await app.inject(`/ui/leads${query}`)).statusCode, 200, query)
  t.strictSame(asked, [{ limit: 50 }, { limit: 50 }, { limit: 50 }])
  t.equal((await app.inject('/leads?q=')).statusCode, 400, 'a program that gives nothing has made a mistake')
})
