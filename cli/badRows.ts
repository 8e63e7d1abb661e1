/** Rows of a file or feed that could not be read: the first ones one by one, the others as a number. */

/** Told one by one. */
export const TOLD_ROWS = 20

/** The lines of `all` bad rows, of which `lines` are the first. */
export function badRowLines(lines: readonly string[], all: number): string[] {
  const told = lines.slice(0, TOLD_ROWS)
  return all > told.length ? [...told, `and ${all - told.length} more`] : told
}
