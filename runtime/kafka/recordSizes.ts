/**
 * How much each topic takes in one batch, as the cluster says at the start and whenever a broker has refused something as too large,
 * and what is by itself larger than that. Where the cluster does not say, nothing is called too large: the broker judges.
 */
import type { Admin } from 'kafkajs'
import type { Logger } from 'pino'
import { kafkajs, writtenBytes } from './corrections.ts'
import { typeOf } from './errorType.ts'
import { headerCharacters } from './headerSize.ts'
import { BATCH_HEADER_BYTES, encodeRecords } from './protocol/recordBatch.ts'
import type { OutgoingRecord } from './openTransactions.ts'

/** What no topic takes. */
export interface Excess {
  /** Physical name. */
  readonly topic: string
  readonly key: string | null
  /** Of a batch with this record alone. */
  readonly bytes: number
  readonly limit: number
}

const SETTING = 'max.message.bytes'
/** More than lengths and deltas of a record take. */
const OVERHEAD_BYTES = 512
/** UTF-8 has as many bytes a character at most. */
const BYTES_A_CHARACTER = 3
/** Of what a topic takes, so much is given to one batch of several records: what they take is counted roughly. */
const SHARE = 0.95
/** The same where the limit is not known. Brokers take 1,048,588 unless told otherwise. */
const UNKNOWN_BYTES = 1_000_000

/** For whoever writes no more than a batch takes. */
export const unknownSizes = { batchBytes: () => UNKNOWN_BYTES }

export class RecordSizes {
  readonly #admin: Pick<Admin, 'describeConfigs'>
  readonly #logger: Logger
  readonly #limits = new Map<string, number>()
  readonly #topics = new Set<string>()
  #least = Infinity
  #asking: Promise<void> | undefined

  constructor(admin: Pick<Admin, 'describeConfigs'>, logger: Logger) {
    this.#admin = admin
    this.#logger = logger
  }

  /** Asks about topics, by physical name, that were not asked about. Never throws: what cannot be asked stays unknown. */
  async load(topics: readonly string[]): Promise<void> {
    const wanted = [...new Set(topics)].filter((topic) => !this.#topics.has(topic))
    for (const topic of wanted) this.#topics.add(topic)
    if (wanted.length > 0) await this.#ask(wanted)
  }

  /** To be told of an error of a broker: after a refusal what is known may be old, and is asked anew. */
  refused(error: unknown): void {
    if (typeOf(error) !== 'MESSAGE_TOO_LARGE' || this.#topics.size === 0) return
    this.#asking ??= this.#ask([...this.#topics]).finally(() => (this.#asking = undefined))
  }

  /** Bytes that a batch of the topic may have; `undefined` where nobody says. */
  of(topic: string): number | undefined {
    return this.#limits.get(topic)
  }

  /** Bytes of several records of a topic, about, that may go into one batch. */
  batchBytes(topic: string): number {
    const limit = this.#limits.get(topic)
    return limit === undefined ? unknownSizes.batchBytes() : limit * SHARE
  }

  /** The first of these records that its topic does not take even alone. */
  excess(records: readonly OutgoingRecord[]): Excess | undefined {
    for (const record of records) {
      const { topic, key, value, headers } = record
      // What a record was read with is handed on, and may be as large as the record.
      const text = (key?.length ?? 0) + headerCharacters(headers)
      const about = (value?.length ?? 0) + text * BYTES_A_CHARACTER + OVERHEAD_BYTES
      if (about <= this.#least) continue
      const limit = this.#limits.get(topic)
      if (limit === undefined || about <= limit) continue
      const bytes = BATCH_HEADER_BYTES + writtenBytes(encodeRecords([record]))
      if (bytes > limit) return { topic, key: key === null ? null : String(key), bytes, limit }
    }
    return undefined
  }

  async #ask(topics: readonly string[]): Promise<void> {
    try {
      const { resources } = await this.#admin.describeConfigs({
        includeSynonyms: false,
        resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [SETTING] })),
      })
      for (const { resourceName, configEntries } of resources) {
        const limit = Number(configEntries.find(({ configName }) => configName === SETTING)?.configValue)
        if (Number.isSafeInteger(limit) && limit > 0) this.#limits.set(resourceName, limit)
      }
      this.#least = Math.min(...this.#limits.values())
    } catch (error) {
      this.#logger.warn(
        { error: String(error) },
        `the cluster does not say how large the records of its topics may be (${SETTING}): one that it refuses is tried again without end`,
      )
    }
  }
}
