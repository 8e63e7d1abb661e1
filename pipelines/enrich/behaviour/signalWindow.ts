/**
 * What a lead did lately, small enough for the view of the agents: repetitions within ten minutes are one entry with a
 * count, and what they were about is a number, so no address, form or mail id leaves the profile.
 */
import type { Observed, SeenSignal } from '../../../schemas/generated/records.ts'

const MINUTE_MS = 60_000
/** How far back: what is older says little about the next message. */
export const WINDOW_MS = 7 * 24 * 60 * MINUTE_MS
/** Entries at most: about 450 bytes. */
export const WINDOW_ENTRIES = 20
/** The finest interval a rule of the agents looks at. @source lead-domain reference 6.3, 10-min windows */
export const SLOT_MS = 10 * MINUTE_MS

/** The latest entries within 7 days before `at` (ms), oldest first. `seen` in order of time; what lies after `at` is not known yet. */
export function signalWindow(seen: readonly Observed[], at: number): SeenSignal[] {
  const entries: SeenSignal[] = []
  const subjects: string[] = []
  for (let place = seen.length - 1; place >= 0; place--) {
    const one = seen[place] as Observed
    if (one.at > at) continue
    if (at - one.at > WINDOW_MS) break
    const subject = one.subject === null ? 0 : numberOf(one.subject, subjects)
    const slot = Math.floor((at - one.at) / SLOT_MS)
    const known = entries.find(
      (entry) => entry.signal === one.signal && entry.subject === subject && Math.floor((at - entry.at) / SLOT_MS) === slot,
    )
    if (known !== undefined) known.count++
    else if (entries.length < WINDOW_ENTRIES) entries.push({ signal: one.signal, at: one.at, count: 1, subject })
    else break
  }
  return entries.reverse()
}

/** The number of a subject: 1 for the latest one seen. */
function numberOf(subject: string, subjects: string[]): number {
  const place = subjects.indexOf(subject)
  return place >= 0 ? place + 1 : subjects.push(subject)
}
