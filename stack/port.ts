/** Ports on the loopback interface: whether one is free, and a free one that no other engine of this process was given. */
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

export const LOOPBACK = '127.0.0.1'
const given = new Set<number>()

function listens(port: number, host: string): Promise<number | Error> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(port, host, () => {
      const { port: given } = server.address() as AddressInfo
      server.close(() => resolve(given))
    })
  })
}

/** Whether something could listen on the port now. */
export async function isFree(port: number): Promise<boolean> {
  return (await listens(port, LOOPBACK)) === port
}

/** Why nothing can listen at the address now, as the system says it; undefined when something could. */
export async function listenFault(port: number, host: string): Promise<Error | undefined> {
  const found = await listens(port, host)
  return found instanceof Error ? found : undefined
}

/** A free port that was not handed out before: two engines that start together must not be given the same one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listens(0, LOOPBACK)
    if (port instanceof Error) throw new Error(`No port of ${LOOPBACK} is free.`)
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
