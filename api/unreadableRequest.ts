/**
 * What a sender is answered whose request is none that HTTP can read, or came too slowly: the same code, sentence and remedy as all
 * that is refused, written to the socket, since there is no request to answer.
 */
import { STATUS_CODES, maxHeaderSize } from 'node:http'
import type { Duplex } from 'node:stream'
import { refusal } from './errors.ts'

interface Unreadable {
  readonly status: number
  readonly sentence: string
}

const unreadable: Readonly<Record<string, Unreadable>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, sentence: 'The request was not complete in time.' },
  HPE_HEADER_OVERFLOW: { status: 431, sentence: `The headers have more than ${maxHeaderSize} bytes.` },
}
const noHttp: Unreadable = { status: 400, sentence: 'This is no request of HTTP/1.1.' }

/** Answers, where anybody is left to hear it, and ends the connection. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex, requestId: string): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const { status, sentence } = Object.hasOwn(unreadable, error.code ?? '') ? (unreadable[error.code ?? ''] ?? noHttp) : noHttp
  const body = JSON.stringify(refusal('E_REQUEST_INVALID', requestId, { sentence }))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroy(error)
}
