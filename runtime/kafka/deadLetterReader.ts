/**
 * Reads dead-letter topics for an operator: which there are, what stands on them, and what a letter says. Two looks: what
 * committed readers see now, and what stands behind every transaction that is still open, for who is about to write.
 */
import type { AnyTopic } from '../topic.ts'
import { DeadLetterBook } from './deadLetterBook.ts'
import type { DeadLetter } from './deadLetters.ts'
import { kafkaError } from './errors.ts'
import { deadLetterSource } from './names.ts'
import type { DeadLetterSource } from './names.ts'
import { firstOffsets, stableEnds } from './offsets.ts'
import { leaderMoves, patiently } from './patiently.ts'
import { PartitionReader } from './partitionReader.ts'
import type { Position } from './partitionReader.ts'
import { readSettled } from './settledRead.ts'
import type { Workshop } from './workshop.ts'
import { topicId } from './topicId.ts'

/** Which letters are meant; what is left out does not matter. */
export interface DeadLetterFilter {
  /** Id of one letter. */
  readonly id?: string
  /** Name of the source topic as declared. */
  readonly topic?: string
  readonly group?: string
  readonly code?: string
}

/** One partition of a dead-letter topic. */
export interface DeadLetterPlace extends DeadLetterSource {
  /** Physical name of the dead-letter topic. */
  readonly name: string
  readonly partition: number
}

/** A book and where it goes on: moved with what is read, so that a look that fails in the middle is not read twice. */
export interface FollowedBook {
  readonly place: DeadLetterPlace
  readonly book: DeadLetterBook
  readonly position: Position
  /** Of the dead-letter topic that the book was begun with, where the cluster gives ids. */
  readonly topicId?: string | undefined
}

const FETCH_WAIT_MS = 10

function newBook(place: DeadLetterPlace, how: { readonly outlined: boolean }): FollowedBook {
  const { name: topic, partition } = place
  return { place, book: new DeadLetterBook(place.sourceTopic, place.group, how), position: { topic, partition, offset: 0n } }
}

export class DeadLetterReader {
  readonly #workshop: Workshop
  readonly #topics: readonly AnyTopic[]
  readonly #patience: { readonly patienceMs?: number }
  #reader: Promise<PartitionReader> | undefined

  /** Letters of topics that are not declared here are not seen. */
  constructor(workshop: Workshop, topics: readonly AnyTopic[], patienceMs?: number) {
    this.#workshop = workshop
    this.#topics = topics
    this.#patience = patienceMs === undefined ? {} : { patienceMs }
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    await (await reader)?.close()
  }

  /** The partitions of the dead-letter topics that the broker has. */
  async places({ topic, group }: DeadLetterFilter): Promise<readonly DeadLetterPlace[]> {
    const { admin, topicPrefix } = this.#workshop
    const { cluster } = this.#workshop.cluster
    const topics = this.#topics.filter(({ name }) => topic === undefined || name === topic)
    const sources = (await admin.listTopics()).sort().flatMap((name) => {
      const source = deadLetterSource(name, topics, topicPrefix)
      return source === undefined || (group !== undefined && source.group !== group) ? [] : [{ ...source, name }]
    })
    if (sources.length > 0) await cluster.addMultipleTargetTopics(sources.map(({ name }) => name))
    return sources.flatMap((source) =>
      cluster
        .findTopicPartitionMetadata(source.name)
        .map(({ partitionId }) => ({ ...source, partition: partitionId }))
        .sort((a, b) => a.partition - b.partition),
    )
  }

  /** Throws E_DEAD_LETTER_UNKNOWN. */
  async placeOf(id: string): Promise<DeadLetterPlace> {
    const [, name = '', partition] = /^(.+)#(\d{1,9})@\d{1,19}$/.exec(id) ?? []
    const place = (await this.places({})).find((each) => each.name === name && each.partition === Number(partition))
    if (place === undefined)
      throw kafkaError('E_DEAD_LETTER_UNKNOWN', `${id} does not name a letter: <dead-letter topic>#<partition>@<offset>.`)
    return place
  }

  /** What committed readers see of these partitions now; outlined without keys, values and headers. */
  async books(places: readonly DeadLetterPlace[], how = { outlined: false }): Promise<readonly DeadLetterBook[]> {
    const opened = await this.#opened(places, (place) => newBook(place, how))
    return opened.map(({ book }) => book)
  }

