import t from 'tap'
import { sharedProbes } from '../../api/sharedProbes.ts'
import { apiUnderTest } from './apiUnderTest.ts'

t.test('however many ask at once whether it is ready, each part is asked once', async (t) => {
  let asked = 0
  let answer = () => undefined as void
  const { app } = await apiUnderTest({
    probes: {
      kafka: () => {
        asked += 1
        return new Promise<void>((resolve) => (answer = resolve))
      },
    },
  })
  const answers = Promise.all(Array.from({ length: 50 }, () => app.inject('/readyz')))
  while (asked === 0) await new Promise(setImmediate)
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  answer()
  t.strictSame(new Set((await answers).map(({ statusCode }) => statusCode)), new Set([200]))
  t.equal(asked, 1)
  const later = app.inject('/readyz')
  while (asked === 1) await new Promise(setImmediate)
  answer()
  t.equal((await later).statusCode, 200, 'an answer is not kept: who asks later is told what is then')
})

t.test('a part that never answers is asked anew after a while, and what it says then counts', async (t) => {
  let now = 0
  let asked = 0
  const ask = sharedProbes({ kafka: () => (++asked === 1 ? new Promise(() => undefined) : Promise.resolve('there')) }, 2_000, () => now)
  const probe = ask['kafka'] as () => Promise<unknown>
  void probe()
  now = 1_999
  void probe()
  await new Promise(setImmediate)
  t.equal(asked, 1)
  now = 2_000
  t.equal(await probe(), 'there')
  t.equal(asked, 2)
})

t.test('a fault is told to all who wait for it, and to nobody after them', async (t) => {
  let asked = 0
  const ask = sharedProbes(
    {
      postgres: () => {
        asked += 1
        throw new Error('away')
      },
    },
    2_000,
    () => 0,
  )
  const probe = ask['postgres'] as () => Promise<unknown>
  const both = await Promise.allSettled([probe(), probe()])
  t.strictSame(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  t.equal(asked, 1)
  await t.rejects(probe(), { message: 'away' })
  t.equal(asked, 2)
})
