/**
 * Certificates for tests, made with Node alone: an authority of its own, and what it signs for hosts and clients. X.509 v3
 * in DER with ECDSA over P-256, valid for a day around now.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

export interface Certificate {
  readonly certPem: string
  readonly keyPem: string
  /** Encrypts the key. */
  encryptedKeyPem(passphrase: string): string
}

export interface Authority extends Certificate {
  /** A certificate for this name; `addresses` and `hosts` are what a server may be reached by. */
  issue(name: string, reached?: { readonly addresses?: readonly string[]; readonly hosts?: readonly string[] }): Certificate
}

const HALF_DAY_MS = 12 * 3_600_000
const tag = { boolean: 1, integer: 2, bits: 3, octets: 4, oid: 6, utf8: 12, utcTime: 23, sequence: 0x30, set: 0x31 } as const
const oid = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
}

function der(kind: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from([kind, ...length]), body])
}

const algorithm = der(tag.sequence, der(tag.oid, Buffer.from(oid.ecdsaWithSha256)))
const yes = der(tag.boolean, Buffer.from([0xff]))

function named(name: string): Buffer {
  return der(tag.sequence, der(tag.set, der(tag.sequence, der(tag.oid, Buffer.from(oid.commonName)), der(tag.utf8, Buffer.from(name)))))
}

/** YYMMDDhhmmssZ */
function utcTime(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(tag.utcTime, Buffer.from(`${text}Z`))
}

function extension(id: readonly number[], critical: boolean, value: Buffer): Buffer {
  return der(tag.sequence, der(tag.oid, Buffer.from(id)), ...(critical ? [yes] : []), der(tag.octets, value))
}

function pem(what: string, bytes: Buffer): string {
  return `-----BEGIN ${what}-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${what}-----\n`
}

interface Wanted {
  readonly subject: string
  readonly issuer: string
  readonly key: KeyObject
  readonly signedWith: KeyObject
  readonly extensions: readonly Buffer[]
}

function certificate({ subject, issuer, key, signedWith, extensions }: Wanted): string {
  const serial = randomBytes(8)
  // Positive, and with no zero byte in front.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const body = der(
    tag.sequence,
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serial),
    algorithm,
    named(issuer),
    der(tag.sequence, utcTime(Date.now() - HALF_DAY_MS), utcTime(Date.now() + HALF_DAY_MS)),
    named(subject),
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(tag.sequence, ...extensions)),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, signedWith)])
  return pem('CERTIFICATE', der(tag.sequence, body, algorithm, der(tag.bits, signature)))
}

const exported = (key: KeyObject, certPem: string): Certificate => ({
  certPem,
  keyPem: key.export({ type: 'pkcs8', format: 'pem' }) as string,
  encryptedKeyPem: (passphrase) => key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }) as string,
})

/** An authority that nobody else trusts. */
export function authority(name: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const isAuthority = extension(oid.basicConstraints, true, der(tag.sequence, yes))
  const ownPem = certificate({ subject: name, issuer: name, key: own.publicKey, signedWith: own.privateKey, extensions: [isAuthority] })
  return {
    ...exported(own.privateKey, ownPem),
    issue(subject, { addresses = [], hosts = [] } = {}) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const names = [
        ...hosts.map((host) => der(0x82, Buffer.from(host))),
        ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
      ]
      const extensions =
        names.length === 0
          ? [extension(oid.basicConstraints, true, der(tag.sequence))]
          : [extension(oid.subjectAltName, false, der(tag.sequence, ...names))]
      return exported(pair.privateKey, certificate({ subject, issuer: name, key: pair.publicKey, signedWith: own.privateKey, extensions }))
    },
  }
}
