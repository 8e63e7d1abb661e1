/** What is told of a query, on connections that answer when the test wants. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { operationOf, watchQueries } from '../../../sinks/postgres/watchQueries.ts'

t.test('the first word of a query is its operation; no other text becomes a label', (t) => {
  const cases = {
    'SELECT 1': 'select',
    '\n  insert into a': 'insert',
    'WITH x AS (…)': 'with',
    'LISTEN a': 'other',
    'selects 1': 'other',
    '': 'other',
  }
  for (const [text, operation] of Object.entries(cases)) t.equal(operationOf(text), operation, text)
  t.end()
})

t.test('the answer is known when it is there, not when it was asked for', async (t) => {
  const told: [string, string, number][] = []
  const answers: (() => void)[] = []
  const client = { query: () => new Promise<void>((resolve) => answers.push(resolve)) }
  watchQueries(client as never, (...one) => told.push(one))
  const asked = client.query.call(client, ...(['DELETE FROM a'] as unknown as []))
  await delay(30)
  t.strictSame(told, [])
  answers[0]?.()
  await asked
  t.match(told, [['delete', 'ok', Number]])
  t.ok((told[0]?.[2] ?? 0) >= 25, 'ms')
})
