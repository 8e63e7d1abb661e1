/**
 * Secrets at rest: AES-256-GCM, bound to the place they stand in, so that a sealed text moved to another row does not open.
 * The first key seals, all of them open: a new one is put in front, and the old one goes when nothing is sealed by it.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { postgresError } from './errors.ts'

export interface Sealer {
  seal(secret: string, place: string): string
  /** Throws `E_SECRET_UNREADABLE`. */
  open(sealed: string, place: string): string
  /** Whether the first key sealed it. */
  isCurrent(sealed: string): boolean
}

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const FORMAT = 'v1'

/** A key as it is configured: 64 hexadecimal digits, or 32 bytes in base64. */
export function keyOf(text: string): Buffer {
  const key = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (key.length !== KEY_BYTES) throw new TypeError(`A key must have ${KEY_BYTES} bytes; this one has ${key.length}.`)
  return key
}

export function sealer(keys: readonly Buffer[]): Sealer {
  const ring = new Map(keys.map((key) => [createHash('sha256').update(key).digest('hex').slice(0, 8), key]))
  const [first] = ring
  if (first === undefined) throw new TypeError('At least one key is needed.')
  const [firstName, firstKey] = first
  return {
    seal(secret, place) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', firstKey, iv)
      cipher.setAAD(Buffer.from(place))
      const body = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return [FORMAT, firstName, body.toString('base64url')].join('.')
    },
    open(sealed, place) {
      const [format, name = '', body = ''] = sealed.split('.')
      const key = format === FORMAT ? ring.get(name) : undefined
      if (key === undefined)
        throw postgresError('E_SECRET_UNREADABLE', `${place} was sealed by key ${name}, which is not among ${[...ring.keys()].join(', ')}.`)
      const bytes = Buffer.from(body, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        decipher.setAAD(Buffer.from(place))
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
      } catch (error) {
        throw postgresError('E_SECRET_UNREADABLE', `${place} was changed, or moved from another row.`, { cause: error })
      }
    },
    isCurrent: (sealed) => sealed.startsWith(`${FORMAT}.${firstName}.`),
  }
}
