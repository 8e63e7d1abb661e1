/**
 * Leads that are known already, as many as asked for, and events over them. Each is one of some simulated stories, told on until its
 * profile hardly grows: so leads are of one size however many there are. Pure for a given time: the same seed gives the same bytes.
 */
import { enrich } from '../../pipelines/enrich/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { StateEntry } from '../../runtime/stateStore.ts'
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { leadEvents, leadKey } from '../../topics/index.ts'
import { storyEvents } from '../enrichFold.ts'

const SEED = 7
const HOUR_MS = 3_600_000
/** Each lead has something said about it so often, by its own clock, however many leads there are. */
export const RHYTHM_MS = 6 * HOUR_MS
const CONTACT_DIGITS = 20

/** A lead at `now`, under an id that is only an example. */
export interface Story {
  readonly entry: StateEntry & { readonly state: LeadProfile }
  /** What may be said about it next, in turn. */
  readonly events: readonly LeadEvent[]
}

/** So many stories, each told on for `more` events that end at `now`, ms. Timers that are due by then have fired. */
export function toldStories(stories: number, more: number, now: number): Story[] {
  const line = drive(enrich, { at: now, tables: { tenants: [[sandboxTenantId, sandboxTenant(now)]] } })
  const byLead = new Map<string, LeadEvent[]>()
  for (const { key, value } of storyEvents(SEED, stories, now - more * RHYTHM_MS)) {
    line.pipe(leadEvents, key, value, { timestamp: value.occurredAt })
    byLead.set(key, [...(byLead.get(key) ?? []), value])
  }
  return [...byLead].map(([key, events]) => {
    const again = events.filter(({ kind }) => kind !== 'contact_created')
    const next = again.length === 0 ? events : again
    for (let place = 0; place < more; place++) {
      const at = now - (more - place) * RHYTHM_MS
      line.pipe(leadEvents, key, saidAnew(next[place % next.length] as LeadEvent, `before-${place}`, at), { timestamp: at })
    }
    line.advance('1ms')
    const state = line.state(key) as LeadProfile
    return { entry: { state, timers: line.timers(key), expiresAt: undefined }, events: next }
  })
}

/** The event as another one, at another time. */
function saidAnew(event: LeadEvent, id: string, at: number): LeadEvent {
  const message = event.message === null ? null : { ...event.message, messageId: id }
  return { ...event, eventId: id, occurredAt: at, receivedAt: at, message }
}

/** Id of the contact with this number, as long as those of the platform. */
export function contactOf(lead: number): string {
  return `lead${String(lead).padStart(CONTACT_DIGITS - 4, '0')}`
}

export function keyOf(lead: number): string {
  return leadKey(sandboxTenantId, contactOf(lead))
}

/** The lead with this number as its state stands in the store. */
export function entryOf(stories: readonly Story[], lead: number): StateEntry {
  const { entry } = stories[lead % stories.length] as Story
  return { ...entry, state: { ...entry.state, contactId: contactOf(lead) } }
}

/** The event with this number of all, about the lead with that number. */
export function eventOf(stories: readonly Story[], lead: number, place: number, at: number): LeadEvent {
  const { events } = stories[lead % stories.length] as Story
  return { ...saidAnew(events[place % events.length] as LeadEvent, `said-${place}`, at), contactId: contactOf(lead) }
}

export const spreads = ['even', 'skewed'] as const
export type Spread = (typeof spreads)[number]

/** Numbers of leads, one for each event: all as likely, or the n-th busiest with an n-th of what the busiest has (Zipf). */
export function leadsOf(spread: Spread, leads: number): () => number {
  const random = seededRandom(SEED, 'leads', spread)
  if (spread === 'even') return () => random.between(0, leads - 1)
  const shares = new Float64Array(leads)
  let sum = 0
  for (let rank = 0; rank < leads; rank++) shares[rank] = sum += 1 / (rank + 1)
  // The busy ones stand apart from each other, as contacts' ids do.
  const step = stepThrough(leads)
  return () => (rankAt(shares, random.next() * sum) * step) % leads
}

/** A number without a common factor with `leads`, near the golden section of it. */
function stepThrough(leads: number): number {
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b))
  let step = Math.max(1, Math.floor(leads * 0.618))
  while (common(step, leads) !== 1) step += 1
  return step
}

/** The first rank whose sum of shares is above `drawn`. */
function rankAt(shares: Float64Array, drawn: number): number {
  let low = 0
  let high = shares.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((shares[middle] as number) > drawn) high = middle
    else low = middle + 1
  }
  return low
}
