/**
 * The keys that may sign webhooks: the published one, those of the file, and in local mode the sandbox key. A file without a
 * usable key is named at start: an installation that trusts nobody would refuse everything and look like an attack.
 */
import { readFileSync } from 'node:fs'
import { ed25519Key, ed25519Keys, KeyRing, publishedGhlKey, publishedLegacyKey } from '../../api/ghlKeys.ts'
import type { SigningKey } from '../../api/ghlKeys.ts'
import type { TrustedKeys } from '../../api/signature.ts'
import { configError } from '../../config/config.ts'
import type { Config } from '../../config/config.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'

/** Throws E_CONFIG_INVALID when the file cannot be read or holds anything but Ed25519 public keys. */
export function trustedKeys(config: Pick<Config, 'mode' | 'dataDir' | 'ghl'>): TrustedKeys {
  const { publicKeysFile, acceptLegacyRsa } = config.ghl
  const more = publicKeysFile === undefined ? [] : keysIn(publicKeysFile)
  const sandbox = config.mode === 'local' ? [ed25519Key('sandbox', sandboxKey(config.dataDir).publicPem)] : []
  return {
    ed25519: new KeyRing([publishedGhlKey, ...more, ...sandbox]),
    legacyRsa: acceptLegacyRsa ? publishedLegacyKey : undefined,
  }
}

function keysIn(file: string): SigningKey[] {
  try {
    return ed25519Keys('configured', readFileSync(file, 'utf8'))
  } catch (error) {
    throw configError('E_CONFIG_INVALID', `GHL_PUBLIC_KEYS_FILE is ${JSON.stringify(file)}: ${(error as Error).message}`, { cause: error })
  }
}
