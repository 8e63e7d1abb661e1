/**
 * What is sent in a chaos run, from a seed: numbered events over skewed keys, in bursts with pauses between them, and the
 * versions of the rates. The same seed gives the same bursts; what the log then holds may differ (a retried burst).
 */
import { seededRandom } from '../../simulate/seededRandom.ts'
import type { Entry, Kind, Permit, Rate, Reading } from './workload.ts'

/** One thing to send. */
export type Sending =
  // `behindMs`: how far its timestamp lies in the past.
  | { readonly to: 'readings'; readonly key: string; readonly value: Reading; readonly behindMs: number }
  | { readonly to: 'garbage'; readonly key: string; readonly n: number }
  | { readonly to: 'ledger'; readonly key: string; readonly value: Entry }
  | { readonly to: 'rates'; readonly key: string; readonly value: Rate }
  | { readonly to: 'permits'; readonly key: string; readonly value: Permit }

export interface Burst {
  /** Wait before it, ms. */
  readonly pauseMs: number
  readonly sendings: readonly Sending[]
}

export interface Load {
  readonly seed: number
  readonly events: number
  readonly keys: number
}

export const RATES = ['a', 'b', 'c', 'd'] as const
const BURST = { fewest: 5, most: 150 }
const PAUSE_MS = { shortest: 0, longest: 400 }
/** Now and then nothing comes for a while: sessions and idle commits must live through it. */
const GAP_MS = { chance: 0.02, shortest: 1_000, longest: 2_500 }
const TIMER_MS = { shortest: 100, longest: 6_000 }
const RATE_CHANGES = 12
/** Additions that come late, and by how much. */
const BEHIND_MS = { chance: 0.06, shortest: 500, longest: 12_000 }
/** A permit comes up to so many bursts after the reading that asked, or never. Keys that come often do not ask: all would wait. */
const PERMIT = { chance: 0.75, bursts: 3, fromKey: 1 / 8 }
/** Bad readings of one key in a row, fewer than blow a fuse. */
const STREAK = { chance: 0.0006, fewest: 5, most: 20 }

/** Shares of the kinds, in per cent; the rest is `add`. */
const kinds: readonly (readonly [Kind | 'garbage' | 'outside', number])[] = [
  ['ask', 2],
  ['arm', 8],
  ['cancel', 3],
  ['remind', 7],
  ['clear', 1],
  ['skip', 4],
  ['poison', 2],
  ['garbage', 1],
  ['outside', 4],
]

/** The factor of a version: whoever knows the version knows it. */
export function factorOf(rate: string, version: number): number {
  return ((rate.charCodeAt(0) + version * 7) % 5) + 1
}

/** The first version of every rate: sent before any member starts. */
export function firstRates(): readonly Extract<Sending, { to: 'rates' }>[] {
  return RATES.map((key) => ({ to: 'rates', key, value: { version: 1, factor: factorOf(key, 1) } }))
}

/** Everything else, in order. */
export function bursts({ seed, events, keys }: Load): readonly Burst[] {
  const random = seededRandom(seed, 'workload')
  const versions = new Map<string, number>(RATES.map((rate) => [rate, 1]))
  const changeEvery = Math.max(1, Math.floor(events / (RATE_CHANGES + 1)))
  const found: Burst[] = []
  const permits: Extract<Sending, { to: 'permits' }>[][] = []
  let streak = { key: '', left: 0 }
  for (let n = 0; n < events;) {
    const gap = random.chance(GAP_MS.chance)
    const pauseMs = gap ? random.between(GAP_MS.shortest, GAP_MS.longest) : random.between(PAUSE_MS.shortest, PAUSE_MS.longest)
    const count = Math.min(events - n, random.between(BURST.fewest, BURST.most))
    const sendings: Sending[] = permits.shift() ?? []
    for (let i = 0; i < count; i++, n++) {
      if (n > 0 && n % changeEvery === 0) {
        const rate = random.pick(RATES)
        const version = (versions.get(rate) ?? 0) + 1
        versions.set(rate, version)
        sendings.push({ to: 'rates', key: rate, value: { version, factor: factorOf(rate, version) } })
      }
      sendings.push(sending(n))
    }
    found.push({ pauseMs, sendings })
  }
  for (const sendings of permits) found.push({ pauseMs: PAUSE_MS.longest, sendings })
  return found

  function sending(n: number): Sending {
    // Squared: the lowest numbers come often, the highest hardly ever.
    const number = Math.floor(random.next() ** 2 * keys)
    const key = `key:${number}`
    let point = random.next() * 100
    const drawn = kinds.find(([, share]) => (point -= share) < 0)?.[0] ?? 'add'
    const kind = drawn === 'ask' && number < keys * PERMIT.fromKey ? 'add' : drawn
    if (random.chance(STREAK.chance)) streak = { key, left: random.between(STREAK.fewest, STREAK.most) }
    if (streak.left-- > 0) return { to: 'readings', key: streak.key, value: { n, kind: 'poison', amount: 0, rate: '' }, behindMs: 0 }
    if (kind === 'garbage') return { to: 'garbage', key, n }
    if (kind === 'outside') return { to: 'ledger', key, value: { cause: `o${n}`, steps: 1, sum: random.between(-50, 50), rate: 0 } }
    const amount = kind === 'arm' || kind === 'remind' ? random.between(TIMER_MS.shortest, TIMER_MS.longest) : random.between(-20, 40)
    const late = kind === 'add' && random.chance(BEHIND_MS.chance)
    const behindMs = late ? random.between(BEHIND_MS.shortest, BEHIND_MS.longest) : 0
    if (kind === 'ask' && random.chance(PERMIT.chance)) {
      const bursts = random.between(0, PERMIT.bursts)
      while (permits.length <= bursts) permits.push([])
      permits[bursts]?.push({ to: 'permits', key: `a${n}`, value: { n } })
    }
    return { to: 'readings', key, value: { n, kind, amount, rate: random.pick(RATES) }, behindMs }
  }
}
