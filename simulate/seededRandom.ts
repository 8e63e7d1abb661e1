/** Random numbers that a seed determines, so that the same seed tells the same stories on every machine. */
import { createHash } from 'node:crypto'

export interface SeededRandom {
  /** At least 0, below 1. */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  /** True with this probability. */
  chance(probability: number): boolean
  /** Letters and digits, as ids of the platform have. */
  id(length: number): string
  /** In the form of a UUID of version 4. */
  uuid(): string
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** One stream of numbers per name: what one story draws never shifts what another one draws. */
export function seededRandom(seed: number, ...name: readonly (string | number)[]): SeededRandom {
  const digest = createHash('sha256')
    .update([seed, ...name].join('\u0000'))
    .digest()
  let [a, b, c, d] = [0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)) as [number, number, number, number]
  // sfc32 of PractRand: 128 bits of state, passes BigCrush.
  const word = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  const random: SeededRandom = {
    next: () => word() / 4_294_967_296,
    between: (low, high) => low + Math.floor(random.next() * (high - low + 1)),
    pick: (list) => list[random.between(0, list.length - 1)] ?? list[0],
    chance: (probability) => random.next() < probability,
    id: (length) => Array.from({ length }, () => letters[random.between(0, letters.length - 1)]).join(''),
    uuid: () => {
      const hex = [word(), word(), word(), word()].map((part) => part.toString(16).padStart(8, '0')).join('')
      const variant = '89ab'[random.between(0, 3)] ?? '8'
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }
  return random
}
