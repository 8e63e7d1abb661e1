/** Ports on the loopback interface: whether one is free, and a free one that no other engine of this process was given. */
import { connect, createServer } from 'node:net'

export const LOOPBACK = '127.0.0.1'
const given = new Set<number>()

function listens(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(undefined)
    })
    server.listen(port, LOOPBACK, () => {
      const address = server.address()
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : undefined)
      })
    })
  })
}

/** Whether something could listen on the port now. */
export async function isFree(port: number): Promise<boolean> {
  return (await listens(port)) === port
}

/** A free port that was not handed out before: two engines that start together must not be given the same one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listens(0)
    if (port === undefined) throw new Error(`No port of ${LOOPBACK} is free.`)
    if (given.has(port)) continue
    given.add(port)
    return port
  }
}

/** Whether something accepts connections on the port within the time. */
export function accepts(port: number, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port })
    const answer = (value: boolean) => {
      socket.destroy()
      resolve(value)
    }
    socket.setTimeout(withinMs, () => {
      answer(false)
    })
    socket.once('connect', () => {
      answer(true)
    })
    socket.once('error', () => {
      answer(false)
    })
  })
}
