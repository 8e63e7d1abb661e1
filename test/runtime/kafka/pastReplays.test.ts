/** Which replays of dead letters a stretch of the past folds again, without a broker. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { DeadLetterRecord } from '../../../runtime/taskBatch.ts'
import { PastReplays } from '../../../runtime/kafka/pastReplays.ts'
import type { Origin } from '../../../runtime/kafka/pastReplays.ts'
import { assertProperty } from '../../support/property.ts'

const own = (id: string) => ({ ce_id: id, ce_source: 'rekindle/adder' })
const origin = (sourceOffset: bigint, more: Partial<Origin> = {}): Origin => ({
  ...{ sourceTopic: 'items.v1', partition: 0, sourceOffset, sourceTimestamp: 1_000 },
  ...more,
})
const letter = (offset: bigint, stage: string, alone: boolean, more: object = {}): DeadLetterRecord =>
  ({
    source: { topic: 'items', partition: 0, offset, key: 'lead:1', value: null, timestamp: 1_000, headers: {}, raw: {}, ...more },
    ...{ handedOver: undefined, stage, code: 'E_TEST_POISON', detail: {}, attempts: 1, alone },
  }) as unknown as DeadLetterRecord

const past = (origins: Readonly<Record<string, Origin>>) =>
  new PastReplays({
    origins: new Map(Object.entries(origins)),
    begins: new Map([['items.v1#0', 10n]]),
    from: 1_000,
    writers: new Set(['rekindle/adder']),
    topics: new Map([
      ['items', 'items.v1'],
      ['sums', 'sums.v1'],
    ]),
    compacted: new Set(['factors.v1']),
  })

t.test('the replay of what the stretch folded is left out; of what it set aside, or lies before it, it is folded, once', async (t) => {
  const replays = past({ folded: origin(12n), aside: origin(13n), before: origin(9n) })
  replays.add([letter(13n, 'adder', false)], 0)
  t.strictSame(replays.stagesOf('folded', undefined, {}), [])
  t.strictSame(replays.stagesOf('before', 'adder', {}), ['adder'])
  t.strictSame(replays.stagesOf('aside', undefined, {}), [undefined])
  t.strictSame(replays.stagesOf('aside', undefined, {}), [], 'and was folded then')
  t.strictSame(replays.stagesOf('of a letter that is gone', undefined, {}), [undefined])
})

t.test('what one stage alone sets aside is folded again by that one, whoever set it aside at the time', async (t) => {
  const replays = past({ all: origin(12n), one: origin(13n), other: origin(14n) })
  replays.add([letter(12n, 'adder', true), letter(12n, 'totaller', true), letter(13n, 'adder', true), letter(14n, 'adder', false)], 0)
  t.strictSame(replays.stagesOf('all', undefined, {}), ['adder', 'totaller'])
  t.strictSame(replays.stagesOf('one', 'totaller', {}), [], 'that one folded it')
  t.strictSame(replays.stagesOf('one', 'adder', {}), ['adder'])
  t.strictSame(replays.stagesOf('other', 'totaller', {}), ['totaller'], 'all set it aside, the letter was of one')
})

t.test('what the stages write themselves is known by its id: in the stretch it has no offset', async (t) => {
  const replays = past({
    sum: origin(-1n, { sourceTopic: 'sums.v1' }),
    early: origin(-1n, { sourceTopic: 'sums.v1', sourceTimestamp: 999 }),
  })
  const handedOver = { topic: { name: 'sums' }, headers: own('b') }
  replays.add([{ ...letter(40n, 'totaller', false), handedOver } as unknown as DeadLetterRecord], 0)
  t.strictSame(replays.stagesOf('sum', undefined, own('a')), [])
  t.strictSame(replays.stagesOf('sum', undefined, own('b')), [undefined])
  t.strictSame(replays.stagesOf('early', undefined, own('c')), [undefined])
  replays.add([letter(-1n, 'totaller', false, { topic: 'sums', headers: own('d') })], 0)
  t.strictSame(replays.stagesOf('sum', undefined, own('d')), [undefined], 'also where it was read back')
})

t.test('where a topic keeps the newest record of a key the replay stands for itself', async (t) => {
  t.strictSame(past({ factor: origin(12n, { sourceTopic: 'factors.v1' }) }).stagesOf('factor', undefined, {}), [undefined])
})

/** Each record is folded, or fails and is replayed until it is folded, or for good. */
const recordArb = fc.record({ failedThen: fc.nat(3), failsNow: fc.nat(3) })

t.test('each record is folded once in the end, however often it failed at the time and fails now', async (t) => {
  await assertProperty(
    t,
    fc.property(fc.array(recordArb, { minLength: 1, maxLength: 8 }), (records) => {
      // The log: records first, then replays in rounds, as many of each as it failed at the time; a replay of a replay has that as its origin.
      const log: { record: number; letter: string | undefined }[] = records.map((_, record) => ({ record, letter: undefined }))
      const origins: Record<string, Origin> = {}
      const last = records.map((_, record) => record)
      for (let round = 1; round <= 3; round++)
        records.forEach(({ failedThen }, record) => {
          if (failedThen < round) return
          const id = `${record} ${round}`
          origins[id] = origin(BigInt(10 + (last[record] as number)))
          last[record] = log.length
          log.push({ record, letter: id })
        })
      const replays = past(origins)
      const folded = records.map(() => 0)
      const failed = records.map(() => 0)
      log.forEach(({ record, letter: id }, place) => {
        const turns = id === undefined ? [undefined] : replays.stagesOf(id, undefined, {})
        for (const _ of turns) {
          if ((failed[record] as number) < (records[record]?.failsNow ?? 0)) {
            failed[record] = (failed[record] as number) + 1
            replays.add([letter(BigInt(10 + place), 'adder', false)], 0)
          } else folded[record] = (folded[record] as number) + 1
        }
      })
      // It has one try and as many replays as it failed at the time.
      assert.deepStrictEqual(
        folded,
        records.map(({ failedThen, failsNow }) => (failsNow <= failedThen ? 1 : 0)),
      )
    }),
  )
})
