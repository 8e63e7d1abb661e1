/** The faults of a chaos run, as data from its seed: what happens to whom, at which share of the load, and for how long. */
import { seededRandom } from '../../simulate/seededRandom.ts'

export type FaultKind =
  | 'kill-member'
  | 'leave-member'
  | 'newcomer'
  | 'zombie'
  | 'clock-step'
  | 'kill-broker'
  | 'stall-broker'
  | 'kill-registry'
  | 'kill-postgres'
  | 'kill-clickhouse'
  | 'slow-disk'
  | 'provider-down'

export interface Fault {
  readonly kind: FaultKind
  /** When this share of the load is acknowledged, 0 to 1. */
  readonly at: number
  /** Number of the member or broker, counted from 0, where there is a choice. */
  readonly target: number
  /** Until it is started, woken, left or set right again, ms. */
  readonly durationMs: number
  /** For a clock: how far it is stepped, ms. */
  readonly shiftMs: number
}

/** Longest and shortest duration of each kind, and how often it comes compared with the others. */
const table: Readonly<Record<FaultKind, { readonly weight: number; readonly ms: readonly [number, number] }>> = {
  'kill-member': { weight: 6, ms: [0, 3_000] },
  'leave-member': { weight: 2, ms: [0, 3_000] },
  newcomer: { weight: 2, ms: [2_000, 8_000] },
  // Sessions last 6 s: it wakes up as a member that was replaced.
  zombie: { weight: 4, ms: [7_500, 11_000] },
  'clock-step': { weight: 3, ms: [2_000, 9_000] },
  'kill-broker': { weight: 4, ms: [0, 5_000] },
  // A disk or a collector that stops the broker whole: connections stay, answers do not come.
  'stall-broker': { weight: 2, ms: [1_000, 9_000] },
  'kill-registry': { weight: 1, ms: [0, 4_000] },
  'kill-postgres': { weight: 2, ms: [0, 4_000] },
  'kill-clickhouse': { weight: 2, ms: [0, 3_000] },
  'slow-disk': { weight: 2, ms: [3_000, 8_000] },
  'provider-down': { weight: 2, ms: [1_000, 6_000] },
}
export const faultKinds = Object.keys(table) as readonly FaultKind[]

const STEP_MS = { least: 2_000, most: 120_000 }
/** The load has begun, and is not over. */
const WITHIN = { from: 0.04, to: 0.95 }

export interface Schedule {
  readonly seed: number
  readonly count: number
  readonly kinds: readonly FaultKind[]
  readonly members: number
  readonly brokers: number
}

/** In order of their time; kinds are drawn by weight and may come more than once. */
export function scheduleOf({ seed, count, kinds, members, brokers }: Schedule): readonly Fault[] {
  const random = seededRandom(seed, 'faults')
  const weights = kinds.map((kind) => table[kind].weight)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const drawn = Array.from({ length: count }, (): Fault => {
    let point = random.next() * sum
    const index = weights.findIndex((weight) => (point -= weight) < 0)
    const kind = kinds[index] ?? kinds[0] ?? 'kill-member'
    const [shortest, longest] = table[kind].ms
    const at = WITHIN.from + random.next() * (WITHIN.to - WITHIN.from)
    const target = random.between(0, (kind.endsWith('broker') ? brokers : members) - 1)
    const durationMs = random.between(shortest, longest)
    const shiftMs = random.between(STEP_MS.least, STEP_MS.most) * (random.chance(0.5) ? 1 : -1)
    return { kind, at: Math.round(at * 1000) / 1000, target, durationMs, shiftMs: kind === 'clock-step' ? shiftMs : 0 }
  })
  return drawn.sort((a, b) => a.at - b.at)
}

/** One line for people, and enough to know what was done. */
export function describeFault({ kind, at, target, durationMs, shiftMs }: Fault): string {
  const who = /member$|broker$|^zombie$|^clock-step$/.test(kind) ? ` ${target}` : ''
  return `${(100 * at).toFixed(1)} % ${kind}${who} for ${durationMs} ms${shiftMs === 0 ? '' : `, by ${shiftMs} ms`}`
}

/** How often each kind comes: `kill-member×3 zombie`. */
export function countedFaults(faults: readonly Fault[]): string {
  const counts = new Map<FaultKind, number>()
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => (count === 1 ? kind : `${kind}×${count}`)).join(' ')
}
