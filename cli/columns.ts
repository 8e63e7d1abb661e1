/** Plain text in columns, for terminals and pipes alike. A row is one line, whatever stands in its cells. */

/** Rows with cells padded to the widest of their column; columns in `right` are set to the right. */
export function columns(
  told: readonly (readonly string[])[],
  options: { readonly indent?: number; readonly right?: readonly number[] } = {},
): string[] {
  const { indent = 0, right = [] } = options
  const rows = told.map((row) => row.map((cell) => cell.replace(/\s*[\r\n]\s*/g, ' ')))
  const widths = rows.reduce<number[]>((wide, row) => row.map((cell, i) => Math.max(wide[i] ?? 0, cell.length)), [])
  return rows.map((row) =>
    `${' '.repeat(indent)}${row.map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ')}`.trimEnd(),
  )
}
