/** The lag in seconds of a group: the oldest record that is not done, whichever partition it is on. */
import fc from 'fast-check'
import t from 'tap'
import { LagBook } from '../../../runtime/kafka/lagBook.ts'
import type { PartitionLag } from '../../../runtime/kafka/offsets.ts'
import { assertProperty } from '../../support/property.ts'

const lagOf = (partition: number, committed: number, end: number): PartitionLag => ({
  topic: 'orders',
  partition,
  committed: BigInt(committed),
  end: BigInt(end),
  lag: BigInt(end - committed),
})
/** The record with offset n was written at second n. */
const written = ({ end, lag }: PartitionLag) => Promise.resolve(Number(end - lag) * 1_000)

t.test('a partition that stands still is told while another one moves', async (t) => {
  const book = new LagBook()
  for (const second of [100, 105, 110, 115]) {
    book.note('orders', 1, 20)
    const seconds = await book.look([lagOf(0, 5, 60), lagOf(1, second - 1, second)], written, second * 1_000)
    t.strictSame([...seconds], [['orders', second - 5]])
  }
})

t.test('all done is 0, and what is younger than the last look is as old as what was done of it', async (t) => {
  const book = new LagBook()
  const looks = async (lag: PartitionLag, second: number) => (await book.look([lag], written, second * 1_000)).get('orders')
  t.equal(await looks(lagOf(0, 50, 50), 100), 0)
  book.note('orders', 0, 1_500)
  t.equal(await looks(lagOf(0, 52, 60), 105), 1.5, 'this process does it')
  t.equal(await looks(lagOf(0, 61, 70), 110), 0, 'another process does it, and tells')
  t.equal(await looks(lagOf(0, 65, 80), 115), 50, 'older than the last look: written at second 65')
})

t.test(
  'nothing but control records is no lag, and is looked up again when more has come: a group that stands still there is told',
  async (t) => {
    const book = new LagBook()
    let asked = 0
    const nothing = () => {
      asked += 1
      return Promise.resolve(undefined)
    }
    for (const second of [100, 105, 110]) t.equal((await book.look([lagOf(0, 8, 9)], nothing, second * 1_000)).get('orders'), 0)
    t.equal(asked, 1)
    t.equal((await book.look([lagOf(0, 8, 12), lagOf(1, 3, 3)], nothing, 115_000)).get('orders'), 0)
    t.equal(asked, 2)
    // The first record behind the markers.
    const tenth = () => {
      asked += 1
      return Promise.resolve(10_000)
    }
    for (const second of [120, 125, 130])
      t.equal((await book.look([lagOf(0, 8, second)], tenth, second * 1_000)).get('orders'), second - 10, `at second ${second}`)
    t.equal(asked, 3, 'a record is looked up once')
  },
)

t.test('a look that fails tells nothing, and the next one asks again', async (t) => {
  const book = new LagBook()
  await t.rejects(
    book.look([lagOf(0, 5, 60)], () => Promise.reject(new Error('the broker is away')), 100_000),
    /away/,
  )
  t.equal((await book.look([lagOf(0, 5, 60)], written, 105_000)).get('orders'), 100)
})

t.test('what is told is never more than the age of the oldest record, and exact when that is older than the last look', async (t) => {
  await assertProperty(
    t,
    fc.asyncProperty(
      fc.array(fc.array(fc.record({ done: fc.nat(9), come: fc.nat(9) }), { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 12 }),
      async (looks) => {
        const book = new LagBook()
        const partitions = Math.max(...looks.map((each) => each.length))
        const state = Array.from({ length: partitions }, () => ({ committed: 0, times: [] as number[] }))
        const ends = state.map(() => 0)
        let now = 1_000
        for (const [index, look] of looks.entries()) {
          for (const [partition, { done, come }] of look.entries()) {
            const own = state[partition] as (typeof state)[number]
            for (let n = 0; n < come; n++) own.times.push(now + n)
            own.committed = Math.min(own.times.length, own.committed + done)
          }
          now += 5_000
          const lags = state.map(({ committed, times }, partition) => lagOf(partition, committed, times.length))
          const first = ({ partition, end, lag }: PartitionLag) => Promise.resolve(state[partition]?.times[Number(end - lag)])
          const told = ((await book.look(lags, first, now)).get('orders') ?? NaN) * 1_000
          const oldest = Math.max(...state.map(({ committed, times }) => now - (times[committed] ?? now)))
          const isOld = state.some(
            ({ committed, times }, partition) => committed < times.length && (index === 0 || committed < (ends[partition] ?? 0)),
          )
          if (isOld ? told !== oldest : told > oldest) throw new Error(`told ${told}, oldest ${oldest}`)
          for (const [partition, { times }] of state.entries()) ends[partition] = times.length
        }
      },
    ),
  )
})
