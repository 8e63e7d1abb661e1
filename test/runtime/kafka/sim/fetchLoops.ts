/** Notices a process that fetches one offset again and again: what is fetched and refused comes back at once, thousands of times a second. */

/** More fetches than this of one offset within so many ms are a loop: to begin anew takes a unit longer than all of them. */
const MOST_FETCHES = 8
const WITHIN_MS = 60

/** To be told each fetch that brings something, by place and offset. */
export function fetchLoops(clock: { readonly now: number }, onLoop: (what: string) => void): (place: string, offset: string) => void {
  const fetches = new Map<string, readonly number[]>()
  return (place, offset) => {
    const id = `${place} ${offset}`
    const times = [...(fetches.get(id) ?? []).filter((at) => at > clock.now - WITHIN_MS), clock.now]
    fetches.set(id, times)
    if (times.length > MOST_FETCHES) onLoop(`fetches offset ${offset} of ${place} again and again`)
  }
}
