/** Codes of the pipeline in the words of the pages and the terminal, so that a lead reads the same in both. */
import { instantText } from '../../pipelines/instantText.ts'
import type { FollowUp, LeadProfile } from '../../schemas/generated/records.ts'
import { html } from './html.ts'
import type { Markup } from './html.ts'

/** `2026-11-24 15:04 UTC`, or a dash for what has no moment; `at` in ms since the epoch. */
export function instant(at: number | null): string {
  return at === null ? '–' : instantText(at)
}

/** The same as a piece of a page, which a narrow column does not break. */
export function moment(at: number | null): Markup {
  return html`<span class="at">${instant(at)}</span>`
}

/** `silence_24h` → `silence 24h`. */
export function spoken(code: string): string {
  return code.replaceAll('_', ' ')
}

/** First and last name, or what else is known. */
export function nameOf(person: { firstName: string | null; lastName: string | null; contactId: string }): string {
  const name = [person.firstName, person.lastName].filter((part) => part !== null && part !== '').join(' ')
  return name === '' ? person.contactId : name
}

/** The realtor of a lead: the name where it is known, always the id. */
export function realtorOf(realtor: { id: string; name: string | null; active: boolean | null } | null): string {
  if (realtor === null) return 'nobody'
  if (realtor.active === false) return `a user who was deleted (${realtor.id})`
  return realtor.name === null ? realtor.id : `${realtor.name} (${realtor.id})`
}

/** What ends it where no time does. Of other reasons a person's next word, or a hand-over, is waited for. */
const ENDED_BY: Readonly<Record<string, string>> = {
  tag: 'until that tag is taken off',
  hand_over: 'until it is tagged "AI Assistant: On"',
  opt_out_unclear: 'until a person has written or it is tagged "AI Assistant: On"',
}

/**
 * Who leads the conversation at `now` (ms): `Rekindle`, or a human with since when, why and, where it is known, who and until when: a human since …
 * (human message, by Ana (user1)), until …. The profile keeps a quiet time that is over until the next event.
 */
export function leaderOf(owned: LeadProfile['humanOwnership'], leader: Parameters<typeof realtorOf>[0] | undefined, now: number): string {
  if (owned === null) return 'Rekindle'
  const { since, reason, untilAt } = owned
  if (untilAt !== null && untilAt <= now)
    return `Rekindle again since ${instant(untilAt)}; before that a human since ${instant(since)} (${spoken(reason)})`
  const byHand = Object.hasOwn(ENDED_BY, reason) ? ENDED_BY[reason] : undefined
  const end = untilAt === null ? byHand : `until ${instant(untilAt)}`
  return `a human since ${instant(since)} (${spoken(reason)}${leader ? `, by ${realtorOf(leader)}` : ''})${end === undefined ? '' : `, ${end}`}`
}

/** Of an assignment, to whom it goes and who is next: ` to user1, else user2, user3`; of a question ` a person`; empty of everything else. */
export function toWhom({
  action,
  assigneeId,
  alternates,
}: Pick<FollowUp, 'action' | 'assigneeId'> & Partial<Pick<FollowUp, 'alternates'>>): string {
  if (action === 'ask') return ' a person'
  // Rows of an older API lack both.
  if (!assigneeId) return ''
  return ` to ${assigneeId}${(alternates ?? []).length === 0 ? '' : `, else ${(alternates ?? []).join(', ')}`}`
}

/** Exact integer in 1e-18 nats as decimal nats with three places, signed. */
export function nats(exact: string): string {
  const value = BigInt(exact)
  const magnitude = value < 0n ? -value : value
  const thousandths = (magnitude + 500_000_000_000_000n) / 1_000_000_000_000_000n
  const sign = thousandths === 0n ? '+' : value < 0n ? '-' : '+'
  return `${sign}${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, '0')}`
}

/** Millionths of a nat as exact 1e-18 units. */
export function microToExact(micro: number): bigint {
  return BigInt(micro) * 1_000_000_000_000n
}
