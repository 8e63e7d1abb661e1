/**
 * What no repetition mends: a login, a certificate or a right that is refused, as one coded error that says what to set. The text
 * never holds a password: neither the client nor the broker puts one into a message.
 */
import { RekindleError, runtimeError } from '../errors.ts'
import { typeOf } from './errorType.ts'
import { isTlsRefusal } from './watchedSockets.ts'
import type { OnRefusedTls } from './watchedSockets.ts'

/** The error itself, or the coded one when a refusal is the cause of it. */
export function named(error: Error, brokers: readonly string[]): Error {
  if (error instanceof RekindleError) return error
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at.name === 'KafkaJSSASLAuthenticationError')
      return runtimeError('E_BROKER_LOGIN_REFUSED', `${brokers.join(', ')}: ${at.message}`, { cause: error })
    if (isTlsRefusal(at)) return tlsRefused(brokers, at)
  }
  return rightsMissing(error) ?? error
}

/** The coded error when a broker has said that its user may not do this; `about` is what was to be done. */
export function rightsMissing(error: unknown, about?: string): RekindleError | undefined {
  const type = typeOf(error)
  if (type?.endsWith('_AUTHORIZATION_FAILED') !== true) return undefined
  return runtimeError('E_BROKER_RIGHTS_MISSING', `${about === undefined ? '' : `${about}: `}${(error as Error).message} (${type})`, {
    cause: error,
  })
}

function tlsRefused(brokers: readonly string[], error: Error): RekindleError {
  return runtimeError('E_BROKER_TLS_REFUSED', `${brokers.join(', ')}: ${error.message} (${String((error as { code?: unknown }).code)})`, {
    cause: error,
  })
}

/** `everywhere` rejects once every broker of the list has refused; while one has not, the client may still get in there. */
export function tlsRefusals(brokers: readonly string[]): { readonly note: OnRefusedTls; readonly everywhere: Promise<never> } {
  const left = new Set(brokers)
  let refuse: (error: Error) => void = () => undefined
  const everywhere = new Promise<never>((_, reject) => (refuse = reject))
  everywhere.catch(() => undefined)
  return {
    everywhere,
    note: (broker, error) => {
      left.delete(broker)
      if (left.size === 0) refuse(tlsRefused(brokers, error))
    },
  }
}
