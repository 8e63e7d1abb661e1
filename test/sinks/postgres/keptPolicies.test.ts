import t from 'tap'
import { keptPolicies } from '../../../sinks/postgres/keptPolicies.ts'
import type { Policy } from '../../../schemas/generated/records.ts'

t.test('a policy is asked for once, one that is not stored yet again, and only the ones found last are kept', async (t) => {
  const asked: string[][] = []
  const stored = new Set(['a', 'b', 'c'])
  const find = keptPolicies(async (hashes) => {
    asked.push([...hashes])
    return hashes.filter((hash) => stored.has(hash)).map((policyHash) => ({ policyHash }) as Policy)
  }, 2)
  const found = async (...hashes: string[]) => (await find(hashes)).map(({ policyHash }) => policyHash)
  t.strictSame(await found(), [])
  t.strictSame(await found('a', 'late'), ['a'])
  stored.add('late')
  t.strictSame(await found('a', 'late'), ['a', 'late'])
  t.strictSame(await found('a'), ['a'])
  t.strictSame(asked, [['a', 'late'], ['late']])
  // Two are kept: late was looked at before a, so it is the one that goes.
  t.strictSame(await found('b'), ['b'])
  await found('late')
  await found('b', 'a')
  t.strictSame(asked.slice(2), [['b'], ['late'], ['a']])
})
