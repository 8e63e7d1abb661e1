/** Every statement of a read ends after 30 s, also of those that are not asked as the reader; on a pool that only listens. */
import type pg from 'pg'
import t from 'tap'
import { readerQueries } from '../../../sinks/postgres/reader.ts'
import { tuesdayNoon } from '../../support/leadRecords.ts'

type Asked = string | { readonly text: string; readonly values?: readonly unknown[] }

/** The transactions that were asked for, each with its statements; a statement beside them fails. */
function listening() {
  const transactions: { readonly text: string; readonly values: readonly unknown[] }[][] = []
  const client = () => {
    const own: (typeof transactions)[number] = []
    transactions.push(own)
    return {
      query: async (asked: Asked, values: readonly unknown[] = []) => {
        own.push(typeof asked === 'string' ? { text: asked, values } : { text: asked.text, values: asked.values ?? [] })
        return { rows: [], rowCount: 0 }
      },
      release: () => undefined,
    }
  }
  const pool = {
    connect: async () => client(),
    query: async () => {
      throw new Error('asked beside a transaction: nothing bounds it')
    },
  }
  return { transactions, pool: pool as unknown as pg.Pool }
}

t.test('each read says first how long its statements may take', async (t) => {
  const { transactions, pool } = listening()
  const queries = readerQueries(pool)
  await queries.leads({ text: '"of the" house', limit: 20 })
  await queries.owed({ writtenBefore: tuesdayNoon, limit: 20 }, tuesdayNoon)
  await queries.policies(['a hash'])
  await queries.erasures('maria')
  await queries.profiles('maria')
  t.ok(transactions.length >= 7)
  for (const [begin, first, ...asked] of transactions) {
    t.equal(begin?.text, 'BEGIN')
    t.match(first, { text: /set_config\('statement_timeout', \$\d, true\)/ })
    t.ok(first?.values.includes('30000'))
    t.equal(asked.at(-1)?.text, 'COMMIT')
  }
  const asked = transactions.flat().map(({ text }) => text)
  for (const part of ['search_is_stop_word', 'FROM lead_search', "'lastInboundAt'", 'FROM policies', 'FROM lead_erasures', 'FROM leads'])
    t.ok(
      asked.some((text) => text.includes(part)),
      part,
    )
})
