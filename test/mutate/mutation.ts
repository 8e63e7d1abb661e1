/**
 * What a mutation is and how its outcome is judged. Pure: no process, no file. A mutation counts as killed only when a
 * test that it names ran and failed; a file that does not even start proves nothing about a guard.
 */

/** One guard taken out of one file, and the tests that must notice. */
export interface Mutation {
  readonly id: string
  /** The promise that the code keeps, in words. */
  readonly guard: string
  readonly file: string
  /** Text of the file, there exactly once. */
  readonly find: string
  readonly replace: string
  /** At least one of these fails on the mutated file, all of them pass on the one that is. */
  readonly tests: readonly TestName[]
  /** What would go wrong in the world. */
  readonly why: string
}

export interface TestName {
  readonly file: string
  /** Part of the title as it stands in the file. */
  readonly title: string
}

export type Verdict = 'killed' | 'survived' | 'unclear'

export interface Outcome {
  readonly mutation: Mutation
  readonly verdict: Verdict
  /** Titles of the named tests that failed. */
  readonly by: readonly string[]
  readonly seconds: number
}

/** How often a text occurs, without overlap. */
export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1
}

/** The file with its guard taken out. Throws when the text is not there exactly once: the list is out of date. */
export function mutated(text: string, { id, file, find, replace }: Pick<Mutation, 'id' | 'file' | 'find' | 'replace'>): string {
  const count = occurrences(text, find)
  if (count !== 1) throw new Error(`${id}: the text to be found occurs ${count} times in ${file}; mend test/mutate/mutations.ts`)
  // As a function: `$` in the replacement means nothing.
  return text.replace(find, () => replace)
}

/** A regular expression that is met by the titles of these tests and by no others. */
export function titlePattern(tests: readonly TestName[]): string {
  return [...new Set(tests.map(({ title }) => title.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')))].join('|')
}

/** Those of the named tests that a log of `npm test` shows as failed, by title. */
export function failed(log: string, tests: readonly TestName[]): readonly string[] {
  const titles = [...log.matchAll(/^ {4}not ok \d+ - (.*?)(?: # time=.*)?$/gm)].map((match) => (match[1] ?? '').replace(/\\([#\\])/g, '$1'))
  return [...new Set(titles)].filter((title) => tests.some((test) => title.includes(test.title)))
}

/** Judges a run of the named tests on the mutated file by its exit status and log. */
export function judged(
  status: number,
  log: string,
  tests: readonly TestName[],
): { readonly verdict: Verdict; readonly by: readonly string[] } {
  const by = failed(log, tests)
  if (by.length > 0) return { verdict: 'killed', by }
  return { verdict: status === 0 ? 'survived' : 'unclear', by }
}

/** Rows of the table of a run, headings first. */
export function tableOf(outcomes: readonly Outcome[]): readonly (readonly string[])[] {
  return [
    ['Guard', 'Mutation', 'Outcome', 'Killed by', 's'],
    ...outcomes.map(({ mutation, verdict, by, seconds }) => [
      mutation.guard,
      mutation.id,
      verdict,
      by.join('; ') || '-',
      String(Math.round(seconds)),
    ]),
  ]
}

/** The last line of a run. What is unclear has not been killed. */
export function summary(outcomes: readonly Outcome[]): string {
  const killed = outcomes.filter(({ verdict }) => verdict === 'killed').length
  return `${killed} killed, ${outcomes.length - killed} survived`
}
