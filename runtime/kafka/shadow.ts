/**
 * Writes what a rehearsal gives under a prefix of its own: outputs, changelogs and dead letters, each result whole or not
 * at all. Nothing under the prefix of the source is touched, and a second writer of the same shadow fences the first.
 */
import { runtimeError } from '../errors.ts'
import { noMetrics } from '../metrics.ts'
import type { AnyStage } from '../stage.ts'
import { subscriptions } from '../task.ts'
import type { Refusals, TaskBatch } from '../task.ts'
import { isSpread, physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { AsWritten } from './asWritten.ts'
import { topicsWrittenBy } from './names.ts'
import { stableEnds } from './offsets.ts'
import type { Workshop } from './workshop.ts'
import { applyTopics } from './topicPlan.ts'
import { UnitProducer } from './unitProducer.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import type { WireFormat } from './wireFormat.ts'

export interface ShadowOptions {
  readonly group: string
  readonly stages: readonly AnyStage[]
  /** Before every topic that is written, e.g. `shadow.`; not the prefix of the source. */
  readonly prefix: string
  readonly replicationFactor: number
}

/** As a member's: more makes a transaction no cheaper. */
const RECORDS = 1_000

export class Shadow {
  readonly #results: AsWritten
  readonly #producer: UnitProducer
  readonly #waiting: OutgoingRecord[] = []

  private constructor(workshop: Workshop, options: ShadowOptions, wire: WireFormat, topics: readonly string[]) {
    this.#results = new AsWritten(workshop, wire, options)
    this.#producer = new UnitProducer({
      ...workshop,
      topicPrefix: options.prefix,
      metrics: noMetrics,
      group: options.group,
      unit: 'backfill',
      topics,
    })
  }

  /** Makes the topics, as many partitions each as the source has. Throws E_SHADOW_NOT_EMPTY when one holds records. */
  static async open(workshop: Workshop, wire: WireFormat, options: ShadowOptions): Promise<Shadow> {
    const { group, stages, prefix } = options
    const { counts, sizes, admin, cluster, topicPrefix } = workshop
    const inputs = subscriptions(stages)
    const outputs = stages.flatMap((stage) => stage.outputs as readonly AnyTopic[])
    const keyed = inputs.filter(({ key }) => isSpread(key)).map((topic) => physicalName(topic, topicPrefix))
    await counts.load(keyed)
    await applyTopics(admin, outputs, prefix, {
      partitions: Math.max(1, ...keyed.map((topic) => counts.of(topic))),
      replicationFactor: options.replicationFactor,
      members: [{ group, stages }],
    })
    const written = topicsWrittenBy(group, stages, prefix)
    const ends = await stableEnds(cluster, written)
    const full = written.filter((topic) => [...(ends.get(topic)?.values() ?? [])].some((end) => end > 0n))
    if (full.length > 0)
      throw runtimeError('E_SHADOW_NOT_EMPTY', `Under ${prefix} there are records already: ${full.slice(0, 5).join(', ')}.`)
    await counts.load(written)
    await sizes.load(written)
    await wire.register(outputs)
    const shadow = new Shadow(workshop, options, wire, written)
    await shadow.#producer.open()
    return shadow
  }

  /** Whether the broker takes this result in one transaction, and each record of it. */
  fits(result: TaskBatch, partition: number): boolean {
    return this.#results.fits(result, partition)
  }

  /** As a member sets aside what a record was made of that no topic takes. Nothing where topics take all of this result. */
  refusals(result: TaskBatch, partition: number): Refusals | undefined {
    return this.#results.refusals(result, partition)
  }

  /** Takes one result of a partition; it is written with those around it. Throws E_OUTPUT_TOO_LARGE. */
  async write(result: TaskBatch, partition: number, at: number): Promise<void> {
    const changelogs = this.#results.changelogs(partition)
    const outgoing = this.#results.outgoing(result, partition, at)
    const excess = this.#results.excess(outgoing)
    if (excess !== undefined)
      throw runtimeError('E_OUTPUT_TOO_LARGE', `${excess.topic} takes ${excess.limit} bytes, of ${excess.key} come ${excess.bytes}.`)
    // Told after the first change, so that the definition of the state schema is written once, ahead of it.
    for (const { stage } of result.changes) changelogs.find(({ stage: own }) => own === stage)?.committed(0n, 0)
    if (!this.#results.inOne([...this.#waiting, ...outgoing])) await this.flush()
    this.#waiting.push(...outgoing)
    if (this.#waiting.length >= RECORDS) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#waiting.length > 0) await this.#producer.commit(this.#waiting.splice(0), [])
  }

  async close(): Promise<void> {
    await this.#producer.close()
  }
}
