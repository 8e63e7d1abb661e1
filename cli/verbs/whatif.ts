/**
 * `rekindle whatif`: which decisions of a stretch of the past another policy would have changed, why, what that would have
 * brought where a lot was drawn, and what verdicts say of it. It reads and prints; nothing it has can write or send.
 */
import type { Command } from 'commander'
import { leadKey, results } from '../../topics/index.ts'
import { counted } from '../../pipelines/counted.ts'
import { explain } from '../../pipelines/consensus/explain.ts'
import { whatIf } from '../../pipelines/consensus/whatIf.ts'
import type { Compared, JudgedDifference } from '../../pipelines/consensus/whatIf.ts'
import { choiceOf, effectOf } from '../../pipelines/effects/loggedChoices.ts'
import type { ChoiceOrNot, Effect, ResultOfChoice } from '../../pipelines/effects/loggedChoices.ts'
import { drawnVerdicts } from '../../pipelines/learning/voteTable.ts'
import { instantText } from '../../pipelines/instantText.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { labelledDecisions } from '../../sinks/postgres/audits.ts'
import { columns } from '../columns.ts'
import { countOf } from '../countOption.ts'
import { effectLines } from '../effectText.ts'
import { withReplaySource } from '../replaySource.ts'
import type { ReplaySource, TailSource } from '../replaySource.ts'
import { rangeOf, storedQuestions } from '../storedQuestions.ts'
import type { ReplayRange } from '../storedQuestions.ts'
import type { Surroundings } from '../surroundings.ts'
import { isChanged, WhatIfTally } from '../whatIfTally.ts'
import type { Changed } from '../whatIfTally.ts'
import { policyMeant } from './policy.ts'

interface WhatIfFlags {
  readonly policy: string
  readonly from: string
  readonly to?: string
  readonly lead?: string
  readonly limit: string
  readonly json?: true
}

export function addWhatIf(
  program: Command,
  { terminal, config, now, stop }: Pick<Surroundings, 'terminal' | 'config' | 'now' | 'stop'>,
): void {
  program
    .command('whatif')
    .description('which decisions another policy would have changed, why, and what that would have brought; sends nothing')
    .requiredOption('--policy <policy>', 'hash of a stored policy, or how it begins, or a JSON file')
    .requiredOption('--from <time>', 'decisions of this time or later, e.g. 2026-11-24T15:00:00Z')
    .option('--to <time>', 'decisions before this time (default: now)')
    .option('--lead <lead>', 'only those about <locationId>:<contactId>')
    .option('--limit <n>', 'changed decisions that are told in full', '10')
    .option('--json', 'one JSON document a decision that would change, and one of the effect')
    .action(async (flags: WhatIfFlags) => {
      const range = rangeOf(flags, now())
      const limit = countOf('--limit', flags.limit, 0)
      await withReplaySource(
        config(),
        'rekindle whatif',
        async (source, db) => {
          const policy = await policyMeant(db, flags.policy)
          const tally = new WhatIfTally(limit, drawnVerdicts(await labelledDecisions(db, policy.decisionType, 0)))
          const effect = await compareRange(source, range, policy, (one) => {
            tally.add(one)
            if (flags.json === true && isChanged(one)) terminal.out(JSON.stringify(changeOf(one)))
          })
          if (flags.json === true) terminal.out(JSON.stringify({ effect }))
          else for (const line of whatIfLines(policy, tally, effect)) terminal.out(line)
        },
        stop,
      )
    })
}

function changeOf({ decision, other }: Changed): object {
  return { decisionId: decision.decisionId, before: decision.chosen, after: other.chosen, decision: other }
}

/** Decides every question of the range again with another policy, and estimates what that would have brought. */
export async function compareRange(
  source: ReplaySource & TailSource,
  range: ReplayRange,
  policy: Policy,
  onCompared: (one: Compared) => void,
): Promise<Effect> {
  const told = new Map<string, ResultOfChoice>()
  // A result is younger than its decision.
  await source.tail(results, { from: { at: range.from }, untilEnd: true }, ({ value }) => {
    if (value) told.set(value.resultId, { outcome: value.outcome, option: value.option, wording: value.wording })
  })
  const choices: ChoiceOrNot[] = []
  for await (const { stored, inputs } of storedQuestions(source, range)) {
    const followUp = stored.find(({ type }) => type === 'follow_up')
    for (const one of whatIf(stored, inputs, policy)) {
      onCompared(one)
      if (one.kind === 'compared' && inputs.assessment !== undefined)
        choices.push(choiceOf(one, followUp, inputs.assessment.value.view, (id) => told.get(id)))
    }
  }
  return effectOf(choices)
}

export function whatIfLines(policy: Policy, tally: WhatIfTally, effect: Effect): string[] {
  const { total, impossible, changed, shown, moves, judged } = tally
  const estimated = effectLines(effect, policy.decisionType, changed)
  return [
    `${policy.policyHash.slice(0, 12)}, ${policy.label}: ${changed} of ${total} decisions would be others.` +
      (impossible === 0 ? '' : ` ${impossible} could not be decided again and are left out.`),
    ...columns(
      moves.map(([move, count]) => [`  ${move}`, String(count)]),
      { right: [1] },
    ),
    ...shown.flatMap((one) => changeLines(one, policy)),
    ...(changed > shown.length && shown.length > 0 ? [`and ${changed - shown.length} more: --limit, or --json`] : []),
    ...(estimated.length === 0 ? [] : ['', ...estimated]),
    ...judgedLines(judged, changed),
  ]
}

function changeLines({ decision, other }: Changed, policy: Policy): string[] {
  const { headline, sentences } = explain(other, policy)
  return [
    '',
    `${decision.decisionId}  ${leadKey(decision.tenantId, decision.contactId)}  ${instantText(decision.decidedAt)}: ${decision.chosen}`,
    `  ${headline}`,
    ...sentences.map((sentence) => `  ${sentence}`),
  ]
}

/** What people found right, whatever the leads did. */
function judgedLines(judged: JudgedDifference, others: number): string[] {
  if (others === 0) return []
  return [
    judged.verdicts === 0 ? 'Nobody has judged a decision of the random audit among them: rekindle audit next.' : verdictsLine(judged),
  ]
}

/** What verdicts say of two policies: only an interval on one side of a half tells them apart. */
export function verdictsLine({ verdicts, rightBefore, rightAfter, better, worse, betterShare }: JudgedDifference): string {
  const told =
    better + worse === 0
      ? 'they do not tell the two apart'
      : betterShare.low > 0.5
        ? 'it is better beyond chance'
        : betterShare.high < 0.5
          ? 'it is worse beyond chance'
          : 'too few to tell the two apart'
  return `By ${counted(verdicts, 'verdict')}: right ${counted(rightAfter, 'time')} against ${rightBefore}; better on ${better}, worse on ${worse}: ${told}.`
}
