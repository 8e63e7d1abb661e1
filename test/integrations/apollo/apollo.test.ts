/** The client of Apollo against its sandbox: what is sent, what is read, every failure by the table, limits, and no secret in words. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { apolloClient } from '../../../integrations/apollo/client.ts'
import type { ApolloOptions } from '../../../integrations/apollo/client.ts'
import { apolloErrors } from '../../../integrations/apollo/errors.ts'
import { failureOfError, failureOfStatus, failureRules } from '../../../integrations/apollo/outcomes.ts'
import { ApolloRateLimit, windows } from '../../../integrations/apollo/rateLimit.ts'
import { startApolloSandbox } from '../../../integrations/apollo/sandbox/sandbox.ts'
import type { ApolloFault } from '../../../integrations/apollo/sandbox/sandbox.ts'
import { ManualClock } from '../../support/manualClock.ts'

const start = Date.UTC(2026, 10, 10, 17)
const apiKey = 'secret-apollo-key-0001'
const maria = {
  first_name: 'Maria',
  last_name: 'Lopez',
  email: 'maria@oak.realty',
  title: 'VP, Sales',
  city: 'Austin',
  state: 'Texas',
  country: 'United States',
  photo_url: 'https://example.com/x.jpg',
  phone_numbers: [{ raw_number: '+15125550123' }],
  organization: { name: 'Oak', industry: 'real estate' },
}

async function sandboxed(t: Test, options: Partial<ApolloOptions> & { perMinute?: number } = {}) {
  const clock = new ManualClock(start)
  const { perMinute = 200, ...client } = options
  const people = (sought: Readonly<Record<string, unknown>>) =>
    sought['email'] === maria.email || sought['last_name'] === 'Lopez' ? maria : undefined
  const sandbox = await startApolloSandbox({ apiKey, clock, people, callsPerMinute: perMinute })
  const apollo = apolloClient({ apiUrl: sandbox.url, apiKey, clock, random: () => 0, timeoutMs: 10_000, ...client })
  t.teardown(async () => {
    await apollo.close()
    await sandbox.close()
  })
  return { apollo, sandbox, clock }
}

t.test('a person is found by an address alone, and nothing to reach her by is asked for or read', async (t) => {
  const { apollo, sandbox } = await sandboxed(t)
  t.strictSame(await apollo.match({ email: maria.email }), {
    kind: 'answered',
    person: {
      firstName: 'Maria',
      lastName: 'Lopez',
      companyName: 'Oak',
      jobTitle: 'VP, Sales',
      industry: 'real estate',
      city: 'Austin',
      state: 'Texas',
      country: 'United States',
    },
  })
  t.strictSame(sandbox.calls, [{ email: maria.email, reveal_personal_emails: false, reveal_phone_number: false }])
  t.match(await apollo.match({ firstName: 'Maria', lastName: 'Lopez', companyName: 'Oak' }), { person: { jobTitle: 'VP, Sales' } })
  t.match(sandbox.calls[1], { first_name: 'Maria', last_name: 'Lopez', organization_name: 'Oak' })
})

t.test('nobody is found with a 200, at no cost; odd fields are not stated', async (t) => {
  const { apollo, sandbox } = await sandboxed(t)
  t.strictSame(await apollo.match({ email: 'nobody@oak.realty' }), { kind: 'answered', person: undefined })
  t.equal(sandbox.credits, 0)
  sandbox.fail('odd')
  t.strictSame(await apollo.match({ email: maria.email }), { kind: 'answered', person: {} })
  t.equal(sandbox.credits, 1)
})

t.test('every fault of the sandbox has its reading, and none repeats what it was told', async (t) => {
  const fates: Record<ApolloFault, object> = {
    timeout: { kind: 'unknown', code: 'timed_out' },
    drop: { kind: 'unknown', code: 'connection_lost' },
    drop_after_charge: { kind: 'unknown', code: 'connection_lost' },
    '500': { kind: 'unknown', code: 'server_error' },
    '429': { kind: 'not_sent', code: 'rate_limited', retryAfterMs: 60_000 },
    '403': { kind: 'not_sent', code: 'forbidden' },
    '422': { kind: 'refused', code: 'bad_request' },
    no_credits: { kind: 'not_sent', code: 'no_credits' },
    page: { kind: 'unknown', code: 'answer_unreadable' },
    odd: { kind: 'answered' },
  }
  for (const [fault, fate] of Object.entries(fates)) {
    const { apollo, sandbox } = await sandboxed(t, fault === 'timeout' ? { timeoutMs: 500 } : {})
    sandbox.fail(fault as ApolloFault)
    const match = await apollo.match({ email: maria.email })
    t.match(match, fate, fault)
    t.notMatch(JSON.stringify(match), /secret|maria|oak/, `${fault} says no secret and no person`)
    t.equal(sandbox.calls.length, 1, `${fault} is not repeated by itself`)
  }
})

t.test('a wrong key, a wrong address and nobody there have not been charged', async (t) => {
  const { sandbox, clock } = await sandboxed(t)
  const asked = async (options: Partial<ApolloOptions>) => {
    const apollo = apolloClient({ apiUrl: sandbox.url, apiKey, clock, ...options })
    const match = await apollo.match({ email: maria.email })
    await apollo.close()
    return match
  }
  t.match(await asked({ apiKey: 'another' }), { kind: 'not_sent', code: 'unauthorised' })
  t.match(await asked({ apiUrl: `${sandbox.url}/elsewhere` }), { kind: 'not_sent', code: 'not_connected' })
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const apiUrl = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`
  nobody.close()
  await once(nobody, 'close')
  t.match(await asked({ apiUrl }), { kind: 'not_sent', code: 'not_connected' })
  t.equal(sandbox.credits, 0)
})

t.test('a spent window is waited for whole, whoever counted it', async (t) => {
  const { apollo, sandbox, clock } = await sandboxed(t, { perMinute: 2 })
  for (let i = 0; i < 2; i++) t.match(await apollo.match({ email: maria.email }), { kind: 'answered' })
  t.match(await apollo.match({ email: maria.email }), { kind: 'not_sent', code: 'held_back', retryAfterMs: 60_000 })
  t.equal(sandbox.calls.length, 2, 'the header said that nothing is left: nothing was sent')
  clock.advance(60_000)
  t.match(await apollo.match({ email: maria.email }), { kind: 'answered' })
})

t.test('of our own count no minute has more calls than allowed; each header blocks for its window', async (t) => {
  const clock = new ManualClock(start)
  const limit = new ApolloRateLimit(3, clock)
  t.strictSame([limit.take(), limit.take(), limit.take(), limit.take()], [0, 0, 0, 60_000])
  clock.advance(59_999)
  t.equal(limit.take(), 1)
  clock.advance(1)
  t.equal(limit.take(), 0)
  for (const { header, lengthMs } of windows) {
    const told = new ApolloRateLimit(3, clock)
    told.told((name) => (name === header ? 0 : undefined))
    t.equal(told.take(), lengthMs, header)
  }
})

t.test('a wait that is asked for in years, an instant in seconds for one, is heeded for as long as the longest window', async (t) => {
  const clock = new ManualClock(start)
  let said = 429
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(said, { 'retry-after': String(start / 1_000) }).end('{"person":null}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const apollo = apolloClient({ apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey, clock })
  t.teardown(async () => {
    await apollo.close()
    server.close()
  })
  const day = 86_400_000
  t.match(await apollo.match({ email: maria.email }), { kind: 'not_sent', code: 'rate_limited', retryAfterMs: day })
  said = 200
  clock.advance(day - 1)
  t.match(await apollo.match({ email: maria.email }), { kind: 'not_sent', code: 'held_back', retryAfterMs: 1 })
  clock.advance(1)
  t.match(await apollo.match({ email: maria.email }), { kind: 'answered' })
})

t.test('an outage opens the breaker after five failures; then nothing is sent until it has rested', async (t) => {
  const { apollo, sandbox, clock } = await sandboxed(t)
  sandbox.fail('500', '500', '500', '500', '500')
  for (let i = 0; i < 5; i++) t.match(await apollo.match({ email: maria.email }), { code: 'server_error' })
  t.match(await apollo.match({ email: maria.email }), { kind: 'not_sent', code: 'breaker_open', retryAfterMs: 60_000 })
  t.equal(sandbox.calls.length, 5)
  clock.advance(60_000)
  t.match(await apollo.match({ email: maria.email }), { kind: 'answered' })
})

t.test('every rule of the table is reached', async (t) => {
  const words: Partial<Record<number, string>> = { 422: 'no credit left' }
  for (const { status, says, then } of failureRules) {
    const code = status === '4xx' ? 418 : status === '5xx' ? 503 : status
    const said = says === undefined ? 'x' : (words[code] ?? '')
    t.match(failureOfStatus(code, said), { kind: then.kind, code: then.code }, `${status} ${says ?? ''}`)
  }
  t.match(failureOfStatus(302, ''), { kind: 'unknown', code: 'answer_unreadable' })
  t.match(failureOfStatus(429, '', 7_000), { retryAfterMs: 7_000 }, 'what the header asks for goes before')
  t.match(failureOfError(new TypeError('x')), { kind: 'unknown', code: 'connection_lost' })
})

t.test('nothing that stops look-ups ends the process', async (t) => {
  for (const [code, { scope, retriable }] of Object.entries(apolloErrors))
    t.match({ scope, retriable }, { scope: 'step', retriable: true }, code)
})
