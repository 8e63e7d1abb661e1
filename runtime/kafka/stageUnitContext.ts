/** What a partition of a group of stages is made with, and how large its slices may become. */
import type { FuseLimits } from '../fuse.ts'
import type { AnyStage, Table } from '../stage.ts'
import type { UnitState } from '../state/unitState.ts'
import type { OutputRecord } from '../taskBatch.ts'
import type { FoldMark } from '../taskCause.ts'
import type { AnyTopic } from '../topic.ts'
import type { LagBook } from './lagBook.ts'
import type { PartitionReader } from './partitionReader.ts'
import type { UnitTransactions } from './unitTransactions.ts'
import type { Workshop } from './workshop.ts'

export interface StageUnitContext extends Pick<
  Workshop,
  'kafka' | 'admin' | 'cluster' | 'wire' | 'counts' | 'sizes' | 'logger' | 'metrics' | 'tracer' | 'topicPrefix'
> {
  readonly reader: PartitionReader
  readonly group: string
  readonly stages: readonly AnyStage[]
  readonly tables: ReadonlyMap<string, Table<unknown>>
  /** By physical name. */
  readonly inputs: ReadonlyMap<string, AnyTopic>
  /** Of an input, by physical name: those of the highest go first. */
  priorityOf(topic: string): number
  /** Whether they differ at all. */
  readonly ranked: boolean
  readonly limits: SliceLimits
  readonly fuse: FuseLimits
  /** How old what is done is, for the lag in seconds. */
  readonly lagBook: LagBook
  /** How the unit of a partition commits. */
  transactions(partition: number): UnitTransactions
  /** Opens the state of a partition, once whoever has it open has let go. */
  state(partition: number): Promise<UnitState>
  /** Wall clock of timers, ms. */
  now(): number
  /** Told what a transaction has written. */
  readonly onOutputs?: ((outputs: readonly OutputRecord[]) => void) | undefined
  /** Clock of where time goes, ms; that of the process unless given. */
  readonly monotonic?: () => number
  /** Told what is folded, for whoever looks on. */
  readonly mark?: FoldMark | undefined
}

export interface SliceLimits {
  readonly maxRecords: number
  /** Time the folds of one transaction may take, ms. */
  readonly maxMs: number
  /** Encoded bytes of one transaction. */
  readonly maxBytes: number
  /** Least time between two small transactions, ms. */
  readonly lingerMs: number
}
