/** Who has turned, in words with its numbers, for the report of learning and for the log. */
import { LEAST_TO_ADMIT } from '../pipelines/consensus/fit/fit.ts'
import type { AtOdds } from '../pipelines/consensus/fit/agreement.ts'
import { counted } from '../pipelines/counted.ts'
import { instantText } from '../pipelines/instantText.ts'
import { isDown } from '../pipelines/learning/turned.ts'
import type { Turned, Watch } from '../pipelines/learning/turned.ts'

/** The lines of a report; none where there was nothing to look at. */
export function watchLines(watch: Watch | undefined): string[] {
  if (watch === undefined || (watch.watched === 0 && watch.turned.length === 0)) return []
  const lines = turnedLines(watch)
  const looked = `${counted(watch.watched, 'agent')} on ${counted(watch.questions, 'question')} of the last 30 days`
  return lines.length > 0 ? lines : [`  Nobody has fallen out with the other agents: ${looked} were compared.`]
}

/** A sentence or two for each agent that has turned, and one where it cannot be said who has; none otherwise. */
export function turnedLines(watch: Watch | undefined): string[] {
  if (watch === undefined) return []
  return [
    ...watch.turned.map((one) => (isDown(one) ? heldDown(one) : judgedAnew(one))),
    ...(watch.undecided.length === 0
      ? []
      : [
          `  So many agents agree with the others less than before that nobody can say who of them has changed; nobody is held down for it: ${watch.undecided.map(fallOf).join('; ')}. Look at them, and judge decisions of since then.`,
        ]),
  ]
}

function heldDown(one: Turned): string {
  return `  ${fallOf(one)}. Its votes count for nothing until ${LEAST_TO_ADMIT} judged ones of since then say what they are worth; so far there are ${one.votes}.${versionsOf(one)}`
}

function judgedAnew(one: Turned): string {
  return `  ${fallOf(one)}. Since then ${counted(one.votes, 'judged vote')} say what it is worth; its votes of before count for nothing.${versionsOf(one)}`
}

/** When, how much and on how many questions, as it was when it was seen. */
function fallOf({ agent, since, before, after, chance, questions }: AtOdds): string {
  return `${agent} fell out with the other agents on ${instantText(since)}: it agreed with ${percent(before)} of them before and with ${percent(after)} on the ${counted(questions, 'question')} after (by its habits alone ${percent(chance)})`
}

function versionsOf({ versions }: Turned): string {
  return versions === undefined || versions.before === versions.since
    ? ''
    : ` It was of version ${versions.before} before and is of version ${versions.since} since.`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
