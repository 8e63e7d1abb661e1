/** Where the inventory of a location stands, in a sentence. Pure. */
import { counted } from '../counted.ts'
import type { HeldPart } from './heldThings.ts'
import type { InventoryState } from './inventoryPlan.ts'
import { instantText } from '../instantText.ts'
import { spanText } from './words.ts'

const SUBJECTS: Readonly<Record<HeldPart, string>> = { open: 'what its leads hold', settled: 'what is settled of its leads' }

/** One part of it, at `now` (ms). `callsPerHour`: what a location has for it; 0 where it is off. */
export function inventoryWords(
  tenantId: string,
  part: HeldPart,
  state: InventoryState | undefined,
  callsPerHour: number,
  now: number,
): string {
  const subject = SUBJECTS[part]
  if (state === undefined)
    return callsPerHour === 0
      ? `${tenantId}: ${subject} is not gone through: GHL_INVENTORY_CALLS_PER_HOUR is 0. \`--held\` does it now.`
      : `${tenantId}: ${subject} was never gone through.`
  const { leads, read, missed, unclear, passed, calls } = state.counts
  const did = [
    `${counted(leads, 'lead')} and ${counted(read, 'thing')} compared with ${counted(calls, 'call')}, ${missed} missed`,
    ...(unclear > 0 ? [`${unclear} unclear`] : []),
    ...(passed > 0 ? [`${counted(passed, 'lead')} that could not be read`] : []),
  ].join(', ')
  const place =
    state.endedAt === null
      ? `${subject} is being gone through since ${instantText(state.beganAt)}: ${did}.`
      : `${subject} was gone through from ${instantText(state.beganAt)} to ${instantText(state.endedAt)}: ${did}.`
  const why = state.failedBecause === null ? '' : ` The last try: ${state.failedBecause.replace(/\.?$/, '.')}`
  const whole =
    state.wholeAt === null
      ? ' It was never gone through to the end.'
      : ` The last whole turn ended ${spanText(now - state.wholeAt)} ago and took ${spanText(state.wholeMs ?? 0)}.`
  return `${tenantId}: ${place}${why}${whole}`
}
