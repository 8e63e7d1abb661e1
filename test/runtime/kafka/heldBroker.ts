/**
 * A server that speaks as much of the protocol as clients need to connect, in the oldest versions, and leaves the answer to chosen
 * requests to the test: for moments in the life of a connection that a real broker gives by chance only.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

const apis = { produce: 0, metadata: 3, findCoordinator: 10, joinGroup: 11, apiVersions: 18 } as const
const CLUSTER_AUTHORIZATION_FAILED = 31
export type Api = keyof typeof apis

/** A request that waits for the test. */
export interface HeldRequest {
  answer(): void
  /** With an error that passes by no repetition: it is about whom it is asked from. */
  refuse(): void
  /** The broker closes the connection. */
  cut(): void
}

const int16 = (value: number) => bytes(2, (to) => to.writeInt16BE(value))
const int32 = (value: number) => bytes(4, (to) => to.writeInt32BE(value))
const text = (value: string) => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
const list = (items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items])

function bytes(size: number, write: (to: Buffer) => void): Buffer {
  const to = Buffer.alloc(size)
  write(to)
  return to
}

export class HeldBroker {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #holds = new Set<Api>()
  readonly #held: { readonly api: Api; readonly request: HeldRequest }[] = []
  #arrived: (() => void)[] = []
  connections = 0

  private constructor() {
    // Nothing here keeps the process: what does is the client's.
    this.#server = createServer((socket) => this.#accept(socket.unref())).unref()
  }

  static async start(): Promise<HeldBroker> {
    const broker = new HeldBroker()
    broker.#server.listen(0, '127.0.0.1')
    await once(broker.#server, 'listening')
    return broker
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** The next requests of this kind wait. */
  hold(api: Api): void {
    this.#holds.add(api)
  }
  release(api: Api): void {
    this.#holds.delete(api)
  }

  /** Resolves with the next request of this kind that is held. */
  async held(api: Api): Promise<HeldRequest> {
    for (;;) {
      const at = this.#held.findIndex((each) => each.api === api)
      if (at >= 0) return (this.#held.splice(at, 1)[0] as { request: HeldRequest }).request
      await new Promise<void>((resolve) => this.#arrived.push(resolve))
    }
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  get #port(): number {
    return (this.#server.address() as { port: number }).port
  }

  #accept(socket: Socket): void {
    this.connections += 1
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    let read = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => {
      read = Buffer.concat([read, data])
      while (read.length >= 4 && read.length >= 4 + read.readInt32BE(0)) {
        const size = read.readInt32BE(0)
        this.#asked(socket, read.readInt16BE(4), read.readInt32BE(8))
        read = read.subarray(4 + size)
      }
    })
  }

  #asked(socket: Socket, key: number, correlationId: number): void {
    const api = (Object.keys(apis) as Api[]).find((name) => apis[name] === key)
    if (api === undefined) throw new Error(`nobody answers requests of kind ${key}`)
    const write = (body: Buffer) => void socket.write(Buffer.concat([int32(4 + body.length), int32(correlationId), body]))
    const answer = () => write(this.#answerTo(api))
    if (!this.#holds.has(api)) return answer()
    const refuse = () => write(Buffer.concat([int16(CLUSTER_AUTHORIZATION_FAILED), list([]), int32(0)]))
    this.#held.push({ api, request: { answer, refuse, cut: () => socket.destroy() } })
    for (const tell of this.#arrived.splice(0)) tell()
  }

  #answerTo(api: Api): Buffer {
    const broker = Buffer.concat([int32(1), text('127.0.0.1'), int32(this.#port)])
    switch (api) {
      case 'apiVersions':
        return Buffer.concat([int16(0), list(Object.values(apis).map((key) => Buffer.concat([int16(key), int16(0), int16(0)]))), int32(0)])
      case 'metadata': {
        const partition = Buffer.concat([int16(0), int32(0), int32(1), list([int32(1)]), list([int32(1)])])
        return Buffer.concat([list([broker]), list([Buffer.concat([int16(0), text('items.v1'), list([partition])])])])
      }
      case 'findCoordinator':
        return Buffer.concat([int16(0), broker])
      default:
        throw new Error(`${api} is answered by nobody`)
    }
  }
}
