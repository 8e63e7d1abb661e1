/**
 * The keys that may sign a GoHighLevel webhook. One platform key signs for all apps, so a valid signature says "came
 * from GoHighLevel", never "meant for this app". A list, because the vendor announces rotations.
 */
import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

export interface SigningKey {
  /** Stands in `WebhookReceived.keyId`. */
  readonly id: string
  readonly key: KeyObject
}

/** The key of `X-GHL-Signature`. @source marketplace.gohighlevel.com/docs, webhook integration guide. @checked 2026-11-22 */
const publishedEd25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----`

/** The key of the retired `X-WH-Signature` (end of life 2026-09-01). @source as above. @checked 2026-11-22 */
const publishedRsa = `-----BEGIN PUBLIC KEY-----
MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSC
Frm602qYV0MaAiNnX9O8KxMbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6
dO0t6Q/ZVdAV5Phz+ZtzPL16iCGeK9po6D6JHBpbi989mmzMryUnQJezlYJ3DVfB
csedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQmTnSdFUzuAnC9/GepgLT9SM4nCpv
uxmZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx5klVXXZQGNHOs8gF
3kvoV5rTnXV0IknLBXlcKKAQLZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RKgOKU
J062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8xkx2zE/Juc+yjLjTXp
IocmaiFeAO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzN
h/AMfHKIjE4xQA1SZuYJmNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhC
HULgCsnuDJHcrGNd5/Ddm5hxGQ0ASitgHeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJ
PQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzmsFqwcSsnw3JB31IGKAyk
T1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ==
-----END PUBLIC KEY-----`

/** An Ed25519 public key from PEM. Throws when it is another kind of key: a key that can verify nothing must not be configured. */
export function ed25519Key(id: string, pem: string): SigningKey {
  const key = createPublicKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`Key ${id} is ${String(key.asymmetricKeyType)}, expected ed25519.`)
  return { id, key }
}

/** Every key of a PEM file with one or more `PUBLIC KEY` blocks; ids are `<id>`, `<id>-2`, `<id>-3` … */
export function ed25519Keys(id: string, pemFile: string): SigningKey[] {
  const blocks = pemFile.match(/-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g) ?? []
  if (blocks.length === 0) throw new TypeError(`No "BEGIN PUBLIC KEY" block for ${id}.`)
  return blocks.map((block, index) => ed25519Key(index === 0 ? id : `${id}-${index + 1}`, block))
}

/** The platform key as published; accepted in every mode. */
export const publishedGhlKey: SigningKey = ed25519Key('ghl-2026', publishedEd25519)

/** The retired RSA key; used only when the installation asks for it. */
export const publishedLegacyKey: SigningKey = { id: 'ghl-rsa', key: createPublicKey(publishedRsa) }

/** Several keys of which any may sign. The one that signed last is tried first: a check costs a tenth of a millisecond. */
export class KeyRing {
  #keys: readonly SigningKey[]
  readonly #digest: 'sha256' | null

  /** `digest` is what the signature is made over; null where the algorithm takes the bytes themselves, as Ed25519 does. */
  constructor(keys: readonly SigningKey[], digest: 'sha256' | null = null) {
    this.#keys = keys
    this.#digest = digest
  }

  /** The key that made this signature of these bytes, or `undefined`. */
  signerOf(body: Uint8Array, signature: Uint8Array): SigningKey | undefined {
    const signer = this.#keys.find(({ key }) => verify(this.#digest, body, key, signature))
    if (signer !== undefined && signer !== this.#keys[0]) this.#keys = [signer, ...this.#keys.filter((each) => each !== signer)]
    return signer
  }
}
