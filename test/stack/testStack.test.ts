import pg from 'pg'
import t from 'tap'
import { testStack } from '../support/stack.ts'

t.test('each call gets databases and a topic prefix of its own on the shared engines', async (t) => {
  const [one, two] = await Promise.all([testStack(t), testStack(t)])
  t.strictSame(one.kafkaBrokers, two.kafkaBrokers)
  t.not(one.prefix, two.prefix)
  t.match(one.prefix, /^[a-zA-Z0-9.-]+$/, 'allowed in KAFKA_TOPIC_PREFIX')
  t.not(one.clickhouseDatabase, two.clickhouseDatabase)
  const client = new pg.Client({ connectionString: one.databaseUrl })
  await client.connect()
  await client.query('CREATE TABLE mine (n int)')
  t.strictSame((await client.query('SELECT current_database() AS name')).rows, [{ name: one.clickhouseDatabase }])
  await client.end()
  const other = new pg.Client({ connectionString: two.databaseUrl })
  await other.connect()
  await t.rejects(other.query('SELECT * FROM mine'), { code: '42P01' })
  await other.end()
})