  /**
   * The same in outline, reading on where those of the look before ended. A book of which something was deleted begins anew, and so do
   * those of a topic that was made anew.
   */
  async follow(places: readonly DeadLetterPlace[], before: readonly FollowedBook[]): Promise<readonly FollowedBook[]> {
    const known = new Map(before.map((followed) => [`${followed.place.name}#${followed.place.partition}`, followed]))
    // Before the ends are asked for: of a topic that is made anew in between the next look tells it.
    const ids = await this.#topicIds(places)
    return this.#opened(places, (place, low, end) => {
      const last = known.get(`${place.name}#${place.partition}`)
      const id = ids.get(place.name)
      const isSame = last?.topicId === undefined || id === undefined || last.topicId === id
      const isWhole = last !== undefined && isSame && last.position.offset <= end && (last.book.letters[0]?.letter.offset ?? low) >= low
      return isWhole ? { ...last, place, topicId: id } : { ...newBook(place, { outlined: true }), topicId: id }
    })
  }

  async #topicIds(places: readonly DeadLetterPlace[]): Promise<ReadonlyMap<string, string | undefined>> {
    const partitions = new Map(places.map(({ name, partition }) => [name, partition]))
    const { cluster } = this.#workshop
    return new Map(
      await Promise.all([...partitions].map(async ([name, partition]) => [name, await topicId(cluster, name, partition)] as const)),
    )
  }

  async #opened(
    places: readonly DeadLetterPlace[],
    bookOf: (place: DeadLetterPlace, low: bigint, end: bigint) => FollowedBook,
  ): Promise<readonly FollowedBook[]> {
    const { cluster } = this.#workshop
    const names = [...new Set(places.map(({ name }) => name))]
    const [lows, ends] = names.length === 0 ? [] : await Promise.all([firstOffsets(cluster, names), stableEnds(cluster, names)])
    const reader = await this.#connected()
    const open = places.map((place) => {
      const low = lows?.get(place.name)?.get(place.partition) ?? 0n
      const end = ends?.get(place.name)?.get(place.partition) ?? 0n
      const followed = bookOf(place, low, end)
      if (followed.position.offset < low) followed.position.offset = low
      return { followed, end }
    })
    const bookAt = new Map(open.map(({ followed: { position, book } }) => [`${position.topic}#${position.partition}`, book]))
    const behind = () => open.filter(({ followed, end }) => followed.position.offset < end)
    for (let left = behind(); left.length > 0; left = behind()) {
      const positions = left.map(({ followed }) => followed.position)
      const before = positions.map(({ offset }) => offset)
      await patiently(leaderMoves, () =>
        reader.fetch(positions, FETCH_WAIT_MS, (records) => {
          for (const record of records) bookAt.get(`${record.topic}#${record.partition}`)?.add(record)
        }),
      )
      if (positions.some(({ offset }, index) => offset !== before[index])) continue
      for (const { followed, end } of left) await reader.refuseShorter(followed.position.topic, followed.position.partition, end)
    }
    return open.map(({ followed }) => followed)
  }

  /** What is there once no transaction is open any more. */
  async settledBook({ name, partition, sourceTopic, group }: DeadLetterPlace): Promise<DeadLetterBook> {
    const book = new DeadLetterBook(sourceTopic, group)
    await this.settled(name, partition, (record) => book.add(record))
    return book
  }

  /** Throws E_DEAD_LETTERS_UNSETTLED when a transaction does not end. */
  async settled(topic: string, partition: number, onRecord: Parameters<typeof readSettled>[1]): Promise<void> {
    const { cluster } = this.#workshop
    const reader = await this.#connected()
    if (!(await readSettled({ reader, cluster, topic, partition, ...this.#patience }, onRecord)))
      throw kafkaError('E_DEAD_LETTERS_UNSETTLED', `${topic} partition ${partition}: a transaction on it does not end.`)
  }

  /** The value as the schema of its topic reads it, `null` for a tombstone. */
  async decoded(topic: AnyTopic, { value }: DeadLetter): Promise<unknown> {
    if (value === null) return null
    const { wire } = this.#workshop
    await wire.prepare(topic, [value])
    return wire.decode(topic, value)
  }

  #connected(): Promise<PartitionReader> {
    this.#reader ??= PartitionReader.connect(this.#workshop.kafka)
    return this.#reader
  }
}
