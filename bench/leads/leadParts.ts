/** The parts of an event's cost that a profile of the unit is cut into; what the store does is told apart from what the changelog does. */
import type { Owner } from '../runtime/profileShares.ts'

export const leadParts: readonly Owner[] = [
  { file: /state\/lmdbStateStore\.ts$/, name: /^#?(get|clean|persisted|touch)$/, part: 'store: reading', avro: 'store: decoding' },
  {
    file: /state\/lmdbStateStore\.ts$/,
    name: /^#?(checkpoint|writeOne|guarded|advance)$/,
    part: 'store: writing',
    avro: 'store: encoding',
  },
  { file: /state\/unitState\.ts$/, part: 'store: writing' },
  { file: /state\/(lmdbStateStore|generationCache|storageKeys)\.ts$|runtime\/timerHeap\.ts$/, part: 'store: cache and timers' },
  { file: /kafka\/changelog\.ts$/, part: 'changelog', avro: 'changelog: encoding' },
  { file: /kafka\/(takeRecords|wireFormat)\.ts$/, part: 'inputs and outputs: frames', avro: 'inputs: decoding' },
  { file: /runtime\/taskEffects\.ts$/, part: 'task', avro: 'outputs: encoding' },
  { file: /\/pipelines\//, part: 'fold' },
  { file: /runtime\/(task\w*|outcome|foldContext|ids|murmur2)\.ts$|kafka\/stageOutput\.ts$/, part: 'task' },
]
