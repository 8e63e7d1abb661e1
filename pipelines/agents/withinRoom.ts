/**
 * Keeps the votes of a ballot near their bytes. A decision rests on options, bins, reasons and parameters, and those always stay; so do
 * the sentences it shows. What else explains gives way where nearly everybody speaks: evidence before sentences, that of the weaker
 * votes first. The same votes always keep the same.
 */
import type { Vote } from '../../schemas/generated/records.ts'

/**
 * A ballot has 3,000 bytes. @source design, 2: ballot of 37 votes < 3 KB.
 * 200 are for its ids: two of 36 characters, location and contact of up to 40 each, the rest 30.
 */
export const VOTES_BYTES = 2_800

/** Texts of up to 63 bytes have one byte for their length, longer ones two (Avro, zigzag). */
const SHORT_TEXT = 63

const prefixed = (bytes: number): number => bytes + (bytes > SHORT_TEXT ? 2 : 1)
/** Of words of the vocabulary, which are ASCII. */
const wordBytes = (word: string): number => prefixed(word.length)
/** Of what a lead or an office has written. */
const textBytes = (text: string): number => prefixed(Buffer.byteLength(text))

/** Bytes of a vote in a ballot; of version, bin and counts one each, as they are below 64. */
export function voteBytes({ agentId, family, kind, decisionType, option, bin, reasonCode, reasonText, evidence, params }: Vote): number {
  let bytes = wordBytes(agentId) + 1 + wordBytes(family) + wordBytes(kind) + wordBytes(decisionType) + wordBytes(reasonCode)
  bytes += option === null ? 1 : 1 + wordBytes(option)
  bytes += bin === null ? 1 : 2
  bytes += reasonText === null ? 1 : 1 + textBytes(reasonText)
  // A list or map ends with one byte and begins, unless it is empty, with its count.
  bytes += evidence.length === 0 ? 1 : 2
  for (const { field, value } of evidence) bytes += wordBytes(field) + textBytes(value)
  bytes += 1
  let isFirst = true
  for (const name in params) {
    bytes += wordBytes(name) + textBytes(params[name] ?? '') + (isFirst ? 1 : 0)
    isFirst = false
  }
  return bytes
}

/** The strongest votes keep their sentences whatever else they have: a decision shows those of so many. */
export const SENTENCES_LEAST = 8

/** What gives way, one after the other: further evidence, all evidence, the sentence. `spares` so many of the strongest. */
const givingWay: readonly { readonly spares: number; readonly shortened: (vote: Vote) => Vote }[] = [
  { spares: 0, shortened: (vote) => (vote.evidence.length > 1 ? { ...vote, evidence: vote.evidence.slice(0, 1) } : vote) },
  { spares: 0, shortened: (vote) => (vote.evidence.length > 0 ? { ...vote, evidence: [] } : vote) },
  {
    spares: SENTENCES_LEAST,
    shortened: (vote) => (vote.kind === 'vote' && vote.reasonText !== null ? { ...vote, reasonText: null } : vote),
  },
]

/** The votes with as much of their explanation as `most` bytes hold, in the same order. May be more where many have parameters or sentences that stay. */
export function withinRoom(votes: readonly Vote[], most = VOTES_BYTES): Vote[] {
  const kept = [...votes]
  const each = kept.map(voteBytes)
  let bytes = each.reduce((sum, one) => sum + one, 0)
  if (bytes <= most) return kept
  // Of equal bins the later in the roster gives way first.
  const weakestFirst = kept.map((_, place) => place).sort((a, b) => (kept[a]?.bin ?? 0) - (kept[b]?.bin ?? 0) || b - a)
  for (const { spares, shortened } of givingWay)
    for (const place of weakestFirst.slice(0, Math.max(0, weakestFirst.length - spares))) {
      if (bytes <= most) return kept
      const vote = kept[place] as Vote
      const less = shortened(vote)
      if (less === vote) continue
      const left = voteBytes(less)
      bytes += left - (each[place] ?? left)
      each[place] = left
      kept[place] = less
    }
  return kept
}
