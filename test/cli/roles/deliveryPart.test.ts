import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { limitsOf, startDelivery } from '../../../cli/roles/deliveryPart.ts'
import type { GhlPart } from '../../../cli/roles/ghlPart.ts'
import { loadConfig } from '../../../config/config.ts'
import type { FenceInput } from '../../../pipelines/followup/gates/gate.ts'
import { killSwitch } from '../../../pipelines/followup/gates/killSwitch.ts'
import { hoursTable } from '../../../pipelines/followup/hours/hoursTable.ts'
import type { HoursRule } from '../../../pipelines/followup/hours/hoursTable.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { followUpRecord, tenantRecord, tuesdayNoon } from '../../support/leadRecords.ts'

t.test('SENDING_HALTED switches off everything, or the channels that it names', async (t) => {
  const denied = (setting: string) => {
    const limits = limitsOf(loadConfig({ SENDING_HALTED: setting }).sending)
    return ['sms', 'email', 'call', 'none'].filter((channel) => {
      const followUp = followUpRecord({ channel })
      const input = { at: tuesdayNoon, followUp, tenant: tenantRecord(), limits } as unknown as FenceInput
      return killSwitch(input).verdict === 'deny'
    })
  }
  t.strictSame(denied(''), [])
  t.strictSame(denied('all'), ['sms', 'email', 'call', 'none'])
  t.strictSame(denied('sms,none'), ['sms', 'none'])
  for (const wrong of ['yes', 'sms;email', 'SMS', 'all,sms', 'sms,'])
    t.throws(() => loadConfig({ SENDING_HALTED: wrong }), /SENDING_HALTED is .* must be all, or one or more of sms/, wrong)
})

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
      sending: { halted: [], messagesPer24h: 500, optOutLimitPercent: 2.5, failureLimitPercent: 8 },
      onFatal: (error) => t.fail(String(error)),
    })
  t.throws(start, { code: 'E_HOURS_TABLE_INVALID', message: /US-ZZ has no source\./ })
})
