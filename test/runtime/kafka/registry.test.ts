import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import type { RekindleError } from '../../../runtime/errors.ts'
import { SchemaRegistry } from '../../../runtime/kafka/registry.ts'
import { testStack } from '../../support/stack.ts'
import { Item } from './fixtures.ts'

const username = 'writer'
const password = 'p@ss word/7'

/** A registry that asks for a login: the real one behind a proxy, as most are run. Resolves with its `host:port`. */
async function guarded(t: Test, registryUrl: string): Promise<{ readonly host: string; readonly base: string }> {
  const { origin, pathname } = new URL(registryUrl)
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected) {
      response.writeHead(401).end('who are you?')
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }
      const type = request.headers['content-type'] ?? 'application/json'
      fetch(origin + (request.url ?? ''), { method: request.method ?? 'GET', headers: { 'content-type': type }, ...body })
        .then(async (answer) => response.writeHead(answer.status).end(await answer.text()))
        .catch((error: unknown) => response.writeHead(502).end(String(error)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, base: pathname }
}

const at = (place: { host: string; base: string }, word: string) =>
  `http://${username}:${encodeURIComponent(word)}@${place.host}${place.base}`

t.test('user and password inside the URL of the registry log in', async (t) => {
  const stack = await testStack(t)
  const registry = new SchemaRegistry({ url: at(await guarded(t, stack.registryUrl), password) })
  const id = await registry.register(`${stack.prefix}items.v1-value`, Item.definition, 'BACKWARD_TRANSITIVE')
  t.strictSame(await registry.definition(id), await new SchemaRegistry({ url: stack.registryUrl }).definition(id))
})

t.test('a wrong password is refused at once, and the error shows no password', async (t) => {
  const place = await guarded(t, (await testStack(t)).registryUrl)
  const registry = new SchemaRegistry({ url: at(place, 'wrong-word'), deadlineMs: 30_000 })
  const error = await registry.definition(1).catch((thrown: unknown) => thrown as RekindleError)
  t.equal((error as RekindleError).code, 'E_REGISTRY_LOGIN_REFUSED')
  t.equal((error as RekindleError).retriable, false)
  t.match((error as RekindleError).message, place.host)
  t.match((error as RekindleError).message, 'SCHEMA_REGISTRY_URL')
  t.notMatch(inspect(error, { depth: 9 }), 'wrong-word')
})

t.test('a registry that is away is named by its address, without the password', async (t) => {
  const registry = new SchemaRegistry({ url: 'http://writer:wrong-word@127.0.0.1:1', deadlineMs: 300 })
  const error = await registry.definition(1).catch((thrown: unknown) => thrown as RekindleError)
  t.equal((error as RekindleError).code, 'E_REGISTRY_UNREACHABLE')
  t.match((error as RekindleError).message, 'http://127.0.0.1:1')
  t.notMatch(inspect(error, { depth: 9 }), 'wrong-word')
})

t.test('who registers what another one is just registering gets its id; what is not compatible stays refused', async (t) => {
  const answers: [number, object][] = []
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const [status, body] = request.method === 'PUT' ? [200, {}] : (answers.shift() ?? [500, {}])
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const registry = new SchemaRegistry({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const conflict: [number, object] = [409, { message: 'it already exists' }]
  answers.push(conflict, [200, { id: 7 }])
  t.equal(await registry.register('items-value', Item.definition, 'BACKWARD_TRANSITIVE'), 7)
  const refused: [number, object] = [409, { message: 'not compatible' }]
  answers.push(refused, refused, refused)
  const error = await registry.register('items-value', Item.definition, 'BACKWARD_TRANSITIVE').catch((thrown: unknown) => thrown)
  t.equal((error as RekindleError).code, 'E_SCHEMA_REFUSED')
  t.match((error as RekindleError).message, 'not compatible')
  t.strictSame([answers, asked.filter((line) => line === 'POST /subjects/items-value/versions').length], [[], 5])
})
