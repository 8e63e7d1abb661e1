/** Whom callbacks are taken from: as configured, and a key that is none stops the start. */
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { callbackTrust } from '../../../cli/roles/callbackTrust.ts'
import { loadConfig } from '../../../config/config.ts'

const token = 'a'.repeat(32)
const spki = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' }).toString('base64')

t.test('without secrets nobody is trusted; with them Twilio is known by its tokens and our URL, SendGrid by its keys', async (t) => {
  t.strictSame(callbackTrust(loadConfig({})), { twilio: undefined, sendgrid: undefined })
  const trust = callbackTrust(
    loadConfig({ PUBLIC_URL: 'https://rekindle.example', TWILIO_AUTH_TOKENS: token, SENDGRID_WEBHOOK_PUBLIC_KEYS: spki }),
  )
  t.strictSame(trust.twilio, { tokens: [token], publicUrl: 'https://rekindle.example' })
  t.ok(trust.sendgrid)
})

t.test('a key whose point is not on the curve is named at start', async (t) => {
  const off = `${spki.slice(0, 36)}${'A'.repeat(86)}==`
  t.throws(() => callbackTrust(loadConfig({ SENDGRID_WEBHOOK_PUBLIC_KEYS: off })), {
    code: 'E_CONFIG_INVALID',
    message: /SENDGRID_WEBHOOK_PUBLIC_KEYS holds what is no key of P-256/,
  })
})
