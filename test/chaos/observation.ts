/** What a chaos run left, as it was read back, and how a difference from the model is told. */
import type { WindowState } from '../../runtime/windows/windowAggregate.ts'
import type { Delivery } from './courier.ts'
import type { Level, Tide } from './tides.ts'
import type { Entry, Notice, Permit, Rate, Reading, Tally, Total } from './workload.ts'

/** A record as a read-committed reader found it. Lists of them are in order of partition, then offset. */
export interface Stored<V> {
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  readonly value: V
  /** ms. */
  readonly timestamp: number
}

/** `undefined` where the bytes are no reading. */
export type StoredReading = Stored<Reading | undefined>

export interface DeadLetter {
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  readonly code: string
  /** Offset of the refused record; -1 when it was handed over in memory. */
  readonly sourceOffset: bigint
  /** The cause it carries; empty when its bytes cannot be read. */
  readonly cause: string
  /** Of an entry, 0 of anything else. */
  readonly steps: number
  /** Times that it was folded. */
  readonly attempts: number
}

export interface KeyState<S> {
  readonly state: S
  readonly timers: Readonly<Record<string, number>>
}

export interface Row {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  readonly cause: string
  readonly amount: number
}

export interface ProviderCall {
  readonly idempotencyKey: string
  readonly key: string
  readonly cause: string
  /** Place among all arrivals and answers. */
  readonly arrived: number
  /** Calls of the same process and partition that were under way when it was made, itself included. */
  readonly beside: number
  /** Place of the answer, and what it said; without them there was none, or nobody was there any more. */
  answered?: number
  status?: number
  /** Of the work, done when this call arrived or before; without one it is not done yet. */
  readonly receipt: number | undefined
}

/** Everything that is there after a run. */
export interface Observation {
  readonly fused: boolean
  readonly partitions: number
  readonly readings: readonly StoredReading[]
  readonly rates: readonly Stored<Rate>[]
  readonly ledger: readonly Stored<Entry>[]
  readonly alarms: readonly Stored<Entry>[]
  readonly totals: readonly Stored<Total>[]
  readonly notices: readonly Stored<Notice>[]
  readonly regions: readonly Stored<Notice>[]
  readonly permits: readonly Stored<Permit>[]
  readonly tides: readonly Stored<Tide>[]
  readonly deliveries: readonly Stored<Delivery>[]
  /** What the provider saw, in the order of arrival. */
  readonly calls: readonly ProviderCall[]
  /** By source topic, of all groups that read it. */
  readonly dead: Readonly<Record<'readings' | 'ledger' | 'totals' | 'notices', readonly DeadLetter[]>>
  /** Last value of each key on the changelogs. */
  readonly states: {
    readonly tally: ReadonlyMap<string, KeyState<Tally>>
    readonly rollup: ReadonlyMap<string, KeyState<Total>>
    readonly notify: ReadonlyMap<string, KeyState<Notice>>
    readonly tide: ReadonlyMap<string, KeyState<WindowState<Level>>>
  }
  /** Rows by table: facts, one per record, and the last total of each key. */
  readonly postgres: { readonly facts: readonly Row[]; readonly latest: ReadonlyMap<string, number> }
  /** Absent when the run had no ClickHouse. */
  readonly clickhouse?: readonly Row[]
}

export interface Difference {
  /** Topic, changelog or table. */
  readonly where: string
  readonly key: string
  readonly offset: bigint | undefined
  readonly what: string
  readonly expected: unknown
  readonly found: unknown
}

export type Report = (
  where: string,
  record: { readonly key: string; readonly offset?: bigint | undefined },
  what: string,
  expected: unknown,
  found: unknown,
) => void
