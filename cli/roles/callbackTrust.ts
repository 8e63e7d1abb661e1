/** Whom callbacks are taken from, as configured. A key that can verify nothing is named at start: with it every event would be refused. */
import { KeyRing } from '../../api/ghlKeys.ts'
import type { SigningKey } from '../../api/ghlKeys.ts'
import type { CallbackTrust } from '../../api/ports.ts'
import { sendgridKeys } from '../../api/sendgridSignature.ts'
import { configError } from '../../config/config.ts'
import type { Config } from '../../config/config.ts'
import { needed } from './connections.ts'

/** Throws E_CONFIG_INVALID when a key of SendGrid is none. */
export function callbackTrust({ callbacks, http }: Pick<Config, 'callbacks' | 'http'>): CallbackTrust {
  const { twilioAuthTokens: tokens, sendgridPublicKeys: keys } = callbacks
  return {
    twilio: tokens === undefined ? undefined : { tokens, publicUrl: needed(http.publicUrl, 'PUBLIC_URL') },
    sendgrid: keys === undefined ? undefined : new KeyRing(keysOf(keys), 'sha256'),
  }
}

function keysOf(given: readonly string[]): SigningKey[] {
  try {
    return sendgridKeys(given)
  } catch (error) {
    throw configError('E_CONFIG_INVALID', `SENDGRID_WEBHOOK_PUBLIC_KEYS holds what is no key of P-256: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
