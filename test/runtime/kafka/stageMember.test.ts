/** The start of a member of stages, without a broker: what it has taken by the time something fails it lets go again. */
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { runStages } from '../../../runtime/kafka/stageMember.ts'
import type { Workshop } from '../../../runtime/kafka/workshop.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { claimStateFolder } from '../../../runtime/state/stateFolder.ts'
import { logger, totaller } from './fixtures.ts'
import { sizesOf } from './standIn.ts'

const workshop = {
  admin: { fetchOffsets: async () => [] },
  wire: { register: async () => undefined },
  counts: { load: async () => undefined, of: () => 1 },
  sizes: sizesOf({}),
  logger,
  metrics: noMetrics,
  topicPrefix: '',
} as unknown as Workshop

/** So many connections are made, and closed; no further one is. Returns how many are open. */
function connections(t: Test, most: number): () => number {
  let [made, open] = [0, 0]
  const connect = async () => {
    if (made === most) throw new Error('the broker is away')
    made += 1
    open += 1
    return PartitionReader.over({ close: async () => void (open -= 1) } as unknown as ClusterConnection)
  }
  t.intercept(PartitionReader, 'connect', { value: connect })
  return () => open
}

for (const [standby, most] of [
  [0, 0],
  [1, 1],
] as const)
  t.test(`a start that fails holds no folder and no connection, after ${most} connections`, async (t) => {
    const open = connections(t, most)
    const stateDir = t.testdir()
    const onFatal = (error: Error) => t.fail(error)
    await t.rejects(runStages(workshop, { group: 'line', stages: [totaller], stateDir, standby, onFatal }), {
      message: 'the broker is away',
    })
    const folder = join(stateDir, 'line')
    t.equal(claimStateFolder(folder).path, join(folder, '0'), 'the next one finds the state of before')
    t.equal(open(), 0)
  })
