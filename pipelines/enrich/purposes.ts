/**
 * What a message is for, which is the scope of a permission. Each has exactly one purpose; what is not known to be an answer or about
 * an appointment is marketing. Pure.
 * @source reference/safety-and-claude.md 2.1 (scope); reference/gohighlevel.md 6.4 (marketing and informational messages)
 */
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { appointmentAt } from './entities.ts'
import type { WithAppointments } from './entities.ts'
import { isBooked } from './leadStatus.ts'

export const PURPOSES = ['marketing', 'inquiry', 'transactional'] as const
export type Purpose = (typeof PURPOSES)[number]

const OF_OCCASION: ReadonlyMap<string, Purpose> = new Map([
  ['first_touch', 'inquiry'],
  ['reply', 'inquiry'],
  ['appointment_confirm', 'transactional'],
])

/** Of a text, by the occasion that its id begins with. */
export function purposeOfTemplate(templateId: string | null): Purpose {
  return OF_OCCASION.get((templateId ?? '').split('.', 1)[0] ?? '') ?? 'marketing'
}

/**
 * What a message or call would be for at `at` (ms): an answer to a lead that waits for one, or that nobody has spoken to yet; about an
 * appointment that is ahead; else marketing. The text itself is judged before it leaves.
 */
export function purposeNow(lead: Pick<LeadProfile, 'lastInboundAt' | 'lastOutboundAt'> & WithAppointments, at: number): Purpose {
  const { lastInboundAt, lastOutboundAt } = lead
  if (lastInboundAt !== null && (lastOutboundAt === null || lastInboundAt > lastOutboundAt)) return 'inquiry'
  if (isBooked(appointmentAt(lead, at), at)) return 'transactional'
  return lastOutboundAt === null ? 'inquiry' : 'marketing'
}

const WORDS: Readonly<Record<Purpose, string>> = {
  marketing: 'marketing',
  inquiry: 'answers',
  transactional: 'messages about appointments',
}

/** As it is told: "marketing", "answers", "messages about appointments". */
export function purposeInWords(purpose: Purpose): string {
  return WORDS[purpose]
}

/** Where the ledger keeps what is said of one purpose on a channel; what is said of all of them stands under the channel. */
export function scopeOf(channel: string, purpose: Purpose): string {
  return `${channel}/${purpose}`
}

/** The channel of an entry of the ledger, and its purpose; null = all purposes. */
export function readScope(scope: string): { readonly channel: string; readonly purpose: Purpose | null } {
  const [channel = scope, named] = scope.split('/', 2)
  return { channel, purpose: PURPOSES.find((purpose) => purpose === named) ?? null }
}
