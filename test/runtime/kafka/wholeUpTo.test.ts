/** Up to when a copy is whole: never a time of which something is missing, and never for ever the same while it keeps up. */
import fc from 'fast-check'
import t from 'tap'
import { WholeUpTo } from '../../../runtime/kafka/wholeUpTo.ts'
import { assertProperty } from '../../support/property.ts'

const looked = (storedTo: number, end: number) => [{ place: 'a', key: 'a', storedTo: BigInt(storedTo), end: BigInt(end) }]

t.test('what is stored up to the end is whole now', async (t) => {
  t.strictSame(new WholeUpTo<string>().look(1_000, looked(7, 7)), new Map([[1_000, ['a']]]))
})

t.test('while records keep coming, it is whole as of the end that it has reached', async (t) => {
  const whole = new WholeUpTo<string>()
  t.strictSame(whole.look(1_000, looked(5, 9)), new Map())
  t.strictSame(whole.look(2_000, looked(8, 19)), new Map(), 'the end of the first look is not reached')
  t.strictSame(whole.look(3_000, looked(9, 29)), new Map([[1_000, ['a']]]))
  t.strictSame(whole.look(4_000, looked(29, 39)), new Map([[3_000, ['a']]]))
})

t.test('a place that was given away and comes back begins anew', async (t) => {
  const whole = new WholeUpTo<string>()
  whole.look(1_000, looked(5, 9))
  whole.look(2_000, [])
  t.strictSame(whole.look(3_000, looked(9, 12)), new Map(), 'its old mark is forgotten')
})

t.test('no time is told of which something is missing; a copy that is at most a look behind is never older than two', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.record({ more: fc.nat(50), stored: fc.nat(60), keepsUp: fc.boolean() }), { minLength: 1, maxLength: 40 }),
      (looks) => {
        const whole = new WholeUpTo<string>()
        const ends: number[] = []
        let [end, storedTo, keptUp, last] = [0, 0, 0, -1]
        for (const [at, { more, stored, keepsUp }] of looks.entries()) {
          const before = end
          storedTo = Math.min(end, keepsUp ? Math.max(storedTo, before) : storedTo + stored)
          end += more
          ends.push(end)
          keptUp = keepsUp ? keptUp + 1 : 0
          for (const [time] of whole.look(at, looked(storedTo, end))) {
            if (storedTo < (ends[time] ?? Infinity)) return false
            last = Math.max(last, time)
          }
          if (keptUp > 2 && last < at - 2) return false
        }
        return true
      },
    ),
  ),
)
