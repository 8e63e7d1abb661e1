/** Where the inventory of a location stands, in a sentence. Pure. */
import type { InventoryState } from './inventoryPlan.ts'
import { instantText, spanText } from './words.ts'

export function inventoryWords(tenantId: string, state: InventoryState | undefined, now: number): string {
  if (state === undefined) return `${tenantId}: what its leads hold was never gone through.`
  const { leads, read, missed, unclear, passed, calls } = state.counts
  const did = [
    `${counted(leads, 'lead')} and ${counted(read, 'thing')} compared with ${counted(calls, 'call')}, ${missed} missed`,
    ...(unclear > 0 ? [`${unclear} unclear`] : []),
    ...(passed > 0 ? [`${counted(passed, 'lead')} that could not be read`] : []),
  ].join(', ')
  const place =
    state.endedAt === null
      ? `what its leads hold is being gone through since ${instantText(state.beganAt)}: ${did}.`
      : `what its leads hold was gone through from ${instantText(state.beganAt)} to ${instantText(state.endedAt)}: ${did}.`
  const why = state.failedBecause === null ? '' : ` The last try: ${state.failedBecause.replace(/\.?$/, '.')}`
  const whole =
    state.wholeAt === null
      ? ' It was never gone through to the end.'
      : ` The last whole turn ended ${spanText(now - state.wholeAt)} ago and took ${spanText(state.wholeMs ?? 0)}.`
  return `${tenantId}: ${place}${why}${whole}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
