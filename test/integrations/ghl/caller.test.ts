import { createServer } from 'node:http'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { Breakers } from '../../../integrations/ghl/call/breakers.ts'
import { allOf, pagesOf } from '../../../integrations/ghl/call/pages.ts'
import { repeatDefaults, retryAfterMs, waitBeforeRepeat } from '../../../integrations/ghl/call/repeat.ts'
import { ghlClient } from '../../../integrations/ghl/client.ts'
import { fixedTokens } from '../../../integrations/ghl/tokens.ts'
import type { Tokens } from '../../../integrations/ghl/tokens.ts'
import type { GhlClientOptions } from '../../../integrations/ghl/client.ts'
import type { Failure } from '../../../integrations/ghl/outcomes.ts'
import { ManualClock } from '../../support/manualClock.ts'
import { assertProperty } from '../../support/property.ts'

const start = Date.UTC(2026, 10, 10, 17)
const sms = { contactId: 'maria', channel: 'sms', text: 'Hello. Reply STOP to opt out.', subject: null } as const
const note = { note: { id: 'n1', body: 'x' } }

interface Said {
  readonly status: number
  readonly body?: object
  readonly headers?: OutgoingHttpHeaders
}

/** A client of a server that says these answers one after the other, the last one for ever. */
async function talking(t: Test, answers: readonly Said[], options: Partial<GhlClientOptions> = {}) {
  const clock = new ManualClock(start)
  const at: number[] = []
  const headers: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    at.push(clock.now() - start)
    headers.push(request.headers)
    request.resume().on('end', () => {
      const { status, body = {}, headers = {} } = answers[Math.min(at.length, answers.length) - 1] ?? { status: 500 }
      response.writeHead(status, headers).end(JSON.stringify(body))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ghl = ghlClient({
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens: fixedTokens(() => 'x'),
    clock,
    random: () => 0.5,
    ...options,
  })
  t.teardown(async () => {
    await ghl.close()
    server.close()
  })
  return { ghl, clock, at, headers }
}

t.test('a read is made again after 5xx, with waits that double, each a share of its most by chance', async (t) => {
  const { ghl, clock, at } = await talking(t, [{ status: 500 }, { status: 502 }, { status: 503 }, { status: 200, body: { notes: [] } }])
  t.match(await clock.run(ghl.notes.list('l', 'c')), { ok: true })
  // Half of 500, 1,000 and 2,000 ms.
  t.strictSame(at, [0, 250, 750, 1_750])
})

t.test('a read gives up after four calls and says why', async (t) => {
  const { ghl, clock, at } = await talking(t, [{ status: 500 }])
  t.match(await clock.run(ghl.notes.list('l', 'c')), { ok: false, failure: { kind: 'unknown', code: 'server_error' } })
  t.equal(at.length, 4)
})

t.test('what would act twice is not made again when it may have acted, and is when it certainly has not', async (t) => {
  for (const status of [500, 502, 504, 408]) {
    const { ghl, clock, at } = await talking(t, [{ status }, { status: 201, body: note }])
    t.match(await clock.run(ghl.notes.create('l', 'c', { body: 'x' })), { kind: 'unknown' }, String(status))
    t.equal(at.length, 1, `${status}: once`)
  }
  const { ghl, clock, at } = await talking(t, [{ status: 429 }, { status: 201, body: note }])
  t.match(await clock.run(ghl.notes.create('l', 'c', { body: 'x' })), { kind: 'accepted', value: { noteId: 'n1' } })
  t.equal(at.length, 2)
})

t.test('a change that may have acted is not called unsent because the next try was not made', async (t) => {
  const later = { status: 429, headers: { 'retry-after': '60' } }
  const { ghl, clock, at } = await talking(t, [{ status: 500 }, later])
  t.match(await clock.run(ghl.contacts.addTags('l', 'c', ['x'])), { kind: 'unknown', code: 'server_error' })
  t.equal(at.length, 2)
  const asked = await talking(t, [{ status: 500 }, later])
  t.match(await asked.clock.run(asked.ghl.notes.list('l', 'c')), { failure: { code: 'rate_limited' } }, 'a read changes nothing')
})

t.test('an admitted call is made once, now', async (t) => {
  const { ghl, at } = await talking(t, [{ status: 429 }])
  t.match(await ghl.conversations.send('l', sms, { admitted: true }), { kind: 'not_sent', code: 'rate_limited' })
  t.match(await ghl.contacts.get('l', 'c', { admitted: true }), { ok: false, failure: { code: 'rate_limited' } })
  t.equal(at.length, 2)
})

t.test('what has to leave by a time does not leave after it, however long a token took', async (t) => {
  const clock = new ManualClock(start)
  const tokens: Tokens = {
    current: () => Promise.resolve({ ok: true, token: 'old' }),
    renewed() {
      clock.advance(15_000)
      return Promise.resolve({ ok: true, token: 'new' })
    },
  }
  const { ghl, at } = await talking(t, [{ status: 401 }, { status: 201, body: { messageId: 'm' } }], { tokens, clock })
  const send = (leavesBy: number) => ghl.conversations.send('l', sms, { admitted: true, leavesBy })
  t.match(await send(start + 14_999), { kind: 'not_sent', code: 'aborted_before_sending' })
  t.equal(at.length, 1, 'refused once, and not sent with the new token')
  t.match(await send(clock.now()), { kind: 'accepted' })
})

t.test('a 401 that is a time-out of the gateway may have acted: it is not sent again with another token', async (t) => {
  let renewals = 0
  const tokens: Tokens = {
    current: () => Promise.resolve({ ok: true, token: 'good' }),
    renewed() {
      renewals++
      return Promise.resolve({ ok: true, token: 'another' })
    },
  }
  const timedOut = { status: 401, body: { message: 'Command timed out' } }
  const { ghl, at } = await talking(t, [timedOut, { status: 201, body: { messageId: 'm' } }], { tokens })
  t.match(await ghl.conversations.send('l', sms), { kind: 'unknown', code: 'timed_out' })
  t.equal(at.length, 1)
  t.equal(renewals, 0)
})

t.test('Retry-After is waited out, in seconds and as a date; the interval of the limit when there is none', async (t) => {
  const waits: readonly (readonly [OutgoingHttpHeaders, number])[] = [
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': new Date(start + 4_000).toUTCString() }, 4_000],
    [{ 'x-ratelimit-interval-milliseconds': '3000' }, 3_000],
    [{}, 10_000],
  ]
  for (const [headers, ms] of waits) {
    const { ghl, clock, at } = await talking(
      t,
      [
        { status: 429, headers },
        { status: 200, body: { notes: [] } },
      ],
      { random: () => 0 },
    )
    t.match(await clock.run(ghl.notes.list('l', 'c')), { ok: true })
    t.strictSame(at, [0, ms], JSON.stringify(headers))
  }
})

t.test('a header that asks for years, an instant in seconds for one, is heeded for an hour', async (t) => {
  const odd = { 'retry-after': String(start / 1_000), 'x-ratelimit-remaining': '0', 'x-ratelimit-interval-milliseconds': String(start) }
  const { ghl, clock, at } = await talking(t, [
    { status: 429, headers: odd },
    { status: 200, body: { notes: [] }, headers: odd },
  ])
  const list = () => clock.run(ghl.notes.list('l', 'c', { tries: 1 }))
  t.match(await list(), { failure: { code: 'rate_limited', retryAfterMs: 3_600_000 } })
  for (const hour of [1, 2]) {
    t.match(await list(), { failure: { code: 'daily_limit' } }, 'until then nothing leaves')
    clock.advance(3_600_000)
    t.match(await list(), { ok: true })
    t.equal(at.length, 1 + hour)
  }
})

t.test('an answer that does not end is given up before it fills the memory, and is no answer', async (t) => {
  const chunk = Buffer.alloc(1_048_576, ' ')
  let given = 0
  const server = createServer((request, response) => {
    request.resume()
    const pour = (): void => {
      while (!response.destroyed) {
        given += chunk.length
        if (!response.write(chunk)) return void response.once('drain', pour)
      }
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    pour()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clock = new ManualClock(start)
  const ghl = ghlClient({ apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokens: fixedTokens(() => 'x'), clock })
  t.teardown(async () => {
    await ghl.close()
    server.closeAllConnections()
    server.close()
  })
  t.match(await clock.run(ghl.notes.list('l', 'c')), { ok: false, failure: { kind: 'unknown', code: 'answer_unreadable' } })
  t.ok(given < 2 * 134_217_728, `${given} bytes were given, 128 MiB are taken`)
})

t.test('a header without a value says nothing: no call and no day is spent by it', async (t) => {
  const nothing = {
    'x-ratelimit-remaining': '',
    'x-ratelimit-daily-remaining': ' ',
    'x-ratelimit-interval-milliseconds': '',
    'retry-after': '',
  }
  const { ghl, clock, at } = await talking(t, [{ status: 200, body: { notes: [] }, headers: nothing }])
  for (let call = 0; call < 3; call++) t.match(await clock.run(ghl.notes.list('l', 'c')), { ok: true })
  t.strictSame(at, [0, 0, 0])
})

t.test('a wait that is longer than the patience of a call is the caller’s', async (t) => {
  const { ghl, at } = await talking(t, [{ status: 429, headers: { 'retry-after': '3600' } }])
  t.match(await ghl.notes.list('l', 'c'), { ok: false, failure: { kind: 'not_sent', code: 'rate_limited', retryAfterMs: 3_600_000 } })
  t.equal(at.length, 1)
})

t.test('P-45: a wrong scope, a refusal and an odd answer are not tried again', async (t) => {
  for (const said of [
    { status: 401, body: { message: 'The token is not authorized for this scope.' } },
    { status: 400, body: { message: 'Missing phone number' } },
    { status: 200, body: { unheard: 'of' } },
  ]) {
    const { ghl, at } = await talking(t, [said])
    t.match(await ghl.notes.list('l', 'c'), { ok: false })
    t.equal(at.length, 1, JSON.stringify(said))
  }
})

t.test('a status that is refused until the message is visible is told again ten seconds later', async (t) => {
  const { ghl, clock, at } = await talking(t, [{ status: 401 }, { status: 403 }, { status: 200 }], { random: () => 0 })
  t.match(await clock.run(ghl.conversations.setStatus('l', 'm', 'delivered')), { kind: 'accepted' })
  t.strictSame(at, [0, 10_000, 20_000])
})

t.test('five failures in a row open the breaker of that location alone; a trial closes it again', async (t) => {
  const down = Array.from({ length: 5 }, () => ({ status: 500 }))
  const { ghl, clock, at } = await talking(t, [...down, { status: 200, body: { notes: [] } }])
  const once = { tries: 1 }
  for (let i = 0; i < 5; i++) await ghl.notes.list('failing', 'c', once)
  // A minute, lengthened by half of a fifth.
  t.match(await ghl.notes.list('failing', 'c', once), {
    ok: false,
    failure: { kind: 'not_sent', code: 'breaker_open', retryAfterMs: 66_000 },
  })
  t.strictSame(ghl.busy(), ['failing'])
  t.match(await ghl.notes.list('other', 'c', once), { ok: true })
  t.equal(at.length, 6, 'an open breaker calls nobody')
  clock.advance(66_000)
  t.strictSame(ghl.busy(), [])
  t.match(await ghl.notes.list('failing', 'c', once), { ok: true })
})

t.test('a breaker does not stay open for longer because the clock was set back', async (t) => {
  const clock = new ManualClock(start)
  const breakers = new Breakers({ clock, random: () => 0 })
  for (let i = 0; i < 5; i++) {
    const permit = breakers.admit('l')
    if (permit !== undefined) breakers.after('l', permit, 'failure')
  }
  t.equal(breakers.openForMs('l'), 60_000)
  clock.advance(-3_600_000)
  t.equal(breakers.openForMs('l'), 60_000)
  clock.advance(60_000)
  t.equal(breakers.openForMs('l'), 0)
})

t.test('P-47: what a caller got wrong is no failure of the location: its breaker stays closed', async (t) => {
  const wrong = [400, 404, 422, 401, 409].map((status) => ({ status, body: { message: 'no' } }))
  const { ghl, at } = await talking(t, [...wrong, ...wrong, { status: 200, body: { notes: [] } }])
  for (let i = 0; i < 10; i++) t.match(await ghl.notes.list('l', 'c', { tries: 1 }), { ok: false })
  t.strictSame(ghl.busy(), [])
  t.match(await ghl.notes.list('l', 'c'), { ok: true })
  t.equal(at.length, 11, 'each was made')
})

t.test('nobody at the other end is certainly not sent; a connection that dies after the request is not known', async (t) => {
  const clock = new ManualClock(0)
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = ghlClient({ apiUrl: `http://127.0.0.1:${port}/`, tokens: fixedTokens(() => 'x'), clock })
  t.teardown(() => client.close())
  server.on('connection', (socket: Socket) => socket.once('data', () => socket.destroy()))
  t.match(await client.conversations.send('l', sms), { kind: 'unknown', code: 'connection_lost' })
  await new Promise((resolve) => server.close(resolve))
  t.match(await clock.run(client.conversations.send('l', sms)), { kind: 'not_sent', code: 'not_connected' })
  const nowhere = ghlClient({ apiUrl: 'http://no-such-host.invalid', tokens: fixedTokens(() => 'x'), clock })
  t.teardown(() => nowhere.close())
  t.match(await nowhere.conversations.send('l', sms, { tries: 1 }), { kind: 'not_sent', code: 'not_connected' })
})

t.test('an id that would make another path of it calls nobody', async (t) => {
  const { ghl, at } = await talking(t, [{ status: 200 }])
  for (const id of ['', ' ', '.', '..']) t.match(await ghl.contacts.delete('l', id), { kind: 'refused', code: 'bad_request' })
  t.equal(at.length, 0)
})

t.test('a signal ends the wait, not the call', async (t) => {
  const { ghl, at } = await talking(t, [{ status: 500 }])
  const stop = new AbortController()
  const read = ghl.notes.list('l', 'c', { signal: stop.signal })
  while (at.length === 0) await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  t.match(await read, { ok: false, failure: { code: 'server_error' } })
  t.match(await ghl.notes.list('l', 'c', { signal: stop.signal }), { ok: false, failure: { code: 'aborted_before_sending' } })
  t.equal(at.length, 1)
})

t.test('do-not-disturb is written with every channel as it stands, and a permanent one stays permanent', async (t) => {
  const written: unknown[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        if (request.method === 'PUT') written.push(JSON.parse(Buffer.concat(chunks).toString()))
        const dndSettings = { Email: { status: 'permanent', code: '103' }, Call: { status: 'active' }, SMS: { status: 'inactive' } }
        response.end(JSON.stringify({ succeded: true, contact: { id: 'c', dndSettings } }))
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ghl = ghlClient({ apiUrl, tokens: fixedTokens(() => 'x'), clock: new ManualClock(start) })
  t.teardown(() => ghl.close())
  t.match(await ghl.contacts.setDnd('l', 'c', ['SMS', 'Email'], 'Asked to stop'), { kind: 'accepted' })
  t.strictSame(written, [
    {
      dndSettings: {
        Email: { status: 'permanent', code: '103' },
        Call: { status: 'active' },
        SMS: { status: 'active', message: 'Asked to stop' },
      },
    },
  ])
})

t.test('pages follow each other until one names no next; a failure or a cursor that stands still ends them as a value', async (t) => {
  const asked: (number | undefined)[] = []
  const three = pagesOf<number, number>(async (cursor) => {
    asked.push(cursor)
    const at = cursor ?? 0
    return { ok: true, value: { items: [at], unreadable: at, next: at < 2 ? at + 1 : undefined } }
  })
  t.strictSame(await allOf(three), { ok: true, value: { items: [0, 1, 2], unreadable: 3 } })
  t.strictSame(asked, [undefined, 1, 2])
  const failure: Failure = { kind: 'unknown', code: 'timed_out', detail: 'x' }
  const failing = pagesOf<number, number>(async (cursor) =>
    cursor === undefined ? { ok: true, value: { items: [1], unreadable: 0, next: 1 } } : { ok: false, detail: 'x', failure },
  )
  t.strictSame(await allOf(failing), { ok: false, detail: 'x', failure })
  const standing = pagesOf<number, string>(async () => ({ ok: true, value: { items: [1], unreadable: 0, next: 'same' } }))
  t.match(await allOf(standing), { ok: false, failure: { code: 'answer_unreadable' } })
})

t.test('no wait is longer than the platform asks for plus the most of its turn, and none is shorter than asked', async (t) => {
  const { tries, firstMs, mostMs, patienceMs } = repeatDefaults
  await assertProperty(
    t,
    fc.property(
      fc.constantFrom('read', 'repeatable', 'once'),
      fc.constantFrom('rate_limited', 'not_connected', 'server_error', 'timed_out', 'breaker_open', 'answer_unreadable'),
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.nat(60_000),
      (kind, code, made, chance, asked) => {
        const detail = ''
        const failure = (
          ['server_error', 'timed_out', 'answer_unreadable'].includes(code)
            ? { kind: 'unknown', code, detail }
            : { kind: 'not_sent', code, detail, retryAfterMs: asked }
        ) as Failure
        const wait = waitBeforeRepeat(failure, kind, made, chance, repeatDefaults)
        const most = Math.min(mostMs, firstMs * 2 ** (made - 1))
        if (made >= tries || code === 'breaker_open' || code === 'answer_unreadable') return wait === undefined
        if (failure.kind === 'unknown') return kind === 'once' ? wait === undefined : wait !== undefined && wait >= 0 && wait < most
        const least = code === 'not_connected' ? 0 : asked
        if (least > patienceMs) return wait === undefined
        return wait !== undefined && wait >= least && wait < least + most
      },
    ),
  )
})

t.test('a header that asks for nothing that can be read asks for nothing', async (t) => {
  t.equal(retryAfterMs(undefined, 0), undefined)
  t.equal(retryAfterMs('soon', 0), undefined)
  t.equal(retryAfterMs('', 0), undefined)
  t.equal(retryAfterMs('0.5', 0), 500)
  t.equal(retryAfterMs('-3', 0), 0)
  t.equal(retryAfterMs(new Date(1_000).toUTCString(), 5_000), 0)
})
