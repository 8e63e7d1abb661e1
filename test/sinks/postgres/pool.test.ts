import t from 'tap'
import { createPool, inTransaction } from '../../../sinks/postgres/pool.ts'
import { testStack } from '../../support/stack.ts'

t.test('a connection that breaks while a transaction has it in hand fails that transaction, not the process', async (t) => {
  const { databaseUrl } = await testStack(t)
  const warned: string[] = []
  const pool = createPool({ url: databaseUrl, max: 2, logger: { warn: (_: unknown, message?: string) => void warned.push(message ?? '') } })
  t.teardown(() => pool.end())
  await t.rejects(
    inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      // Between two queries, when nobody waits for an answer of this connection.
      const gone = new Promise((resolve) => client.once('end', () => resolve(undefined)))
      await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      await gone
      await client.query('SELECT 1')
    }),
  )
  // The server's last word and the end of the connection may be two of them.
  t.strictSame([...new Set(warned)], ['a database connection broke'])
  t.strictSame((await pool.query('SELECT 1 AS one')).rows, [{ one: 1 }], 'the pool goes on with others')
})
