/**
 * Whether a Kafka broker answers requests. A broker accepts connections before it serves them, so the smallest
 * request of the protocol is asked; written out here because the Kafka client lives in the runtime alone.
 */
import { connect } from 'node:net'
import { LOOPBACK } from '../port.ts'

const ANSWER_WITHIN_MS = 1_000
const CORRELATION_ID = 7

/** ApiVersions v0: size, api key 18, version 0, correlation id, null client id. */
function request(): Buffer {
  const bytes = Buffer.alloc(14)
  bytes.writeInt32BE(10, 0)
  bytes.writeInt16BE(18, 4)
  bytes.writeInt16BE(0, 6)
  bytes.writeInt32BE(CORRELATION_ID, 8)
  bytes.writeInt16BE(-1, 12)
  return bytes
}

export function answersApiVersions(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port })
    let received = Buffer.alloc(0)
    const answer = (value: boolean) => {
      socket.destroy()
      resolve(value)
    }
    socket.setTimeout(ANSWER_WITHIN_MS, () => {
      answer(false)
    })
    socket.once('error', () => {
      answer(false)
    })
    socket.once('close', () => {
      answer(false)
    })
    socket.once('connect', () => socket.write(request()))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      // Size, correlation id, error code 0.
      if (received.length >= 10) answer(received.readInt32BE(4) === CORRELATION_ID && received.readInt16BE(8) === 0)
    })
  })
}
