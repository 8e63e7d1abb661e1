/**
 * Which replays of dead letters a stretch of the past folds again: those of records that it set aside itself, and of records that lie before
 * it. A record that it folded the first time, since this build reads what an earlier one could not, is not folded a second time. Pure.
 */
import type { DeadLetterRecord } from '../taskBatch.ts'
import type { DeadLetter } from './deadLetters.ts'

/** Where a replay comes from. */
export type Origin = Pick<DeadLetter, 'sourceTopic' | 'partition' | 'sourceOffset' | 'sourceTimestamp'>

export interface Past {
  /** The letters of the group, by id; one that its topic keeps no longer is taken to lie before the stretch. */
  readonly origins: ReadonlyMap<string, Origin>
  /** First offset of the stretch, by `<physical topic>#<partition>`. */
  readonly begins: ReadonlyMap<string, bigint>
  /** Time at which it begins, ms. */
  readonly from: number
  /** Values of the header `ce_source` of what the stages write, which the stretch writes again. */
  readonly writers: ReadonlySet<string>
  /** Physical names of topics, by their declared ones. */
  readonly topics: ReadonlyMap<string, string>
  /** Physical names of those that keep the newest record of a key: there a replay may stand in the place of what it is the replay of. */
  readonly compacted: ReadonlySet<string>
}

interface Standing {
  /** Physical name. */
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly headers: Readonly<Record<string, string>>
}

/** For every stage that reads the topic. */
const ALL = Symbol('all')

export class PastReplays {
  readonly #past: Past
  /** Set aside in this stretch and not given back yet: by which stages alone, or by all that read it. */
  readonly #setAside = new Map<string, Set<string | typeof ALL>>()

  constructor(past: Past) {
    this.#past = past
  }

  /** To be told of what each result sets aside. */
  add(letters: readonly DeadLetterRecord[], partition: number): void {
    for (const { source, handedOver, stage, alone } of letters) {
      const standing =
        handedOver === undefined
          ? source && { topic: source.topic, partition: source.partition, offset: source.offset, headers: source.headers }
          : { topic: handedOver.topic.name, partition, offset: -1n, headers: handedOver.headers }
      if (standing === undefined) continue
      const id = this.#idOf({ ...standing, topic: this.#past.topics.get(standing.topic) ?? standing.topic })
      const by = this.#setAside.get(id)
      if (by === undefined) this.#setAside.set(id, new Set([alone ? stage : ALL]))
      else by.add(alone ? stage : ALL)
    }
  }

  /**
   * The stages that the replay of a letter is folded by, one after the other; `undefined` among them stands for all that read its topic.
   * `onlyFor` is that of the replay, `headers` what it brings with it. None where the stretch has folded the record already.
   */
  stagesOf(letterId: string, onlyFor: string | undefined, headers: Standing['headers']): readonly (string | undefined)[] {
    const origin = this.#past.origins.get(letterId)
    if (origin === undefined || this.#past.compacted.has(origin.sourceTopic)) return [onlyFor]
    const { sourceTopic: topic, partition, sourceOffset: offset } = origin
    const standing = { topic, partition, offset, headers }
    if (!this.#isWithin(standing, origin.sourceTimestamp)) return [onlyFor]
    const id = this.#idOf(standing)
    const by = this.#setAside.get(id)
    if (by === undefined) return []
    if (by.has(ALL)) {
      this.#setAside.delete(id)
      return [onlyFor]
    }
    const stages = [...by].filter((stage): stage is string => stage !== ALL && (onlyFor === undefined || stage === onlyFor))
    for (const stage of stages) by.delete(stage)
    if (by.size === 0) this.#setAside.delete(id)
    return stages
  }

  #isWithin(standing: Standing, timestamp: number): boolean {
    if (this.#isOwn(standing)) return timestamp >= this.#past.from
    const begin = this.#past.begins.get(`${standing.topic}#${standing.partition}`)
    return begin !== undefined && standing.offset >= begin
  }

  /** What these stages wrote has no offset in the stretch, where it is written again under the id that it had. */
  #idOf(standing: Standing): string {
    const { topic, partition, offset, headers } = standing
    return this.#isOwn(standing) ? `${topic} ${headers['ce_id'] ?? ''}` : `${topic}#${partition}@${offset}`
  }

  #isOwn({ headers }: Standing): boolean {
    return headers['ce_id'] !== undefined && this.#past.writers.has(headers['ce_source'] ?? '')
  }
}
