/** The lead does not get the same words twice within 14 days, whoever sent them first. */
import { DAY_MS, allow, deny, withLead } from './gate.ts'

/** Share of common words from which two texts say the same: a changed name or link does not make a new message. */
const sameShare = 0.9
/** Characters that the profile keeps of a message. */
const kept = 500

export const duplicates = withLead((lead, { followUp, at, ownSends }) => {
  if (followUp.action !== 'send_message') return allow('no_message')
  const text = followUp.text ?? ''
  const said = [
    ...lead.recentMessages.filter((message) => message.direction === 'outbound').map((message) => ({ at: message.at, text: message.text })),
    ...ownSends.map((send) => ({ at: send.at, text: send.text })),
  ]
  const repeated = said.some((message) => message.at > at - 14 * DAY_MS && likeness(message.text, text) >= sameShare)
  return repeated ? deny('said_before', 'The lead has had this message within 14 days.') : allow()
})

/** Shared words over all words (Jaccard), on what the profile keeps of a text; texts without words are unlike. */
export function likeness(a: string, b: string): number {
  const wordsOf = (text: string) =>
    new Set(
      text
        .slice(0, kept)
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu) ?? [],
    )
  const x = wordsOf(a)
  const y = wordsOf(b)
  const shared = [...x].filter((word) => y.has(word)).length
  const all = x.size + y.size - shared
  return all === 0 ? 0 : shared / all
}
