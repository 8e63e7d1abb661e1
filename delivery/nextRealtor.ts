/**
 * An assignment before the gates, with whoever is next on its list: where nothing but the realtor is in the way, the first
 * after them for whom all gates allow it is given the lead in their place. Everything else that denies stands as it is.
 */
import { aboutTheRealtor } from '../pipelines/followup/gates/capacity.ts'
import type { Judgement } from '../pipelines/followup/gates/judge.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'

export interface Placed {
  /** The row with the realtor it was judged with. */
  readonly row: LedgerRow
  readonly judgement: Judgement
  /** Who was passed over for whom, a sentence with a space after it; empty when nobody was. */
  readonly passedOver: string
}

/** Judges a row with its realtor and, while only that realtor is in the way, with each alternate in order. */
export function nextRealtor(row: LedgerRow, judgeWith: (row: LedgerRow) => Judgement): Placed {
  const first = judgeWith(row)
  const objection = objectionTo(first)
  if (row.action !== 'assign' || objection === undefined) return { row, judgement: first, passedOver: '' }
  for (const [place, assigneeId] of row.alternates.entries()) {
    const given = { ...row, assigneeId, alternates: row.alternates.slice(place + 1) }
    const judgement = judgeWith(given)
    if (judgement.then.kind === 'allow')
      return {
        row: given,
        judgement,
        passedOver: `${row.assigneeId ?? ''} ${objection}: it goes to ${assigneeId}, the next on the list who can have it. `,
      }
  }
  return { row, judgement: row.alternates.length === 0 ? first : withTried(first, 1 + row.alternates.length), passedOver: '' }
}

/** What is in the way of this realtor and perhaps not of another, in words. */
function objectionTo({ then }: Judgement): string | undefined {
  return then.kind === 'end' && then.by.gateId === 'capacity' ? aboutTheRealtor.get(then.by.ruleId) : undefined
}

/** The denial, which says that the others on the list were tried as well. */
function withTried({ gates, then }: Judgement, tried: number): Judgement {
  if (then.kind === 'allow') return { gates, then }
  const by = { ...then.by, reason: `${then.by.reason} ${tried} realtors were tried; none of them can have the lead.` }
  return { gates: gates.map((gate) => (gate === then.by ? by : gate)), then: { ...then, by } }
}
