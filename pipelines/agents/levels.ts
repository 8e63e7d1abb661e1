/** Intent levels as ordered numbers: comparing their names would put WARM above URGENT. */
export const levelRanks = { COLD: 0, WARM: 1, HOT: 2, URGENT: 3 } as const
export type Level = keyof typeof levelRanks

/** The rank of a level; a name nobody knows ranks as COLD. */
export function levelRank(level: string): number {
  return Object.hasOwn(levelRanks, level) ? levelRanks[level as Level] : 0
}

/** The higher of two levels. */
export function hotter(a: string, b: string): string {
  return levelRank(b) > levelRank(a) ? b : a
}
