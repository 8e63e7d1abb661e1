/**
 * What is open on one partition of a dead-letter topic, and which letters may be replayed in which order. Pure: the same
 * records give the same answer to every operator.
 */
import { readDeadLetterRecord } from './deadLetters.ts'
import type { DeadLetter, Resolution } from './deadLetters.ts'
import type { LogRecord } from './partitionReader.ts'

export interface BookedLetter {
  readonly letter: DeadLetter
  /** What became of it; `undefined` while it is open. */
  readonly resolution: Resolution | undefined
  /** Id of an earlier letter of the same source record: a sink that crashed may set one record aside twice. */
  readonly repeats: string | undefined
}

export interface Refused {
  readonly letter: DeadLetter
  readonly code: 'E_DEAD_LETTER_ORDER' | 'E_DEAD_LETTER_OVERTAKEN'
  /** A sentence that names the letter and what stands in its way. */
  readonly why: string
}

/** The letters of one partition, in the order of their offsets, each with what the markers say. */
export class DeadLetterBook {
  readonly #letters: { readonly letter: DeadLetter; readonly repeats: string | undefined }[] = []
  readonly #firsts = new Map<string, DeadLetter>()
  readonly #resolutions = new Map<bigint, Resolution>()
  readonly #sourceTopic: string
  readonly #group: string
  readonly #outlined: boolean
  #strangers = 0

  /** `sourceTopic` is the physical name. Outlined, letters have no key, value and headers, which a count needs none of. */
  constructor(sourceTopic: string, group: string, { outlined = false }: { readonly outlined?: boolean } = {}) {
    this.#sourceTopic = sourceTopic
    this.#group = group
    this.#outlined = outlined
  }

  /** Takes the next record of the partition. */
  add(record: LogRecord): void {
    const read = readDeadLetterRecord(record, this.#sourceTopic, this.#group)
    switch (read.kind) {
      case 'stranger':
        this.#strangers += 1
        return
      case 'marker':
        // The first one counts: two cannot be written under one transactional id, unless by a foreign hand.
        if (!this.#resolutions.has(read.resolves)) this.#resolutions.set(read.resolves, read.resolution)
        return
      case 'letter': {
        const letter = this.#outlined ? { ...read.letter, key: null, value: null, headers: {}, message: '' } : read.letter
        const first = this.#firstOf(letter)
        this.#letters.push({ letter, repeats: first?.id })
        return
      }
      default:
        read satisfies never
    }
  }

  /** Records that are neither letters nor markers. */
  get strangers(): number {
    return this.#strangers
  }

  get letters(): readonly BookedLetter[] {
    return this.#letters.map(({ letter, repeats }) => {
      const first = repeats === undefined ? letter.offset : offsetOf(repeats)
      return { letter, repeats, resolution: this.#resolutions.get(first) }
    })
  }

  /** Letters that nothing became of yet, each source record once. */
  get open(): readonly DeadLetter[] {
    return this.letters.filter(({ resolution, repeats }) => resolution === undefined && repeats === undefined).map(({ letter }) => letter)
  }

  #firstOf(letter: DeadLetter): DeadLetter | undefined {
    if (letter.sourceOffset < 0n) return undefined
    // With its time: a topic that was made anew gives its offsets out again. Two stages that set the same record aside have it replayed each.
    const place = `${letter.sourceOffset} ${letter.sourceTimestamp} ${letter.onlyFor ?? ''}`
    const first = this.#firsts.get(place)
    if (first === undefined) this.#firsts.set(place, letter)
    return first
  }
}

/** The newest record of a key on a compacted topic. */
export interface NewestOfKey {
  readonly offset: bigint
  /** Its CloudEvents id, if it has one. */
  readonly id: string | undefined
}

/**
 * Which of `wanted` may be written back, in the order of the partition: one is refused while an older open letter of its
 * key stands before it and is not written back with it. `newest` is given for a compacted source: there a letter that has
 * been overtaken would put the older value on top.
 */
export function inOrder(
  open: readonly DeadLetter[],
  wanted: (letter: DeadLetter) => boolean,
  newest?: ReadonlyMap<string, NewestOfKey>,
): { readonly chosen: readonly DeadLetter[]; readonly refused: readonly Refused[] } {
  const chosen: DeadLetter[] = []
  const refused: Refused[] = []
  const standing = new Map<string, DeadLetter>()
  for (const letter of open) {
    // Records without a key have no order among each other.
    const key = letter.key?.toString('latin1')
    const before = key === undefined ? undefined : standing.get(key)
    const refusal = wanted(letter) ? refusalOf(letter, before, key === undefined ? undefined : newest?.get(key)) : undefined
    if (refusal !== undefined) refused.push(refusal)
    else if (wanted(letter)) {
      chosen.push(letter)
      continue
    }
    if (key !== undefined && before === undefined) standing.set(key, letter)
  }
  return { chosen, refused }
}

function refusalOf(letter: DeadLetter, before: DeadLetter | undefined, newest: NewestOfKey | undefined): Refused | undefined {
  const key = String(letter.key)
  if (before !== undefined)
    return {
      letter,
      code: 'E_DEAD_LETTER_ORDER',
      why: `${letter.id}: ${before.id} is older, has the same key ${key} and is still open.`,
    }
  if (newest === undefined || !overtakes(newest, letter)) return undefined
  return {
    letter,
    code: 'E_DEAD_LETTER_OVERTAKEN',
    why: `${letter.id}: ${letter.sourceTopic} is compacted and holds a newer record of ${key} at offset ${newest.offset}.`,
  }
}

function overtakes(newest: NewestOfKey, letter: DeadLetter): boolean {
  if (letter.sourceOffset >= 0n) return newest.offset > letter.sourceOffset
  // It was written by the very transaction that set it aside; its id tells it from later ones.
  return newest.id !== letter.headers['ce_id']?.toString()
}

function offsetOf(id: string): bigint {
  return BigInt(id.slice(id.lastIndexOf('@') + 1))
}
