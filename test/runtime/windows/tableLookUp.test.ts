import t from 'tap'
import { drive } from '../../../runtime/driver.ts'
import { emit, next } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { Context, StreamRecord } from '../../../runtime/stage.ts'
import { topic } from '../../../runtime/topic.ts'
import { lookUp } from '../../../runtime/windows/tableLookUp.ts'
import { declared, payments } from './till.ts'
import type { Payment } from './till.ts'

interface Rate {
  percent: number
  revision: number
}
interface Taxed {
  amount: number
  revision: string | null
}
const Rate = schema<Rate>({
  type: 'record',
  name: 'till.Rate',
  fields: [
    { name: 'percent', type: 'int' },
    { name: 'revision', type: 'int' },
  ],
})
const Taxed = schema<Taxed>({
  type: 'record',
  name: 'till.Taxed',
  fields: [
    { name: 'amount', type: 'int' },
    { name: 'revision', type: ['null', 'string'] },
  ],
})
const rates = topic({ ...declared, name: 'rates', key: 'tenant', retention: 'compact', value: Rate, writtenBy: ['desk'] })
const taxed = topic({ ...declared, name: 'taxed', value: Taxed, writtenBy: ['tax'] })

t.test('a result says which version of the row it was made with, and that there was none', async (t) => {
  const tax = stage({
    name: 'tax',
    tables: { rates },
    on: [
      from(payments, (_: unknown, { value }: StreamRecord<Payment>, ctx: Context<{ rates: typeof rates }>) => {
        const { row, version } = lookUp(ctx.tables.rates, 'here', (rate) => rate.revision)
        return next(undefined, { emit: [emit(taxed, { amount: value.amount + (row?.percent ?? 0), revision: version })] })
      }),
    ],
    outputs: [taxed],
  })
  const line = drive(tax, { at: 0 })
  line.pipe(payments, 'k', { amount: 100 })
  line.table(rates, 'here', { percent: 20, revision: 7 })
  line.pipe(payments, 'k', { amount: 100 })
  t.strictSame(line.outputs(taxed), [
    { amount: 100, revision: null },
    { amount: 120, revision: '7' },
  ])
})
