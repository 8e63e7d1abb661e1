import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { startDelivery } from '../../../cli/roles/deliveryPart.ts'
import type { GhlPart } from '../../../cli/roles/ghlPart.ts'
import { hoursTable } from '../../../pipelines/followup/hours/hoursTable.ts'
import type { HoursRule } from '../../../pipelines/followup/hours/hoursTable.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'

t.test('nothing is delivered on a table of calling hours that has a row without a source', async (t) => {
  const rows = hoursTable as HoursRule[]
  const [first] = rows
  if (first === undefined) return t.fail('the table is empty')
  rows.push({ ...first, jurisdiction: 'US-ZZ', source: ' ' })
  t.teardown(() => rows.pop())
  const start = () =>
    startDelivery({
      logger: pino({ level: 'silent' }),
      kafka: {} as KafkaConnection,
      shared: {} as GhlPart,
      metrics: new Registry(),
      sending: { on: true, channelsOff: [], messagesPer24h: 500 },
      onFatal: (error) => t.fail(String(error)),
    })
  t.throws(start, { code: 'E_HOURS_TABLE_INVALID', message: /US-ZZ has no source\./ })
})
