/** Who owns which partition and who keeps the copy of it, over any coming and going of members: the rules that hold at each step. */
import fc from 'fast-check'
import t from 'tap'
import { standbyAssignment } from '../../../runtime/kafka/standbyAssignment.ts'
import { stickyAssignment } from '../../../runtime/kafka/stickyAssignment.ts'
import type { Claimant } from '../../../runtime/kafka/stickyAssignment.ts'
import { assertProperty } from '../../support/property.ts'

type Shares = ReadonlyMap<string, readonly string[]>

const items = (count: number) => Array.from({ length: count }, (_, index) => String(index))
const holds = (shares: Shares, id: string, item: string) => shares.get(id)?.includes(item) === true
const spread = (shares: Shares) => {
  const sizes = [...shares.values()].map(({ length }) => length)
  return sizes.length === 0 ? 0 : Math.max(...sizes) - Math.min(...sizes)
}

/** The members after a join in which they were given this. */
function settled(members: readonly Claimant[], owned: Shares, copies: Shares, since: number): Claimant[] {
  return members.map(({ id, standbys }) => ({
    id,
    since,
    items: owned.get(id) ?? [],
    ...(standbys === undefined ? {} : { standbys: copies.get(id) ?? [] }),
  }))
}

/** What must hold of owners and copies whatever was before. */
function wellKept(members: readonly Claimant[], count: number, owned: Shares, copies: Shares): void {
  const offering = members.filter(({ standbys }) => standbys !== undefined)
  if ([...owned.values()].flat().sort().join() !== items(count).sort().join()) throw new Error('every item has one owner')
  if (spread(owned) > 1) throw new Error('owners are not even')
  if (
    [...copies.keys()].sort().join() !==
    offering
      .map(({ id }) => id)
      .sort()
      .join()
  )
    throw new Error('who keeps copies offered to')
  for (const { id } of offering) if (copies.get(id)?.some((item) => holds(owned, id, item))) throw new Error(`${id} copies its own`)
  const [only] = offering
  const expected = items(count).filter((item) => offering.length > 1 || (only !== undefined && !holds(owned, only.id, item)))
  if ([...copies.values()].flat().sort().join() !== expected.sort().join()) throw new Error('one copy of each that can have one')
  if (spread(copies) > 1) throw new Error(`copies are not even: ${JSON.stringify([...copies])}`)
}

const step = fc.record({ comes: fc.boolean(), offers: fc.boolean(), which: fc.nat() })

for (const [offer, offers] of [
  ['all keep copies', true],
  ['some keep copies', undefined],
] as const)
  t.test(`${offer}: one owner each, one copy each that is not the owner's, both even, whoever comes and goes`, (t) =>
    assertProperty(
      t,
      fc.property(fc.integer({ min: 0, max: 24 }), fc.array(step, { minLength: 1, maxLength: 16 }), (count, steps) => {
        let members: Claimant[] = []
        steps.forEach(({ comes, offers: willing, which }, since) => {
          const offering = offers ?? willing
          const joining = { id: `m${since}`, since: 0, items: [], ...(offering ? { standbys: [] } : {}) }
          const gone = which % Math.max(1, members.length)
          const next = comes || members.length < 2 ? [...members, joining] : members.filter((_, index) => index !== gone)
          const owned = stickyAssignment(next, items(count))
          const copies = standbyAssignment(next, owned)
          wellKept(next, count, owned, copies)
          members = settled(next, owned, copies, since + 1)
        })
      }),
    ),
  )

t.test('claims of any kind, ghosts among them, are settled by the same rules', (t) => {
  const claims = fc.array(fc.nat(12).map(String), { maxLength: 12 })
  const member = fc.record({ since: fc.nat(3), items: claims, standbys: claims }, { requiredKeys: ['since', 'items'] })
  return assertProperty(
    t,
    fc.property(fc.nat(12), fc.array(member, { minLength: 1, maxLength: 6 }), (count, claimed) => {
      const members = claimed.map((each, index) => ({ id: `m${index}`, ...each }))
      const owned = stickyAssignment(members, items(count))
      wellKept(members, count, owned, standbyAssignment(members, owned))
    }),
  )
})

t.test('what a dead owner leaves goes to who has the copy, unless a fair share forbids it', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 2, max: 8 }), fc.nat(), (count, size, which) => {
      const fresh = Array.from({ length: size }, (_, index) => ({ id: `m${index}`, since: 0, items: [], standbys: [] }))
      const before = stickyAssignment(fresh, items(count))
      const copies = standbyAssignment(fresh, before)
      const dead = `m${which % size}`
      const left = settled(fresh, before, copies, 1).filter(({ id }) => id !== dead)
      const after = stickyAssignment(left, items(count))
      const fair = Math.floor(count / left.length)
      const warm = (id: string, item: string) => holds(before, id, item) || holds(copies, id, item)
      for (const item of before.get(dead) ?? []) {
        const { id } = left.find((member) => holds(copies, member.id, item)) as Claimant
        if (holds(after, id, item)) continue
        const full = [...after].filter(([, share]) => share.length > fair)
        const mayNotHaveMore =
          full.some(([other]) => other === id) || full.every(([other, share]) => share.every((each) => warm(other, each)))
        if ((after.get(id)?.length ?? 0) < fair || !mayNotHaveMore) throw new Error(`${item} is cold though ${id} has room for it`)
      }
    }),
  ),
)

t.test('two members have the copies of each other; of four partitions none is cold when one of them ends', async (t) => {
  const two = ['a', 'b'].map((id) => ({ id, since: 0, items: [], standbys: [] }))
  const owned = stickyAssignment(two, items(4))
  const copies = standbyAssignment(two, owned)
  t.strictSame(copies.get('a'), owned.get('b'))
  t.strictSame(copies.get('b'), owned.get('a'))
  t.strictSame([...standbyAssignment([two[0] as Claimant], new Map([['a', items(4)]])).values()], [[]], 'who is alone has none')
})

t.test('a rebalance in which nobody comes or goes moves nothing', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer({ min: 0, max: 24 }), fc.integer({ min: 1, max: 8 }), (count, size) => {
      const fresh = Array.from({ length: size }, (_, index) => ({ id: `m${index}`, since: 0, items: [], standbys: [] }))
      const owned = stickyAssignment(fresh, items(count))
      const copies = standbyAssignment(fresh, owned)
      const again = settled(fresh, owned, copies, 1)
      const sorted = (shares: Shares) => JSON.stringify([...shares].map(([id, share]) => [id, [...share].sort()]).sort())
      if (sorted(stickyAssignment(again, items(count))) !== sorted(owned)) throw new Error('owners moved')
      if (sorted(standbyAssignment(again, owned)) !== sorted(copies)) throw new Error('copies moved')
    }),
  ),
)
