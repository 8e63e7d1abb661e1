/**
 * An operator in a process of its own, to be killed. Argument: JSON of { brokers, registryUrl, prefix }. Replays every
 * letter again and again, one id after another, until nothing is open; prints `begun` before the first one.
 */
import { RekindleError } from '../../../runtime/errors.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { logger, topics } from './fixtures.ts'

const { brokers, registryUrl, prefix } = JSON.parse(process.argv[2] as string) as {
  brokers: string[]
  registryUrl: string
  prefix: string
}
const kafka = await connectKafka({ brokers, clientId: `operator-${process.pid}`, topicPrefix: prefix, registryUrl, logger })
const desk = kafka.deadLetters({ topics, members: [] })
const { open } = await desk.list()
process.stdout.write('begun\n')
for (const { id } of open)
  await desk.replay({ id }, { by: `process ${process.pid}` }).catch((error: unknown) => {
    if (!(error instanceof RekindleError)) throw error
  })
await kafka.close()
