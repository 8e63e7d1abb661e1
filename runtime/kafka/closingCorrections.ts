/**
 * Corrects how a client of kafkajs 2.2.4 ends: once it is disconnected nothing of it opens a connection until it is connected
 * again, and none stays open. As it is whatever goes on at that moment (the next of several questions, a retry, an attempt to
 * connect) connects anew, and nobody closes that: the process does not end.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

const require = createRequire(import.meta.url)

interface ClientConnection {
  readonly host: string
  readonly port: number
  readonly socket?: Socket
  connect: () => Promise<boolean>
  disconnect(): Promise<boolean>
}
interface ClientCluster {
  readonly connectionPoolBuilder: { build: (destination?: object) => Promise<{ readonly pool: readonly ClientConnection[] }> }
  connect: (this: ClientCluster) => Promise<void>
  disconnect: (this: ClientCluster) => Promise<void>
}

/** The connections of one client. */
interface Line {
  closed: boolean
  readonly open: Map<Socket, ClientConnection>
}

/** Of the error that refuses a late request: no failure, its owner has ended the client. */
export const CLIENT_ENDED = 'the client was disconnected'

/** Corrects the client that is loaded, once. */
export function correctClosing(): void {
  const { prototype } = require('kafkajs/src/cluster/index.js') as { readonly prototype: ClientCluster }
  const { connect, disconnect } = prototype
  const lines = new WeakMap<ClientCluster, Line>()
  // Owners connect by this, and only they: what connects by itself asks the pool of brokers.
  prototype.connect = function () {
    const line = lines.get(this) ?? lineOf(this)
    lines.set(this, line)
    line.closed = false
    return connect.call(this)
  }
  prototype.disconnect = async function () {
    const line = lines.get(this)
    if (line !== undefined) line.closed = true
    const open = [...(line?.open ?? [])]
    await disconnect.call(this)
    // Those of brokers that the client has forgotten. What was opened by whoever has connected again since stays.
    const left = open.filter(([socket, connection]) => connection.socket === socket && !socket.writableEnded && !socket.destroyed)
    await Promise.all(left.map(([, connection]) => connection.disconnect()))
  }
}

/** Watches every connection that the cluster makes from now on; it has made none before it is connected. */
function lineOf({ connectionPoolBuilder: builder }: ClientCluster): Line {
  const line: Line = { closed: false, open: new Map() }
  const { build } = builder
  builder.build = async (destination) => {
    const made = await build(destination)
    for (const connection of made.pool) watch(connection, line)
    return made
  }
  return line
}

function watch(connection: ClientConnection, line: Line): void {
  const { connect } = connection
  connection.connect = async function () {
    if (line.closed) throw ended(connection)
    const connecting = connect.call(connection)
    const { socket } = connection
    if (socket !== undefined && !line.open.has(socket)) {
      line.open.set(socket, connection)
      socket.once('close', () => line.open.delete(socket))
    }
    return connecting
  }
}

/** Whoever repeats what failed does not repeat this. */
function ended({ host, port }: ClientConnection): Error {
  const { KafkaJSConnectionClosedError } = require('kafkajs/src/errors.js') as {
    readonly KafkaJSConnectionClosedError: new (message: string, at: { host: string; port: number }) => Error
  }
  return Object.assign(new KafkaJSConnectionClosedError(CLIENT_ENDED, { host, port }), { retriable: false })
}
