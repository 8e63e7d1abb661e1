/**
 * Where an operator resolves dead letters. A letter is resolved once, whoever tries it how often: the record on its source
 * topic and the marker on the dead-letter topic are one transaction, made under an id that belongs to the partition of the
 * dead-letter topic. Who opens it fences everybody else, and only then reads what is open.
 */
import { kafkaError } from './errors.ts'
import type { RekindleError } from '../errors.ts'
import { subscriptions, Undecodable } from '../task.ts'
import { changesBetween } from '../valuePatch.ts'
import type { FieldChange } from '../valuePatch.ts'
import { inOrder } from './deadLetterBook.ts'
import type { BookedLetter, DeadLetterBook, NewestOfKey, Refused } from './deadLetterBook.ts'
import { DeadLetterReader } from './deadLetterReader.ts'
import type { DeadLetterFilter, DeadLetterPlace } from './deadLetterReader.ts'
import { replayRecord, resolutionMarker } from './deadLetters.ts'
import type { DeadLetter, ResolutionKind } from './deadLetters.ts'
import { textHeaders } from './partitionReader.ts'
import type { Workshop } from './workshop.ts'
import type { MemberDeclaration } from './topicPlan.ts'
import type { AnyTopic, Retention } from '../topic.ts'
import { isFenced, UnitProducer } from './unitProducer.ts'
import type { OutgoingRecord } from './openTransactions.ts'

export interface DeskOptions {
  /** Declared topics: letters of others are not seen. */
  readonly topics: readonly AnyTopic[]
  /** Who reads what: a letter whose group would not read it back is not replayed. */
  readonly members: readonly MemberDeclaration[]
  /** Wall clock, ms. */
  readonly now?: () => number
  /** How long open transactions on a partition are waited for, ms; by default a little longer than the broker lets them live. */
  readonly patienceMs?: number
}

export interface ResolveOptions {
  /** Who does it, for the marker. */
  readonly by: string
  /** Says what would be done and fences nobody. */
  readonly dryRun?: boolean
  /** Called for each letter when it is resolved for good; not in a dry run. */
  readonly onResolved?: (letter: DeadLetter) => void
}

export interface Resolved {
  /** In the order of their partitions. */
  readonly resolved: readonly DeadLetter[]
  readonly refused: readonly RefusedLetter[]
}
export type { DeadLetterFilter } from './deadLetterReader.ts'
export type RefusedLetter = Omit<Refused, 'code'> & {
  readonly code: Refused['code'] | 'E_DEAD_LETTER_UNREAD' | 'E_DEAD_LETTER_CUT'
}

export interface ListedLetters {
  /** Open letters by time. */
  readonly open: readonly DeadLetter[]
  /** Letters that are resolved and still kept. */
  readonly resolved: number
  /** Records on these topics that are neither letters nor markers. */
  readonly strangers: number
}

export interface ShownLetter extends BookedLetter {
  /** The value as its topic's schema reads it. */
  readonly decoded: { readonly value: unknown } | { readonly undecodable: string }
}

interface Resolving {
  readonly kind: ResolutionKind
  readonly reason?: string
  /** The value to be written instead of the letter's own. */
  readonly value?: Buffer
}

/** Transactional ids and nothing else: no group of this name joins. */
const DESK = 'dead-letters'
const RECORDS_PER_TRANSACTION = 500
const BYTES_PER_TRANSACTION = 500_000
const DAY_MS = 86_400_000

export class DeadLetterDesk {
  readonly #workshop: Workshop
  readonly #options: DeskOptions
  readonly #now: () => number
  readonly #reader: DeadLetterReader

  constructor(workshop: Workshop, options: DeskOptions) {
    this.#workshop = workshop
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#reader = new DeadLetterReader(workshop, options.topics, options.patienceMs)
  }

  /** What is open. Holds the letters of the chosen topics in memory. */
  async list(filter: Omit<DeadLetterFilter, 'id'> = {}): Promise<ListedLetters> {
    const books = await this.#reader.books(await this.#reader.places(filter))
    const fits = (letter: DeadLetter) => filter.code === undefined || letter.code === filter.code
    return {
      open: books.flatMap(({ open }) => open.filter(fits)).sort((a, b) => a.failedAt - b.failedAt),
      resolved: books.reduce((sum, book) => sum + book.letters.filter(({ resolution }) => resolution !== undefined).length, 0),
      strangers: books.reduce((sum, book) => sum + book.strangers, 0),
    }
  }

