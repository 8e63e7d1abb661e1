/**
 * The client's sockets, with TLS connections that one side refuses told apart from brokers that are away: to the client both
 * are connection errors, and it tries again for ten seconds with a certificate that will be no better.
 */
import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'

/** `broker` is `host:port`. */
export type OnRefusedTls = (broker: string, error: Error) => void

const KEEP_ALIVE_MS = 60_000

/** Opens sockets as the client itself does. */
export function watchedSockets(onRefused: OnRefusedTls): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    // A server name must not be an address (RFC 6066); the certificate is then checked against the address itself.
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl ? connectTls({ host, port, ...name, ...ssl }, onConnect) : connectPlain({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('error', (error: Error) => {
      if (isTlsRefusal(error)) onRefused(`${host}:${port}`, error)
    })
    return socket
  }
}

/** Of OpenSSL's checks of a chain; the alerts of the other side are `ERR_SSL_…`, a wrong host name is `ERR_TLS_…`. */
const REFUSED =
  /^(ERR_SSL_|ERR_TLS_CERT_|CERT_|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH)/

/** Whether this error says that one side did not accept what the other showed. */
export function isTlsRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && REFUSED.test(code)
}
