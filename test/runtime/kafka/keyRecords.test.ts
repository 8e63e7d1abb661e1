/** What stands under a key is handed on, also what nobody can decode: the dead letters of a lead hold its words. */
import t from 'tap'
import { recordJson } from '../../../cli/leadExport.ts'
import { keyRecordOf } from '../../../runtime/kafka/keyRecords.ts'
import { Undecodable } from '../../../runtime/task.ts'
import { leadEvents } from '../../../topics/index.ts'

const wire = { decode: () => new Undecodable('no schema 9') } as unknown as Parameters<typeof keyRecordOf>[0]
const record = { topic: 'leads.events.v1', partition: 0, offset: 7n, timestamp: 1, key: Buffer.from('loc:maria'), headers: {} }

t.test('a record that cannot be decoded is handed on with its bytes, as text where they are text', async (t) => {
  const shown = (value: Buffer | null) =>
    JSON.parse(recordJson(keyRecordOf(wire, leadEvents, { ...record, value }))) as Record<string, unknown>
  const { bytes, undecodable, ...rest } = shown(Buffer.from('{"body": "I am Maria"}'))
  t.strictSame([bytes, undecodable], ['{"body": "I am Maria"}', 'no schema 9'])
  t.notOk('value' in rest)
  t.equal(shown(Buffer.from([0, 0, 0, 0, 9, 255]))['bytes'], 'base64:AAAAAAn/')
  t.strictSame([shown(null)['value'], 'bytes' in shown(null)], [null, false])
})
