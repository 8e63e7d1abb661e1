/**
 * Files of a partition have one holder at a time: whoever opens them waits until the one before has closed them, in the
 * order of asking. A partition turns from owned to copied and back while its former holder is still letting go.
 */
import type { UnitState } from './unitState.ts'

/** Opens like `open`, after every earlier holder of the same partition has closed. What `open` throws holds up nobody. */
export function oneAtATime(open: (partition: number) => UnitState): (partition: number) => Promise<UnitState> {
  const closed = new Map<number, Promise<void>>()
  return async (partition) => {
    const before = closed.get(partition)
    let free = (): void => undefined
    closed.set(partition, new Promise((resolve) => (free = resolve)))
    await before
    try {
      const state = open(partition)
      return { stores: state.stores, close: (how) => state.close(how).finally(free) }
    } catch (error) {
      free()
      throw error
    }
  }
}
