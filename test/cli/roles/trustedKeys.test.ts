import { generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { verifySignature } from '../../../api/signature.ts'
import { trustedKeys } from '../../../cli/roles/trustedKeys.ts'
import { loadConfig } from '../../../config/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'rekindle-keys-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'keys.pem')
const body = Buffer.from('{"type":"ContactCreate"}')
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string
const config = (env: Record<string, string> = {}) => loadConfig({ REKINDLE_DATA_DIR: folder, ...env })
const isTrusted = (privateKey: KeyObject, env: Record<string, string>) =>
  verifySignature(body, { 'x-ghl-signature': sign(null, body, privateKey).toString('base64') }, trustedKeys(config(env))).ok

t.test('a rotation: old and new key of the file are trusted beside the published one, another is not', async (t) => {
  const [old, fresh, stranger] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
  writeFileSync(file, pemOf(old.publicKey) + pemOf(fresh.publicKey))
  const env = { GHL_PUBLIC_KEYS_FILE: file }
  t.ok(isTrusted(old.privateKey, env))
  t.ok(isTrusted(fresh.privateKey, env))
  t.notOk(isTrusted(stranger.privateKey, env))
  t.notOk(isTrusted(fresh.privateKey, {}), 'without the file')
})

t.test('P-71 a file without a usable key ends the start and is named; the retired key counts only when asked for', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const [content, why] of [
    ['', /No "BEGIN PUBLIC KEY"/],
    ['secret', /No "BEGIN PUBLIC KEY"/],
    [pemOf(rsa.publicKey), /expected ed25519/],
  ] as const) {
    writeFileSync(file, content)
    t.throws(() => trustedKeys(config({ GHL_PUBLIC_KEYS_FILE: file })), { code: 'E_CONFIG_INVALID', message: why })
  }
  t.throws(() => trustedKeys(config({ GHL_PUBLIC_KEYS_FILE: join(folder, 'none.pem') })), { code: 'E_CONFIG_INVALID', message: /ENOENT/ })
  t.equal(trustedKeys(config()).legacyRsa, undefined)
  t.equal(trustedKeys(config({ GHL_ACCEPT_LEGACY_RSA: 'true' })).legacyRsa?.id, 'ghl-rsa')
})
