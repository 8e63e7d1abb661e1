/** A stage that can go by any name: it adds up what comes for a key, and says the sum under the name that it has. */
import { emit, next } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import { items, Sum, totals } from './fixtures.ts'

export const adding = (name: string, says: Partial<AnyStage> = {}): AnyStage => ({
  ...stage({
    name,
    state: Sum,
    on: [
      from(items, (state: Sum | undefined, { value }) => {
        const sum: Sum = { seq: value.seq, count: (state?.count ?? 0) + 1, sum: (state?.sum ?? 0) + value.amount, by: name }
        return next(sum, { emit: [emit(totals, sum)] })
      }),
    ],
    outputs: [totals],
  }),
  ...says,
})
