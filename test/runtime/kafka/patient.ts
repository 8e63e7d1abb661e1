/**
 * Two fused stages that wait for the row of a table: the first for an item that wishes `hold`, the second for a sum that the
 * first marks `hold over`. What wishes `never` or `never over` waits until its attempts are used up.
 */
import { emit, next, retryLater } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { Context } from '../../../runtime/stage.ts'
import { factors, sums, Sum, items, totals } from './fixtures.ts'

export const attempts = 60
const wait = (wish: string, seq: number) =>
  wish.startsWith('never')
    ? retryLater('E_TEST_NEVER', { seq }, { afterMs: 1 })
    : retryLater('E_TEST_NO_FACTOR', { seq }, { afterMs: 1_000 })

export const patient = stage({
  name: 'patient',
  state: Sum,
  tables: { factors },
  parking: { attempts },
  on: [
    from(items, (state: Sum | undefined, { value }, ctx: Context<{ factors: typeof factors }>): Outcome<Sum, typeof sums> => {
      const { wish, seq, amount } = value
      if (wish === 'never' || (wish === 'hold' && ctx.tables.factors.get('factor') === undefined)) return wait(wish, seq)
      const sum: Sum = { seq, count: (state?.count ?? 0) + 1, sum: (state?.sum ?? 0) + amount, by: wish }
      return next(sum, { emit: [emit(sums, sum)] })
    }),
  ],
  outputs: [sums],
})

export const patientTotaller = stage({
  name: 'patient-totaller',
  state: Sum,
  tables: { factors },
  parking: { attempts },
  on: [
    from(sums, (state: Sum | undefined, { value }, ctx: Context<{ factors: typeof factors }>): Outcome<Sum, typeof totals> => {
      const { by, seq } = value
      if (by === 'never over' || (by === 'hold over' && ctx.tables.factors.get('factor') === undefined)) return wait(by, seq)
      const total: Sum = { ...value, count: (state?.count ?? 0) + 1 }
      return next(total, { emit: [emit(totals, total)] })
    }),
  ],
  outputs: [totals],
})

export const patientStages = [patient, patientTotaller] as const
