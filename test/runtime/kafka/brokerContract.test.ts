/** The contract that the in-memory broker keeps is the one of a real cluster: what is proved on one holds on the other. */
import t from 'tap'
import { testStack } from '../../support/stack.ts'
import { brokerContract } from '../brokerContract.ts'
import { connectBackend } from './kafkaBackend.ts'

t.setTimeout(180_000)

const { kafkaBrokers } = await testStack(t)
await brokerContract(t, { name: 'Kafka', connect: () => connectBackend(kafkaBrokers) })
