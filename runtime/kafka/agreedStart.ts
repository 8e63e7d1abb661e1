/**
 * State and the offsets that belong to it, of a group that may go on meanwhile. What it commits between the reading of one and of the
 * other would be in the state and be folded again, or be in neither; so both are read until the offsets stood still around a restore.
 */
import { kafkaError } from './errors.ts'

/** A restore that only has to catch up takes some ms, and a group commits some 50 times a second at most. */
const LOOKS_AT_MOST = 100

/**
 * The offsets, by place, that were the same before and after the last `restore`. The first one reads everything, later ones what has come
 * since. Throws E_STATE_UNSETTLED when they never stand still for as long as one restore takes.
 */
export async function agreedStart(
  what: string,
  offsets: () => Promise<ReadonlyMap<string, bigint>>,
  restore: () => Promise<void>,
): Promise<ReadonlyMap<string, bigint>> {
  let before = await offsets()
  for (let looks = 0; looks < LOOKS_AT_MOST; looks++) {
    await restore()
    const after = await offsets()
    if (areSame(before, after)) return after
    before = after
  }
  throw kafkaError(
    'E_STATE_UNSETTLED',
    `${what} committed during each of ${LOOKS_AT_MOST} attempts to read its state and its offsets as of one moment.`,
  )
}

function areSame(one: ReadonlyMap<string, bigint>, other: ReadonlyMap<string, bigint>): boolean {
  return one.size === other.size && [...one].every(([place, offset]) => other.get(place) === offset)
}
