/** What another policy would have brought, for people: how much the log weighs first, then the estimates, or why there is none. */
import { intervalText } from '../pipelines/adaptation/rates.ts'
import type { Valued } from '../pipelines/effects/clustered.ts'
import { ESS_LEAST, WIDEST } from '../pipelines/effects/offPolicy.ts'
import type { OffPolicy } from '../pipelines/effects/offPolicy.ts'
import { leftOut } from '../pipelines/effects/loggedChoices.ts'
import type { Effect, LeftOut } from '../pipelines/effects/loggedChoices.ts'
import { columns } from './columns.ts'

const NAMED_MOST = 20

const leftOutWords: Readonly<Record<LeftOut, string>> = {
  certain: 'not left to lot',
  no_message: 'without a message',
  no_result: 'without a result: told three days after the message, or never confirmed',
  unknown: 'with a result that is not known',
  worded_otherwise: 'whose text the lot did not or could not change',
}

/** `others` is the number of decisions that would be others. */
export function effectLines({ answer, leftOut: counts, notEstimable }: Effect, decisionType: string, others: number): string[] {
  const told = leftOut.filter((reason) => counts[reason] > 0).map((reason) => `${counts[reason]} ${leftOutWords[reason]}`)
  const apart = told.length === 0 ? [] : [`Left out are decisions: ${told.join('; ')}.`]
  const silent =
    notEstimable.length === 0 || isAllCertain(answer, counts)
      ? []
      : [
          `Not estimable from this log; ${notEstimable.length === 1 ? 'this certain decision' : `these ${notEstimable.length} certain decisions`} would have changed:`,
          ...named(notEstimable),
        ]
  if (answer.kind === 'estimated')
    return [...estimateLines(answer.estimate), ...answer.warnings.map((warning) => `Careful: ${warning}`), ...apart, ...silent]
  if (isAllCertain(answer, counts))
    return others === 0
      ? []
      : [
          `Not estimable from this log: no ${decisionType} decision in it was left to lot, so none shows what another option would have brought. ` +
            `${others === 1 ? 'One decision' : `These ${others} decisions`} would have changed; --json lists all of them.`,
        ]
  if (answer.because === 'no_overlap')
    return [
      `Not estimable from this log: there the other policy would choose what the lot never could have; these ${answer.unseen.length} decisions would have changed:`,
      ...named(answer.unseen),
      ...apart,
      ...silent,
    ]
  if (answer.because === 'no_chance')
    return [
      'Nothing is estimated: by the probabilities that were written down the lot could not have taken what these decisions took:',
      ...named(answer.unseen),
      ...apart,
      ...silent,
    ]
  if (answer.because === 'no_choices')
    return ['Nothing is estimated: of no decision that was left to lot is it known what came of it.', ...apart, ...silent]
  const size = `Effective sample size ${answer.effective.toFixed(0)}`
  return [
    answer.because === 'too_few'
      ? `${size}: below ${ESS_LEAST} nothing is estimated.`
      : `${size}: an interval is wider than ${(100 * WIDEST).toFixed(0)} points, so nothing is estimated.`,
    ...apart,
    ...silent,
  ]
}

/** Ids, each on a line; of many the first ones. */
function named(ids: readonly string[]): string[] {
  const rest = ids.length - NAMED_MOST
  return [...ids.slice(0, NAMED_MOST).map((id) => `  ${id}`), ...(rest > 0 ? [`  and ${rest} more: --json names them all`] : [])]
}

function isAllCertain(answer: Effect['answer'], counts: Effect['leftOut']): boolean {
  return (
    answer.kind === 'refused' && answer.because === 'no_choices' && leftOut.every((reason) => reason === 'certain' || counts[reason] === 0)
  )
}

function estimateLines({ choices, leads, effective, logging, snips, doublyRobust }: OffPolicy): string[] {
  const row = (what: string, one: Valued) => [`  ${what}`, `${(100 * one.value).toFixed(1)} %`, intervalText(shownInterval(one))]
  return [
    `Effective sample size ${effective.toFixed(0)}: ${choices} decisions on ${leads} leads that were left to lot.`,
    ...columns(
      [
        ['  answered within 72 hours', 'rate', '95 % interval'],
        row('as it was decided', logging),
        row('under the other policy, weighted (SNIPS)', snips),
        row('under the other policy, doubly robust (DR)', doublyRobust),
      ],
      { right: [1] },
    ),
  ]
}

/** No rate is below nothing or above all. */
function shownInterval({ interval: { low, high } }: Valued) {
  return { low: Math.max(0, low), high: Math.min(1, high) }
}
