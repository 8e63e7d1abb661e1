/**
 * How fast a lead replies, out of the times of what was said. A function of the two sets of times alone, so that messages which
 * arrive late or in another order leave no trace. Pure.
 */

/** Replies kept. */
const REPLY_TIMES = 10
const HOUR_MS = 3_600_000

/**
 * Hours from a message to the lead until the lead's next one, the last ten, oldest first. Both lists are in ms and rise. A
 * reply is the first inbound message after an outbound one; it is measured from the last outbound one before it.
 */
export function replyHoursOf(inboundTimes: readonly number[], outboundTimes: readonly number[]): number[] {
  const hours: number[] = []
  let next = 0
  let told: number | undefined
  for (const at of inboundTimes) {
    for (; next < outboundTimes.length && (outboundTimes[next] ?? 0) <= at; next++) told = outboundTimes[next]
    if (told !== undefined) hours.push((at - told) / HOUR_MS)
    told = undefined
  }
  return hours.slice(-REPLY_TIMES)
}

/** The latest `kept` of these times with one more, rising. */
export function withTime(times: readonly number[], at: number, kept: number): number[] {
  const all = [...times, at]
  if (at < (times.at(-1) ?? at)) all.sort((a, b) => a - b)
  return all.length <= kept ? all : all.slice(-kept)
}
