/** A registry that asks to be let alone for a while. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { SchemaRegistry } from '../../../runtime/kafka/registry.ts'

t.test('a registry that is asked too often is let alone as long as it says, else longer each time, and asked again', async (t) => {
  const answers: [number, Record<string, string>][] = [
    [429, { 'retry-after': '3' }],
    [429, {}],
    [429, { 'retry-after': 'Mon, 30 Nov 2026 12:00:00 GMT' }],
    [503, { 'retry-after': '2' }],
    [503, {}],
    [200, {}],
  ]
  const server = createServer((request, response) => {
    const [status, headers] = answers.shift() ?? [500, {}]
    request.resume().on('end', () => response.writeHead(status, headers).end(JSON.stringify({ schema: '"string"' })))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const waits: number[] = []
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const registry = new SchemaRegistry({ url, deadlineMs: 60_000, wait: async (ms) => waits.push(ms) })
  t.strictSame(await registry.definition(1), { type: 'string' })
  t.strictSame(waits, [3_000, 4_000, 4_000, 2_000, 250])
})

t.test('one that asks for more time than there is is asked once more at the deadline, and is then unreachable', async (t) => {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    request.resume().on('end', () => response.writeHead(429, { 'retry-after': '600' }).end('{"message":"slow down"}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const waits: number[] = []
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const wait = async (ms: number) => {
    waits.push(ms)
    while (Date.now() <= until) await new Promise((resolve) => setImmediate(resolve))
  }
  const until = Date.now() + 300
  const registry = new SchemaRegistry({ url, deadlineMs: 200, wait })
  await t.rejects(registry.definition(1), { code: 'E_REGISTRY_UNREACHABLE', message: /429 to schema 1: slow down/ })
  t.equal(asked, 2)
  t.ok((waits[0] ?? 0) <= 250)
})
