/**
 * A member in a process of its own, to be killed. Argument: JSON of MemberInput. Prints `joined` when it works, `asked` at the first SIGTERM; ends on SIGTERM after draining,
 * exits 70 when the member cannot go on.
 */
import { once } from 'node:events'
import { stopRequests } from '../../../cli/stopRequests.ts'
import { machineClock } from '../../../runtime/joinTick.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import { adding } from './adding.ts'
import { adder, logger, totaller } from './fixtures.ts'
import type { MemberInput } from './memberChild.ts'
import { patientStages } from './patient.ts'

const input = JSON.parse(process.argv[2] as string) as MemberInput
const { brokers, registryUrl, prefix, group, stateDir, standby, patient, renamed, haltAt, joinTickMs = 0, stopBudgetMs } = input
// It starts 1 ms before a tick, and stands at that tick from then on: a whole tick is left when it is to leave.
let wallMs = joinTickMs - 1
const now = () => {
  const at = wallMs
  wallMs = joinTickMs
  return at
}
if (haltAt !== undefined) {
  const whole = UnitProducer.prototype.commit
  let step = 0
  UnitProducer.prototype.commit = async function (records, offsets) {
    const commit = () => whole.call(this, records, offsets)
    if ((records[0] ?? offsets[0])?.partition !== haltAt.partition || ++step !== haltAt.step) return commit()
    const committed = commit()
    if (haltAt.when === 'after') await committed
    process.stdout.write('halted\n')
    return new Promise(() => undefined)
  }
}
const { asked, hurried } = stopRequests(process)
const kafka = await connectKafka({ brokers, clientId: `member-${process.pid}`, topicPrefix: prefix, registryUrl, logger })
const member = await kafka.runStages({
  group,
  stages:
    renamed !== undefined
      ? [adding(renamed.to, { migrates: { from: renamed.from } })]
      : patient === true
        ? patientStages
        : [adder, totaller],
  sessionTimeoutMs: 6_000,
  maxRecords: 20,
  joinTickMs,
  tickClock: { ...machineClock, now },
  hurry: hurried,
  ...(stateDir === undefined ? {} : { stateDir }),
  ...(standby === undefined ? {} : { standby }),
  onFatal: (error) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(70)
  },
})
process.stdout.write('joined\n')
if (!asked.aborted) await once(asked, 'abort')
process.stdout.write('asked\n')
await member.stop(stopBudgetMs)
await kafka.close()
process.exit(0)
