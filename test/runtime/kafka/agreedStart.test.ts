/** State and offsets of a group that goes on while they are read: they are of one moment, or it is said that they are not. */
import fc from 'fast-check'
import t from 'tap'
import { agreedStart } from '../../../runtime/kafka/agreedStart.ts'
import { assertProperty } from '../../support/property.ts'

t.test('whenever the group commits, the state that was restored is the one of the offsets', async (t) => {
  await assertProperty(
    t,
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (commits) => {
      // Each commit moves the offset by one and the state with it; it may come before any of the reads.
      let committed = 0n
      let read = 0
      let state = -1n
      const mayCommit = () => {
        if (commits[read++] === true) committed += 1n
      }
      const begins = await agreedStart(
        'the group',
        async () => {
          mayCommit()
          return new Map([['topic#0', committed]])
        },
        async () => {
          mayCommit()
          state = committed
        },
      )
      return begins.get('topic#0') === state
    }),
  )
})

t.test('a group that commits during every restore is told to commit too often', async (t) => {
  let committed = 0n
  await t.rejects(
    agreedStart(
      'group line, partition 3,',
      async () => new Map([['topic#3', (committed += 1n)]]),
      async () => undefined,
    ),
    { code: 'E_STATE_UNSETTLED', message: /group line, partition 3, committed during each of 100 attempts/ },
  )
})
