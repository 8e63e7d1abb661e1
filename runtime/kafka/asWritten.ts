/**
 * What results of a rehearsal are as records under a prefix: whether a broker takes them in one transaction, and which no topic takes.
 * A shadow writes them; a dry run under the prefix of its source only asks, so that it sets aside what members would.
 */
import type { AnyStage } from '../stage.ts'
import { volatileUnitState } from '../state/unitState.ts'
import type { Refusals, TaskBatch } from '../task.ts'
import type { AnyTopic } from '../topic.ts'
import { Changelog } from './changelog.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import type { Excess } from './recordSizes.ts'
import { fits, outgoingOf, refusalsBy } from './stageOutput.ts'
import type { OutputContext } from './stageOutput.ts'
import type { WireFormat } from './wireFormat.ts'
import type { Workshop } from './workshop.ts'

export interface AsWrittenOptions {
  readonly group: string
  readonly stages: readonly AnyStage[]
  /** Before every topic that would be written. */
  readonly prefix: string
}

/** Of one partition of a topic: a broker takes 1 MB of it at once. */
const BYTES = 800_000

export class AsWritten {
  readonly #parts: Pick<Workshop, 'counts' | 'sizes'>
  readonly #options: AsWrittenOptions
  readonly #wire: WireFormat
  /** Topics that the stages read, by logical name. */
  readonly #read: ReadonlyMap<string, AnyTopic>
  readonly #changelogs = new Map<number, readonly Changelog[]>()

  /** Partition counts of the outputs are to be loaded, and schemas of `wire` known; topics whose size is not known take everything. */
  constructor(parts: Pick<Workshop, 'counts' | 'sizes'>, wire: WireFormat, options: AsWrittenOptions) {
    this.#parts = parts
    this.#options = options
    this.#wire = wire
    this.#read = new Map(options.stages.flatMap((stage) => stage.on.map(({ topic }) => [topic.name, topic])))
  }

  /** Whether the broker takes this result in one transaction, and each record of it. */
  fits(result: TaskBatch, partition: number): boolean {
    const outgoing = this.outgoing(result, partition, 0)
    return this.inOne(outgoing) && this.excess(outgoing) === undefined
  }

  /** As a member sets aside what a record was made of that no topic takes. Nothing where topics take all of this result. */
  refusals(result: TaskBatch, partition: number): Refusals | undefined {
    if (this.excess(this.outgoing(result, partition, 0)) === undefined) return undefined
    return refusalsBy(this.#parts.sizes, this.changelogs(partition), this.#context(partition, 0))
  }

  /** Whether a broker takes these in one transaction. */
  inOne(outgoing: readonly OutgoingRecord[]): boolean {
    return fits(outgoing, BYTES)
  }

  excess(outgoing: readonly OutgoingRecord[]): Excess | undefined {
    return this.#parts.sizes.excess(outgoing)
  }

  /** `at`: wall clock, ms. */
  outgoing(result: TaskBatch, partition: number, at: number): OutgoingRecord[] {
    return outgoingOf(result, this.changelogs(partition), this.#context(partition, at))
  }

  changelogs(partition: number): readonly Changelog[] {
    let own = this.#changelogs.get(partition)
    if (own === undefined) {
      const { stages, prefix } = this.#options
      const { stores } = volatileUnitState(stages)
      own = stages.flatMap((stage) => {
        const store = stores.get(stage.name)
        return store === undefined ? [] : [new Changelog(stage, partition, prefix, store)]
      })
      this.#changelogs.set(partition, own)
    }
    return own
  }

  #context(partition: number, at: number): OutputContext {
    const { group, prefix } = this.#options
    const { counts, sizes } = this.#parts
    return { wire: this.#wire, counts, sizes, topicPrefix: prefix, group, read: this.#read, partition, at }
  }
}