  /** One letter, open or resolved. Throws E_DEAD_LETTER_UNKNOWN. */
  async show(id: string): Promise<ShownLetter> {
    const place = await this.#reader.placeOf(id)
    const [book] = await this.#reader.books([place])
    const booked = found(book, id)
    const value = await this.#reader.decoded(place.topic, booked.letter)
    return { ...booked, decoded: value instanceof Undecodable ? { undecodable: value.reason } : { value } }
  }

  /** Writes letters back to the partition they came from, in order. Throws for a single id that cannot be. */
  replay(filter: DeadLetterFilter, options: ResolveOptions): Promise<Resolved> {
    return this.#resolve(filter, { kind: 'replayed' }, options)
  }

  /** Marks letters as done with. */
  discard(filter: DeadLetterFilter, reason: string, options: ResolveOptions): Promise<Resolved> {
    return this.#resolve(filter, { kind: 'discarded', reason }, options)
  }

  /**
   * Replays one letter with the value that `change` makes of its decoded one. Throws E_PATCH_REFUSED naming the field when
   * that is no record of the topic, E_DEAD_LETTER_UNDECODABLE when there is nothing to change.
   */
  async fix(id: string, change: (value: unknown) => unknown, options: ResolveOptions): Promise<readonly FieldChange[]> {
    const { topic } = await this.#reader.placeOf(id)
    const { letter } = await this.show(id)
    const { payload, changes } = await this.#changed(topic, letter, change)
    // A dry run leaves the registry alone too. The letter itself never changes: what was worked out before the fence holds.
    if (options.dryRun !== true) await this.#workshop.wire.register([topic])
    const value = options.dryRun === true ? payload : this.#workshop.wire.frame(topic, payload)
    await this.#resolve({ id }, { kind: 'fixed', value }, options)
    return changes
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #resolve(filter: DeadLetterFilter, how: Resolving, options: ResolveOptions): Promise<Resolved> {
    const { id, code } = filter
    const places = id === undefined ? await this.#reader.places(filter) : [await this.#reader.placeOf(id)]
    const wanted = (letter: DeadLetter) => (id === undefined || letter.id === id) && (code === undefined || letter.code === code)
    const resolved: DeadLetter[] = []
    const refused: RefusedLetter[] = []
    // A first look without fencing anybody: most partitions hold nothing that is meant.
    const books = await this.#reader.books(places)
    for (const [index, place] of places.entries()) {
      if (id !== undefined) mustBeOpen(found(books[index], id))
      if (books[index]?.open.some(wanted) !== true) continue
      const outcome = await this.#resolveAt(place, wanted, how, options, id)
      resolved.push(...outcome.resolved)
      refused.push(...outcome.refused)
    }
    const [first] = refused
    if (id !== undefined && first !== undefined) throw kafkaError(first.code, first.why)
    return { resolved, refused }
  }

