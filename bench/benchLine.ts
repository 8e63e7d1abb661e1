/** Engines and a line for one benchmark: nobody else uses them, settings are those of the product and not those of tests. */
import { connectClickhouse } from '../sinks/clickhouse/connect.ts'
import { startStack } from '../stack/stack.ts'
import type { Stack } from '../stack/stack.ts'
import { prepareLine } from '../test/e2e/line.ts'
import type { Line } from '../test/e2e/line.ts'

/**
 * Starts engines in `dataDir` and prepares a line on them, with no process running. `name` is the database and the prefix of topics;
 * what has to be ended is added to `endings`, to be called from the last to the first.
 */
export async function benchLine(name: string, dataDir: string, endings: (() => unknown)[]): Promise<{ stack: Stack; line: Line }> {
  const stack = await startStack({ dataDir })
  endings.push(() => stack.stop())
  const admin = connectClickhouse(stack.addresses.clickhouseUrl)
  await admin.command({ query: `CREATE DATABASE IF NOT EXISTS ${name}` })
  await admin.close()
  const line = await prepareLine(
    { teardown: (end) => endings.push(end) },
    { ...stack.addresses, clickhouseDatabase: name, prefix: `${name}.` },
    // What tests set to wait less is left as the product has it.
    { LOG_LEVEL: 'warn', CLICKHOUSE_FLUSH_MS: '' },
  )
  return { stack, line }
}
