/**
 * Our competitor: the stage of one run as a member of its group. Argument: JSON of StageInput. Prints `joined`, and what a
 * member logs: joins, restored partitions, its leave; ends on SIGTERM after draining.
 */
import pino from 'pino'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import { counterStage, ordersTopic } from './workload.ts'

export interface StageInput {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly prefix: string
  readonly run: string
  readonly orders: string
  readonly lingerMs?: number
  readonly stateDir?: string
  readonly joinTickMs?: number
}

const input = JSON.parse(process.argv[2] as string) as StageInput
const { brokers, registryUrl, prefix, run, orders, ...settings } = input
// At info a member tells what it restored; nothing is logged for a record or a transaction.
const logger = pino({ level: 'info' })
const kafka = await connectKafka({ brokers, clientId: `bench-${process.pid}`, topicPrefix: prefix, registryUrl, logger })
const member = await kafka.runStages({
  group: run,
  stages: [counterStage(run, ordersTopic(orders))],
  ...settings,
  onFatal: (error) => {
    console.error(error)
    process.exit(70)
  },
})
console.log('joined')
process.once('SIGTERM', () => {
  void member
    .stop()
    .then(() => kafka.close())
    .then(() => process.exit(0))
})