  async #resolveAt(
    place: DeadLetterPlace,
    wanted: (letter: DeadLetter) => boolean,
    how: Resolving,
    options: ResolveOptions,
    id: string | undefined,
  ): Promise<Resolved> {
    const producer = this.#producer(place)
    try {
      // The producer comes first: read first, and what another operator commits in between would be replayed again.
      if (options.dryRun !== true) await this.#fencing(place, () => producer.open())
      const book = await this.#reader.settledBook(place)
      if (id !== undefined) mustBeOpen(found(book, id))
      const { chosen, refused } = await this.#plan(place, book.open, wanted, how.kind)
      if (options.dryRun === true) return { resolved: chosen, refused }
      for (const letters of slices(chosen)) {
        const at = this.#now()
        const records = letters.flatMap((letter) => recordsOf(place.topic, letter, how, options.by, at))
        await this.#fencing(place, () => producer.commit(records, []))
        for (const letter of letters) options.onResolved?.(letter)
      }
      return { resolved: chosen, refused }
    } finally {
      await producer.close()
    }
  }

  async #plan(
    place: DeadLetterPlace,
    open: readonly DeadLetter[],
    wanted: (letter: DeadLetter) => boolean,
    kind: ResolutionKind,
  ): Promise<{ readonly chosen: readonly DeadLetter[]; readonly refused: readonly RefusedLetter[] }> {
    if (kind === 'discarded') return { chosen: open.filter(wanted), refused: [] }
    if (!this.#isReadBack(place)) {
      const why = `${place.group} does not read ${place.topic.name} back: its own stages are the only ones that write it.`
      const refused = open.filter(wanted).map((letter) => ({ letter, code: 'E_DEAD_LETTER_UNREAD' as const, why: `${letter.id}: ${why}` }))
      return { chosen: [], refused }
    }
    const isGone = (letter: DeadLetter) => this.#isGone(place, letter)
    const isCut = ({ leftOut }: DeadLetter) => leftOut !== undefined
    const cut = open.filter((letter) => wanted(letter) && isCut(letter))
    const gone = open.filter((letter) => wanted(letter) && !isCut(letter) && isGone(letter))
    const left = (letter: DeadLetter) => wanted(letter) && !isCut(letter) && !isGone(letter)
    const { chosen, refused } = inOrder(
      open,
      left,
      place.topic.retention === 'compact' ? await this.#newest(place, open.filter(left)) : undefined,
    )
    const unread = gone.map((letter) => {
      const why = `${letter.id}: it is for stage ${letter.onlyFor}, and ${place.group} has none of this name that reads ${place.topic.name}.`
      return { letter, code: 'E_DEAD_LETTER_UNREAD' as const, why }
    })
    const without = cut.map((letter) => ({ letter, code: 'E_DEAD_LETTER_CUT' as const, why: cutInWords(letter) }))
    return { chosen, refused: [...without, ...unread, ...refused] }
  }

  /** Whether the group no longer has the stage that the letter is for. */
  #isGone({ group, topic }: DeadLetterPlace, { onlyFor }: DeadLetter): boolean {
    const stages = this.#options.members.find((each) => each.group === group)?.stages
    if (stages === undefined || onlyFor === undefined) return false
    const readers = stages.filter(({ on }) => on.some((input) => input.topic.name === topic.name))
    return readers.every(({ name, migrates }) => name !== onlyFor && migrates?.from !== onlyFor)
  }

  #isReadBack({ group, topic }: DeadLetterPlace): boolean {
    const member = this.#options.members.find((each) => each.group === group)
    if (member === undefined) return true
    return [...(member.inputs ?? []), ...subscriptions(member.stages ?? [])].some(({ name }) => name === topic.name)
  }

  #producer({ name, sourceTopic, partition }: DeadLetterPlace): UnitProducer {
    const { topicPrefix } = this.#workshop
    return new UnitProducer({
      ...this.#workshop,
      group: DESK,
      unit: `${name.slice(topicPrefix.length)}-${partition}`,
      topics: [name, sourceTopic],
    })
  }

  async #fencing<R>({ name, partition }: DeadLetterPlace, work: () => Promise<R>): Promise<R> {
    try {
      return await work()
    } catch (error) {
      if (!isFenced(error)) throw error
      throw kafkaError('E_DEAD_LETTERS_TAKEN_OVER', `${name} partition ${partition} was taken over by another operator.`, { cause: error })
    }
  }

  /** The newest record on the source of each key that is meant. */
  async #newest({ sourceTopic, partition }: DeadLetterPlace, letters: readonly DeadLetter[]): Promise<ReadonlyMap<string, NewestOfKey>> {
    const keys = new Set(letters.map(({ key }) => key?.toString('latin1')))
    const newest = new Map<string, NewestOfKey>()
    await this.#reader.settled(sourceTopic, partition, ({ key, offset, headers }) => {
      const name = key?.toString('latin1')
      if (name !== undefined && keys.has(name)) newest.set(name, { offset, id: textHeaders(headers)['ce_id'] })
    })
    return newest
  }

  async #changed(
    topic: AnyTopic,
    letter: DeadLetter,
    change: (value: unknown) => unknown,
  ): Promise<{ readonly payload: Buffer; readonly changes: readonly FieldChange[] }> {
    if (letter.leftOut !== undefined) throw kafkaError('E_DEAD_LETTER_CUT', cutInWords(letter))
    const before = await this.#reader.decoded(topic, letter)
    if (before instanceof Undecodable) throw kafkaError('E_DEAD_LETTER_UNDECODABLE', `${letter.id}: ${before.reason}.`)
    if (before === null) throw kafkaError('E_DEAD_LETTER_UNDECODABLE', `${letter.id} is a tombstone: it has no value.`)
    const patched = given(letter, () => change(before))
    const wrong = topic.value.mismatch(patched)
    if (wrong !== undefined) throw kafkaError('E_PATCH_REFUSED', `${letter.id}: ${topic.value.name} ${wrong}.`)
    const payload = topic.value.encode(patched)
    const after: unknown = topic.value.decode(payload)
    // What the schema has no place for would be left out without a word.
    const lost = changesBetween(patched, after).find((each) => each.before !== undefined)
    if (lost !== undefined)
      throw kafkaError('E_PATCH_REFUSED', `${letter.id}: ${topic.value.name} has no place for ${lost.path}, or not for this value.`)
    const changes = changesBetween(before, after)
    if (changes.length === 0) throw kafkaError('E_PATCH_REFUSED', `${letter.id}: the value stays as it is.`)
    return { payload, changes }
  }
}

