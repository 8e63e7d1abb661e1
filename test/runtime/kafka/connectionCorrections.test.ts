/** The client's connection against a server that cuts it in the middle of an answer, and under those who open it at once; corrected and as it is. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { correctConnections } from '../../../runtime/kafka/connectionCorrections.ts'
import { eventually } from './fixtures.ts'

const require = createRequire(import.meta.url)
/** After this long the client gives up an answer that it misreads, ms; the server answers at once. */
const REQUEST_TIMEOUT_MS = 2_000

interface Answer {
  readonly length: number
}
interface Connection {
  connect(): Promise<boolean>
  disconnect(): Promise<boolean>
  readonly socket?: Socket
  isConnected(): boolean
  send(request: object): Promise<Answer>
}
type ConnectionClass = new (options: object) => Connection

/** The client's class from files loaded anew, so that both can be compared in one process. */
function connectionClass(corrected: boolean): ConnectionClass {
  for (const file of ['connection.js', 'requestQueue/index.js']) delete require.cache[require.resolve(`kafkajs/src/network/${file}`)]
  if (corrected) correctConnections()
  return require('kafkajs/src/network/connection.js') as ConnectionClass
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, namespace: () => silent }
const request = {
  request: {
    apiKey: 3,
    apiVersion: 0,
    apiName: 'Metadata',
    encode: async () => new (require('kafkajs/src/protocol/encoder.js') as new () => object)(),
  },
  response: { decode: async (raw: Buffer) => raw, parse: async (raw: Buffer) => raw },
}

/** Frames as Kafka's: length, correlation id, body. */
function answer(correlationId: number, bodyBytes: number): Buffer {
  const frame = Buffer.alloc(8 + bodyBytes)
  frame.writeInt32BE(4 + bodyBytes, 0)
  frame.writeInt32BE(correlationId, 4)
  return frame
}

/** A server that hands each request on its n-th connection to `handle`, and a connection of the client to it. */
async function world(t: Test, corrected: boolean, handle: (socket: Socket, correlationId: number, connection: number) => void) {
  let connections = 0
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    const number = connections++
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      // Length, key and version come before it; the requests are small enough to come whole, and one at a time.
      handle(socket, data.readInt32BE(8), number)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as { port: number }
  const Connection = connectionClass(corrected)
  const connection = new Connection({
    host: '127.0.0.1',
    port,
    clientId: 'test',
    logger: silent,
    socketFactory: require('kafkajs/src/network/socketFactory.js')(),
    connectionTimeout: 3_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
  })
  return { connection, connectionsMade: () => connections }
}

/** How it ended: 'done' or the name of the error. */
function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: Error) => error.name,
  )
}

for (const corrected of [true, false]) {
  const as = corrected ? 'corrected' : 'as it is'

  t.test(`a connection cut in the middle of an answer, then opened anew: the next answer is read (${as})`, async (t) => {
    const { connection } = await world(t, corrected, (socket, correlationId, number) => {
      if (number > 0) socket.write(answer(correlationId, 10))
      else socket.end(answer(correlationId, 10_000).subarray(0, 5_000))
    })
    await connection.connect()
    t.equal(await outcome(connection.send(request)), 'KafkaJSConnectionClosedError')
    await eventually('it is disconnected', () => !connection.isConnected())
    await connection.connect()
    t.equal(await outcome(connection.send(request)), corrected ? 'done' : 'KafkaJSRequestTimeoutError')
    await connection.disconnect()
  })

  t.test(`whoever connects while it is being connected waits for the same socket (${as})`, async (t) => {
    const { connection, connectionsMade } = await world(t, corrected, (socket, correlationId) => socket.write(answer(correlationId, 10)))
    await Promise.all([connection.connect(), connection.connect(), connection.connect()])
    t.equal(await outcome(connection.send(request)), 'done')
    t.equal(connectionsMade(), corrected ? 1 : 3)
    await connection.disconnect()
  })

  t.test(`however often a connection that is gone is let go of, nothing piles up on its socket (${as})`, async (t) => {
    const { connection } = await world(t, corrected, (socket) => socket.destroy())
    await connection.connect()
    t.equal(await outcome(connection.send(request)), 'KafkaJSConnectionClosedError')
    const waiting = () => connection.socket?.listenerCount('connect') ?? -1
    await eventually('the socket is gone', () => connection.socket?.destroyed === true)
    const before = waiting()
    for (let times = 0; times < 5; times += 1) await connection.disconnect()
    t.equal(waiting() - before, corrected ? 0 : 5)
  })

  t.test(`disconnected while it was being connected: nothing is written to a socket that was ended (${as})`, async (t) => {
    const { connection } = await world(t, corrected, (socket, correlationId) => socket.write(answer(correlationId, 10)))
    const connecting = connection.connect()
    await connection.disconnect()
    t.equal(await outcome(connecting), corrected ? 'KafkaJSConnectionClosedError' : 'done')
    t.equal(connection.isConnected(), !corrected)
  })
}
