/**
 * What is sent in a chaos run, from a seed: numbered events over skewed keys, in bursts with pauses between them, and the
 * versions of the rates. The same seed gives the same bursts; what the log then holds may differ (a retried burst).
 */
import { seededRandom } from '../../simulate/seededRandom.ts'
import type { Entry, Kind, Rate, Reading } from './workload.ts'

/** One thing to send. */
export type Sending =
  | { readonly to: 'readings'; readonly key: string; readonly value: Reading }
  | { readonly to: 'garbage'; readonly key: string; readonly n: number }
  | { readonly to: 'ledger'; readonly key: string; readonly value: Entry }
  | { readonly to: 'rates'; readonly key: string; readonly value: Rate }

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

/** Shares of the kinds, in per cent; the rest is `add`. */
const kinds: readonly (readonly [Kind | 'garbage' | 'outside', number])[] = [
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
  for (let n = 0; n < events;) {
    const gap = random.chance(GAP_MS.chance)
    const pauseMs = gap ? random.between(GAP_MS.shortest, GAP_MS.longest) : random.between(PAUSE_MS.shortest, PAUSE_MS.longest)
    const count = Math.min(events - n, random.between(BURST.fewest, BURST.most))
    const sendings: Sending[] = []
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
  return found

  function sending(n: number): Sending {
    // Squared: the lowest numbers come often, the highest hardly ever.
    const key = `key:${Math.floor(random.next() ** 2 * keys)}`
    let point = random.next() * 100
    const kind = kinds.find(([, share]) => (point -= share) < 0)?.[0] ?? 'add'
    if (kind === 'garbage') return { to: 'garbage', key, n }
    if (kind === 'outside') return { to: 'ledger', key, value: { cause: `o${n}`, steps: 1, sum: random.between(-50, 50), rate: 0 } }
    const amount = kind === 'arm' || kind === 'remind' ? random.between(TIMER_MS.shortest, TIMER_MS.longest) : random.between(-20, 40)
    return { to: 'readings', key, value: { n, kind, amount, rate: random.pick(RATES) } }
  }
}
