/** Where the inventory of a location stands, in a sentence. Pure. */
import { counted } from '../counted.ts'
import type { HeldPart } from './heldThings.ts'
import type { InventoryState } from './inventoryPlan.ts'
import { instantText } from '../instantText.ts'
import { spanText } from './words.ts'

const SUBJECTS: Readonly<Record<HeldPart, string>> = { open: 'what its leads hold', settled: 'what is settled of its leads' }

/** One part of it, at `now` (ms). `callsPerHour`: what a location has for it, 0 where it is off; `callsPerDay`: what it has for everything. */
export function inventoryWords(
  tenantId: string,
  part: HeldPart,
  state: InventoryState | undefined,
  { callsPerHour, callsPerDay }: { callsPerHour: number; callsPerDay: number },
  now: number,
): string {
  const subject = SUBJECTS[part]
  if (state === undefined)
    return callsPerHour === 0
      ? `${tenantId}: ${subject} is not gone through: ${offBecause(callsPerDay)}. \`--held\` does it now.`
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

function offBecause(callsPerDay: number): string {
  return callsPerDay < CALLS_PER_DAY_FOR_ONE_AN_HOUR
    ? `half of GHL_CALLS_PER_DAY (${callsPerDay}) is less than one call an hour, it takes ${CALLS_PER_DAY_FOR_ONE_AN_HOUR}`
    : 'GHL_INVENTORY_CALLS_PER_HOUR is 0'
}

/** 24 hours, of twice one call. */
const CALLS_PER_DAY_FOR_ONE_AN_HOUR = 48
