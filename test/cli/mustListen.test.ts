/** A port that somebody else has is told before engines are started, and that of a run that ends is waited for. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { mustListen } from '../../cli/mustListen.ts'

async function taken(): Promise<{ readonly port: number; readonly free: () => Promise<unknown> }> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { port: (server.address() as AddressInfo).port, free: () => new Promise((done) => server.close(done)) }
}
const stop = new AbortController().signal

t.test('a port that stays taken is named with what to do, after 20 s of waiting', async (t) => {
  const { port, free } = await taken()
  t.teardown(free)
  const said: string[] = []
  let waited = 0
  const options = { stop, tell: (line: string) => said.push(line), wait: async (ms: number) => void (waited += ms) }
  await t.rejects(mustListen({ host: '127.0.0.1', port }, options), {
    code: 'E_ADDRESS_UNUSABLE',
    message: new RegExp(`EADDRINUSE.*127\\.0\\.0\\.1:${port}`),
    remedy: /choose another: PORT and HOST/,
  })
  t.equal(waited, 20_000)
  t.equal(said.length, 1)
  t.match(said[0], new RegExp(`^127\\.0\\.0\\.1:${port} is in use\\.`))
})

t.test('a port that becomes free is taken, any free one needs no look, and nothing is waited for after a stop', async (t) => {
  const { port, free } = await taken()
  const said: string[] = []
  await mustListen({ host: '127.0.0.1', port }, { stop, tell: (line) => said.push(line), wait: free })
  t.equal(said.length, 1)
  const never = { stop, tell: () => t.fail('nothing is to be said'), wait: () => Promise.reject(new Error('nothing is waited for')) }
  await mustListen({ host: '127.0.0.1', port: 0 }, never)
  const other = await taken()
  t.teardown(other.free)
  await mustListen({ host: '127.0.0.1', port: other.port }, { ...never, stop: AbortSignal.abort() })
})

t.test('an address that is none of this machine is told at once', async (t) => {
  const never = { stop, tell: () => t.fail('nothing is to be said'), wait: () => Promise.reject(new Error('nothing is waited for')) }
  // TEST-NET-3, which is nobody's (RFC 5737).
  await t.rejects(mustListen({ host: '203.0.113.1', port: 0 }, never), { code: 'E_ADDRESS_UNUSABLE', message: /EADDRNOTAVAIL/ })
})