function cutInWords({ id, leftOut = 0, sourceTopic, partition, sourceOffset }: DeadLetter): string {
  return `${id}: its value of ${leftOut} bytes stands on ${sourceTopic} partition ${partition} at ${sourceOffset} alone.`
}

/** What one letter's resolution writes. */
function recordsOf(topic: AnyTopic, letter: DeadLetter, { kind, reason, value }: Resolving, by: string, at: number): OutgoingRecord[] {
  const marker = resolutionMarker(letter, { kind, by, at, ...(reason === undefined ? {} : { reason }) })
  if (kind === 'discarded') return [marker]
  return [replayRecord(letter, replayTimestamp(letter.sourceTimestamp, topic.retention, at), value ?? letter.value), marker]
}

/**
 * The time of the thing itself, unless its topic would throw the record away for its age, perhaps before anybody reads it:
 * then the time of the replay. A day, or half of a shorter time, is left for readers that
 * stand still.
 */
export function replayTimestamp(sourceTimestamp: number, retention: Retention, now: number): number {
  if (retention === 'compact') return sourceTimestamp
  const keptMs = retention.days * DAY_MS
  return sourceTimestamp > now - (keptMs - Math.min(DAY_MS, keptMs / 2)) ? sourceTimestamp : now
}

/** What the operator's change makes of the value; a step that leads nowhere is his mistake, not ours. */
function given(letter: DeadLetter, change: () => unknown): unknown {
  try {
    return change()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw kafkaError('E_PATCH_REFUSED', `${letter.id}: ${error.message}.`, { cause: error })
  }
}

function found(book: DeadLetterBook | undefined, id: string): BookedLetter {
  const booked = book?.letters.find(({ letter }) => letter.id === id)
  if (booked === undefined) throw kafkaError('E_DEAD_LETTER_UNKNOWN', `${id} is not there.`)
  return booked
}

function mustBeOpen({ letter, resolution, repeats }: BookedLetter): void {
  const refusal = (sentence: string): RekindleError => kafkaError('E_DEAD_LETTER_RESOLVED', `${letter.id}: ${sentence}`)
  if (resolution !== undefined) {
    const { kind, by, at } = resolution
    throw refusal(`${kind} by ${by} at ${new Date(at).toISOString()}${repeats === undefined ? '' : ` as ${repeats}`}.`)
  }
  if (repeats !== undefined) throw refusal(`it is the same record as ${repeats}, which counts for both.`)
}

/** Runs of letters that make one transaction each; a letter that is larger than the bound stands alone. */
function* slices(letters: readonly DeadLetter[]): Generator<readonly DeadLetter[]> {
  let slice: DeadLetter[] = []
  let bytes = 0
  for (const letter of letters) {
    const size = (letter.value?.length ?? 0) + (letter.key?.length ?? 0)
    if (slice.length > 0 && (slice.length >= RECORDS_PER_TRANSACTION || bytes + size > BYTES_PER_TRANSACTION)) {
      yield slice
      slice = []
      bytes = 0
    }
    slice.push(letter)
    bytes += size
  }
  if (slice.length > 0) yield slice
}
