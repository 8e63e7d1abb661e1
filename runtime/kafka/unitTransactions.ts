/**
 * How a unit of stages commits: by a transactional id of its own, or in transactions that it shares with the other units of its
 * member. Either way its records and offsets are written together or not at all, and a predecessor can write nothing more.
 */
import type { RuntimeMetrics } from '../metrics.ts'
import type { UnitProducer } from './unitProducer.ts'
import type { OutgoingRecord, SourceOffset } from './openTransactions.ts'

export type TransactionalProducer = Pick<UnitProducer, 'open' | 'whole' | 'commit' | 'close' | 'drop'>

/** Commits in the name of the membership under which a unit is taken over, and of no other. */
export interface TakeOverProducer {
  commit(records: readonly OutgoingRecord[], offsets: readonly SourceOffset[]): Promise<unknown>
}

/** What is done once the predecessor is fenced. What takes long calls `progressed` while it gets on: others may wait for it. */
export type TakeOverWork = (producer: TakeOverProducer, progressed: () => void) => Promise<void>

/** What a unit wants to have written. */
export interface TransactionPart {
  readonly records: readonly OutgoingRecord[]
  /** At least one where the transaction is shared: they carry the fence. */
  readonly offsets: readonly SourceOffset[]
  /** Input records that it comes from. */
  readonly inputs: number
  /** What is being done of it: its records and offsets are written, or the transaction that has them is ended. */
  readonly onStep?: (step: 'produce' | 'commit') => void
  /** Called while it waits for a take-over that gets on. */
  readonly onWait?: () => void
}

export interface UnitTransactions {
  /**
   * Takes over: needed before the first commit, and again after each error and each join. The first time the predecessor is
   * fenced and then `work` done, which may commit through the producer. `memberId` is the present one.
   */
  takeOver(work: TakeOverWork, memberId?: string): Promise<void>
  /** A part may follow soon: others may wait for it, a few ms. */
  announce(): void
  /** No part will follow what was announced. */
  retract(): void
  /** Resolves when it is committed, with the first offset given out per `<topic>#<partition>`. */
  commit(part: TransactionPart): Promise<ReadonlyMap<string, bigint>>
  /** Lets go. */
  close(): Promise<void>
}

/** Measures one transaction as it stands on the broker. */
export async function measured<R>(
  { metrics, group }: { readonly metrics: RuntimeMetrics; readonly group: string },
  parts: readonly TransactionPart[],
  commit: () => Promise<R>,
): Promise<R> {
  const started = performance.now()
  const result = await commit()
  metrics.observe('lr_transaction_duration_seconds', { group }, (performance.now() - started) / 1000)
  metrics.observe(
    'lr_transaction_records',
    { group },
    parts.reduce((sum, { inputs }) => sum + inputs, 0),
  )
  return result
}

/** Each unit for itself, for clusters whose coordinator does not look at generations of members. */
export class OwnTransactions implements UnitTransactions {
  readonly #producer: TransactionalProducer
  readonly #context: { readonly metrics: RuntimeMetrics; readonly group: string }
  #worked = false

  constructor(producer: TransactionalProducer, context: { readonly metrics: RuntimeMetrics; readonly group: string }) {
    this.#producer = producer
    this.#context = context
  }

  async takeOver(work: TakeOverWork, memberId?: string): Promise<void> {
    await this.#producer.open(memberId)
    if (!this.#worked) await work(this.#producer, () => undefined)
    this.#worked = true
  }

  announce(): void {
    // Nobody shares.
  }

  retract(): void {
    // Nobody shares.
  }

  commit(part: TransactionPart): Promise<ReadonlyMap<string, bigint>> {
    part.onStep?.('produce')
    return measured(this.#context, [part], () =>
      this.#producer.commit(part.records, part.offsets, undefined, () => part.onStep?.('commit')),
    )
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
