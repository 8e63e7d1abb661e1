/** The short table that `npm start` prints when all is ready: what runs, where, in which state, and what to look at next. */

export interface StartRow {
  readonly name: string
  readonly state: string
  readonly address: string | undefined
  /** Why it is in that state, or where to read more; may be empty. */
  readonly note: string
}

export interface NextLook {
  readonly what: string
  readonly where: string
}

/** Plain text, columns aligned, no colour: it reads the same in a log. */
export function startTable(rows: readonly StartRow[], next: readonly NextLook[]): string {
  const cells = [['', 'state', 'address', ''], ...rows.map(({ name, state, address, note }) => [name, state, address ?? '-', note])]
  const lines = aligned(cells)
  if (next.length > 0) lines.push('', 'Look at', ...aligned(next.map(({ what, where }) => [`  ${what}`, where])))
  return lines.join('\n')
}

function aligned(cells: readonly (readonly string[])[]): string[] {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
