/** Counts the assertions of a TAP stream by its own closing summary, `# { total: 30, pass: 28, fail: 2 }`. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export function countsOf(tap: string): Counts {
  const summary = [...tap.matchAll(/^# \{ (total: [^}]*)\}/gm)].at(-1)?.[1] ?? ''
  const count = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(summary)?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail'), skipped: count('skip') + count('todo') }
}
