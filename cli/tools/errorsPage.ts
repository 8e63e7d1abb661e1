/** The error tables as a page for people. */
import type { ErrorTable } from '../errorCatalogue.ts'

/** Markdown: a list of all codes, then what each means and what to do. */
export function errorsPage(tables: readonly ErrorTable[]): string {
  const rows = tables.flatMap(({ of, entries }) =>
    Object.entries(entries).map(
      ([code, { scope, retriable }]) => `| [\`${code}\`](#${code.toLowerCase()}) | ${of} | ${scope} | ${retriable ? 'yes' : 'no'} |`,
    ),
  )
  return [
    '# Errors',
    '',
    'Generated from the error tables by `npm run generate`; do not edit.',
    '',
    'An error says what happened, to what, and what to do. Its *scope* is what it stops: `record` (one record or request is refused or set',
    'aside, the rest goes on), `step` (one call fails), `partition` (it concerns one partition, which is prepared anew when the error is',
    'retriable; otherwise the member stops), `process` (the process ends or does not start). *Retriable* means that trying again later can',
    'succeed without a change by anybody.',
    '',
    '| Code | Of | Scope | Retriable |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...tables.flatMap(section),
  ].join('\n')
}

function section({ file, of, entries, status }: ErrorTable): string[] {
  return [
    `## Errors of ${of}`,
    '',
    `From \`${file}\`.`,
    '',
    ...Object.entries(entries).flatMap(([code, { scope, retriable, means, remedy }]) => [
      `### ${code}`,
      '',
      means,
      '',
      `- **Scope**: ${scope}; ${retriable ? 'retriable' : 'not retriable'}${status?.[code] === undefined ? '' : `; HTTP ${status[code]}`}`,
      `- **What to do**: ${remedy}`,
      '',
    ]),
  ]
}
