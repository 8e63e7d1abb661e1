/** A process of its own that reads a table, closes everything and has nothing left to do. Argument: JSON of its options. */
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { ConnectOptions } from '../../../runtime/kafka/connectKafka.ts'
import { factors, logger } from './fixtures.ts'

const kafka = await connectKafka({ ...(JSON.parse(process.argv[2] as string) as Omit<ConnectOptions, 'logger'>), logger })
const table = await kafka.table(factors)
await kafka.close()
console.log([...table.entries()].length)
