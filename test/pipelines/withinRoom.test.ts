/** A ballot is within its bytes: what decides stays, what explains gives way, the weaker votes first. */
import fc from 'fast-check'
import t from 'tap'
import { SENTENCES_LEAST, VOTES_BYTES, voteBytes, withinRoom } from '../../pipelines/agents/withinRoom.ts'
import { Ballot } from '../../schemas/generated/records.ts'
import type { Vote } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'

function cast(changes: Partial<Vote> = {}): Vote {
  return {
    ...{ agentId: 'a', agentVersion: 1, family: 'f', kind: 'vote', decisionType: 'content', option: 'wait', bin: 3 },
    ...{ reasonCode: 'r', reasonText: 'Because.', evidence: [], params: {} },
    ...changes,
  }
}

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('x'.repeat(63), 'x'.repeat(64), 'Zoë ’'.repeat(13), 'é'.repeat(32)))
const word = fc.stringMatching(/^[a-z_.]{0,12}$/)
const anyVote = fc.record({
  agentId: fc.oneof(word, fc.constantFrom('x'.repeat(63), 'x'.repeat(64))),
  agentVersion: fc.integer({ min: 1, max: 63 }),
  family: word,
  kind: fc.constantFrom('vote', 'vote', 'abstain', 'error'),
  decisionType: word,
  option: fc.option(word),
  bin: fc.option(fc.integer({ min: 1, max: 5 })),
  reasonCode: word,
  reasonText: fc.option(text),
  evidence: fc.array(fc.record({ field: word, value: text }), { maxLength: 3 }),
  params: fc.dictionary(word, text, { maxKeys: 2 }),
})
const ballotOf = (votes: readonly Vote[]) => {
  const ids = { ballotId: 'b', assessmentId: 'a', tenantId: 't', contactId: 'c', epoch: 1, source: 'panel', castAt: 0 }
  return Ballot.encode({ ...ids, votes: [...votes] }).length
}

t.test('bytes are counted as Avro writes them', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(anyVote, { minLength: 1, maxLength: 40 }), (votes) => {
      // One byte says how many votes follow.
      const counted = votes.reduce((sum, vote) => sum + voteBytes(vote), 0) + 1
      const written = ballotOf(votes) - ballotOf([])
      if (counted !== written) throw new Error(`${counted} counted, ${written} written`)
    }),
    { numRuns: 300 },
  ),
)

const deciding = (votes: readonly Vote[]) => JSON.stringify(votes.map((vote) => ({ ...vote, evidence: [], reasonText: null })))
const bytesOf = (votes: readonly Vote[]) => votes.reduce((sum, vote) => sum + voteBytes(vote), 0)

t.test('what decides stays, what fits is left alone, and nothing more goes than has to', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(anyVote, { maxLength: 30 }), fc.integer({ min: 0, max: 4_000 }), (votes, most) => {
      const kept = withinRoom(votes, most)
      if (deciding(kept) !== deciding(votes)) throw new Error('something that decides is gone')
      if (bytesOf(votes) <= most && JSON.stringify(kept) !== JSON.stringify(votes)) throw new Error('it did fit')
      const byBin = kept.map((vote, place) => ({ vote, place })).sort((a, b) => (b.vote.bin ?? 0) - (a.vote.bin ?? 0) || a.place - b.place)
      const strongest = byBin.slice(0, SENTENCES_LEAST)
      const weaker = byBin.slice(SENTENCES_LEAST).filter(({ vote }) => vote.kind === 'vote')
      if (bytesOf(kept) > most && (kept.some(({ evidence }) => evidence.length > 0) || weaker.some(({ vote }) => vote.reasonText !== null)))
        throw new Error('more could have gone')
      if (kept.some(({ kind, reasonText }, place) => kind === 'error' && reasonText !== votes[place]?.reasonText))
        throw new Error('why it failed')
      if (strongest.some(({ vote, place }) => vote.reasonText !== votes[place]?.reasonText)) throw new Error('a sentence of the strongest')
      if (JSON.stringify(withinRoom(kept, most)) !== JSON.stringify(kept)) throw new Error('not the same when asked again')
    }),
    { numRuns: 300 },
  ),
)

t.test(
  'further evidence goes first, then all of it, then sentences but those of the eight strongest; each time of the weaker vote first, of equals of the later',
  (t) => {
    const piece = { field: 'ab', value: 'cd' }
    // Eight stronger votes without evidence or sentence: it is the other three that have something to lose.
    const strong = Array.from({ length: SENTENCES_LEAST }, (_, place) => cast({ agentId: `s${place}`, bin: 5, reasonText: null }))
    const votes = [...[4, 2, 2].map((bin, place) => cast({ agentId: String(place), bin, evidence: [piece, piece] })), ...strong]
    // A piece has 3 + 3 bytes; two of them and the two ends of the list 14, one 8, none 1; a sentence of 8 letters 10 with its mark, none 1.
    const full = bytesOf(votes)
    const shape = (most: number) =>
      withinRoom(votes, most)
        .slice(0, 3)
        .map(({ evidence, reasonText }) => `${evidence.length}${reasonText === null ? '-' : 's'}`)
    t.strictSame(shape(full), ['2s', '2s', '2s'])
    t.strictSame(shape(full - 1), ['2s', '2s', '1s'])
    t.strictSame(shape(full - 6), ['2s', '2s', '1s'])
    t.strictSame(shape(full - 7), ['2s', '1s', '1s'])
    t.strictSame(shape(full - 18), ['1s', '1s', '1s'])
    t.strictSame(shape(full - 19), ['1s', '1s', '0s'])
    t.strictSame(shape(full - 18 - 21), ['0s', '0s', '0s'])
    t.strictSame(shape(full - 18 - 21 - 1), ['0s', '0s', '0-'])
    t.strictSame(shape(full - 18 - 21 - 27), ['0-', '0-', '0-'])
    t.strictSame(shape(0), ['0-', '0-', '0-'])
    t.end()
  },
)

t.test('a ballot of votes that fill their room with evidence has at most 3,000 bytes, whatever its ids', (t) => {
  const votes = Array.from({ length: 40 }, (_, place) =>
    cast({ agentId: `agent_${place}`, evidence: [{ field: 'f', value: 'v'.repeat(80) }] }),
  )
  const kept = withinRoom(votes)
  t.ok(bytesOf(kept) <= VOTES_BYTES && bytesOf(kept) > VOTES_BYTES - 100)
  const id = 'x'.repeat(36)
  const ids = { ballotId: id, assessmentId: id, tenantId: 'x'.repeat(40), contactId: 'x'.repeat(40), epoch: 2 ** 31 - 1, source: 'panel' }
  t.ok(Ballot.encode({ ...ids, castAt: Date.UTC(2100, 0), votes: kept }).length <= 3_000)
  t.end()
})
