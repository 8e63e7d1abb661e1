/**
 * The Ed25519 key pair that signs the webhooks of local mode. Made on first use, kept in the data folder, readable by
 * its owner only; several processes that start together end up with the same one.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface SandboxKey {
  /** Stands in `WebhookReceived.keyId`. */
  readonly id: 'sandbox'
  readonly file: string
  readonly publicPem: string
  /** Value of `X-GHL-Signature` for a raw body: base64 of 64 bytes. */
  sign(body: Uint8Array): string
}

/** Loads `<dataDir>/sandbox/ghl-signing.pem` (PKCS#8), making it when there is none. */
export function sandboxKey(dataDir: string): SandboxKey {
  const file = join(dataDir, 'sandbox', 'ghl-signing.pem')
  const privateKey = createPrivateKey(existing(file) ?? create(file))
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new TypeError(
      `${file} holds a key of type ${String(privateKey.asymmetricKeyType)}, expected ed25519. Remove the file to have one made.`,
    )
  return {
    id: 'sandbox',
    file,
    publicPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string,
    sign: (body) => sign(null, body, privateKey).toString('base64'),
  }
}

function existing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Written aside and linked into place: nobody reads half a key, and the first of two makers wins. */
function create(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const aside = `${file}.${process.pid}`
  writeFileSync(aside, pem, { mode: 0o600 })
  try {
    linkSync(aside, file)
    return pem
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return readFileSync(file, 'utf8')
  } finally {
    rmSync(aside, { force: true })
  }
}
