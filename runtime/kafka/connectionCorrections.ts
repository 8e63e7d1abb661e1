/**
 * Corrects the connection of kafkajs 2.2.4, which is used again after its socket has ended: what a broker that was killed in
 * the middle of an answer had sent of it would be taken for the beginning of the next answer, and none would be read right again. While a broker is away it is also let go of
 * again and again, and each time leaves something behind on a socket that is gone.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

const require = createRequire(import.meta.url)

interface ClientConnection {
  readonly host: string
  readonly port: number
  readonly socket?: Omit<Socket, 'unref'> & { readonly unref: (this: void) => unknown }
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  isConnected(): boolean
  connect: (this: ClientConnection) => Promise<boolean>
  disconnect: (this: ClientConnection) => Promise<boolean>
}

/** An answer begins with its length: 4 bytes. */
const LENGTH_BYTES = 4

/** Corrects the client that is loaded, once. */
export function correctConnections(): void {
  const connection = (require('kafkajs/src/network/connection.js') as { readonly prototype: ClientConnection }).prototype
  const { connect, disconnect } = connection
  const attempts = new WeakMap<ClientConnection, Promise<boolean>>()
  connection.connect = function () {
    if (this.isConnected()) return Promise.resolve(true)
    // Two at a time would open two sockets, of which either one ends the connection of both.
    const attempt = attempts.get(this) ?? opened(this, connect).finally(() => attempts.delete(this))
    attempts.set(this, attempt)
    return attempt
  }
  connection.disconnect = async function () {
    const ended = await disconnect.call(this)
    // A socket that is gone never connects: what `unref` puts off until then would pile up, one listener for each call.
    if (this.socket?.destroyed === true) this.socket.removeListener('connect', this.socket.unref)
    return ended
  }
}

async function opened(connection: ClientConnection, connect: ClientConnection['connect']): Promise<boolean> {
  // What the last socket left of an answer is no part of the next one's first, nor is what it may still receive.
  connection.socket?.destroy()
  connection.chunks = []
  connection.bytesBuffered = 0
  connection.bytesNeeded = LENGTH_BYTES
  const connecting = connect.call(connection)
  const { socket } = connection
  await connecting
  if (socket?.writableEnded === true) {
    // Disconnected while it was opened: whatever is written to it now is lost.
    await connection.disconnect()
    throw closed(connection)
  }
  return true
}

function closed({ host, port }: ClientConnection): Error {
  const { KafkaJSConnectionClosedError } = require('kafkajs/src/errors.js') as {
    readonly KafkaJSConnectionClosedError: new (message: string, options: { host: string; port: number }) => Error
  }
  return new KafkaJSConnectionClosedError('Closed connection', { host, port })
}
