/** A till for the tests of windows: payments come in, totals per window go out. */
import { emit, next } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { FiredTimer, StreamRecord } from '../../../runtime/stage.ts'
import { topic } from '../../../runtime/topic.ts'
import type { TimeWindows } from '../../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../../runtime/windows/windowAggregate.ts'
import type { WindowState, WindowStep } from '../../../runtime/windows/windowAggregate.ts'

export interface Payment {
  amount: number
}
export interface Total {
  sum: number
  count: number
}
export interface Span extends Total {
  start: number
  end: number
}

export const Payment = schema<Payment>({ type: 'record', name: 'till.Payment', fields: [{ name: 'amount', type: 'int' }] })
const sums = [
  { name: 'sum', type: 'int' },
  { name: 'count', type: 'int' },
]
export const Total = schema<Total>({ type: 'record', name: 'till.Total', fields: sums })
export const Span = schema<Span>({
  type: 'record',
  name: 'till.Span',
  fields: [{ name: 'start', type: 'long' }, { name: 'end', type: 'long' }, ...sums],
})

export const declared = { key: 'lead', retention: { days: 1 }, contract: 'internal', about: '' } as const
export const payments = topic({ ...declared, name: 'payments', value: Payment, writtenBy: ['customers'] })
export const finals = topic({ ...declared, name: 'finals', value: Span, writtenBy: ['till'] })
export const early = topic({ ...declared, name: 'early', value: Span, writtenBy: ['till'] })
export const tooLate = topic({ ...declared, name: 'too-late', value: Span, writtenBy: ['till'] })
export type TillOutput = typeof finals | typeof early | typeof tooLate

export const zero: Total = { sum: 0, count: 0 }
export const plus = (total: Total, { amount }: Payment): Total => ({ sum: total.sum + amount, count: total.count + 1 })
export const spanOf = ({ start, end, aggregate }: { start: number; end: number; aggregate: Total }): Span => ({ start, end, ...aggregate })

/** A stage that adds up payments per window and tells everything the helper answers. */
export function till(windows: TimeWindows, idleMs: number) {
  const totals = windowAggregate({ name: 'till.Totals', windows, idleMs, aggregate: Total, initial: zero, add: plus })
  const answer = (step: WindowStep<Total>, amount: number): Outcome<WindowState<Total>, TillOutput> =>
    next<WindowState<Total>, TillOutput>(step.state, {
      timers: step.timers,
      emit: [
        ...step.updated.map((one) => emit(early, spanOf(one))),
        ...step.closed.map((one) => emit(finals, spanOf(one))),
        ...step.late.map((window) => emit(tooLate, { ...window, sum: amount, count: 1 })),
      ],
    })
  return stage({
    name: 'till',
    state: totals.state,
    on: [
      from(payments, (state: WindowState<Total> | undefined, record: StreamRecord<Payment>) =>
        answer(totals.add(state, record), record.value.amount),
      ),
    ],
    timer: (state: WindowState<Total>, fired: FiredTimer) => answer(totals.fire(state, fired), 0),
    outputs: [finals, early, tooLate],
  })
}

/** The value, which the test knows to be there. */
export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a value is missing')
  return value
}
