/**
 * A member in a process of its own, to be killed. Argument: JSON of { brokers, registryUrl, prefix, group, stateDir?, standby?, patient? }.
 * Prints `joined` when it works; ends on SIGTERM after draining, exits 70 when the member cannot go on.
 */
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { adder, logger, totaller } from './fixtures.ts'
import { patientStages } from './patient.ts'

const { brokers, registryUrl, prefix, group, stateDir, standby, patient } = JSON.parse(process.argv[2] as string) as {
  brokers: string[]
  registryUrl: string
  prefix: string
  group: string
  stateDir?: string
  standby?: 0 | 1
  /** Runs the stages that wait. */
  patient?: boolean
}
const kafka = await connectKafka({ brokers, clientId: `member-${process.pid}`, topicPrefix: prefix, registryUrl, logger })
const member = await kafka.runStages({
  group,
  stages: patient === true ? patientStages : [adder, totaller],
  sessionTimeoutMs: 6_000,
  maxRecords: 20,
  ...(stateDir === undefined ? {} : { stateDir }),
  ...(standby === undefined ? {} : { standby }),
  onFatal: (error) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(70)
  },
})
process.stdout.write('joined\n')
process.once('SIGTERM', () => {
  void member
    .stop()
    .then(() => kafka.close())
    .then(() => process.exit(0))
})
