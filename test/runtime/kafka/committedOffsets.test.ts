/** Offsets of a group are waited for while a transaction around them is being ended, and no longer than somebody wants them. */
import t from 'tap'
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { committedOffsets } from '../../../runtime/kafka/offsets.ts'
import { BrokerRefusal } from '../../../runtime/kafka/protocol/errors.ts'

const UNSTABLE_OFFSET_COMMIT = 88
const places = [{ topic: 'in', partition: 0 }]

/** A coordinator that refuses so often, and then answers; `asked` is told how often it was asked. */
function coordinator(refusals: number, asked: (times: number) => void): ClusterConnection {
  let times = 0
  const send = async () => {
    asked(++times)
    if (times <= refusals) throw new BrokerRefusal(UNSTABLE_OFFSET_COMMIT, 'committed offset of group on in partition 0')
    return new Map([['in#0', { offset: 7n, metadata: '' }]])
  }
  return { groupCoordinator: async () => ({ connectionPool: { send } }) } as unknown as ClusterConnection
}

t.test('offsets that are about to be committed are waited for', async (t) => {
  const found = await committedOffsets(
    coordinator(4, () => undefined),
    'group',
    places,
    { stable: true },
  )
  t.equal(found.get('in#0')?.offset, 7n)
})

// Who stood still while it took over waits for a transaction that only its next take-over would end, which stands behind this one: 20 s.
t.test('offsets that nobody wants any more are not waited for', async (t) => {
  let last = 0
  const connection = coordinator(9, (times) => (last = times))
  await t.rejects(committedOffsets(connection, 'group', places, { stable: true, live: () => last < 3 }), {
    message: 'the offsets of group are no longer wanted',
  })
  t.equal(last, 3)
})
