/**
 * The coverage thresholds: 80 % of the lines of everything, 95 % of the pure rules. A rule file that no test loads
 * counts as uncovered, it does not vanish from the sum.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

export type CoverageSummary = Readonly<Record<string, { readonly lines: { readonly total: number; readonly covered: number } }>>

export interface Threshold {
  readonly folder: string
  readonly percent: number
}

export const thresholds: readonly Threshold[] = [
  { folder: '', percent: 80 },
  { folder: 'pipelines/', percent: 95 },
]

/** Not the product: what runs it, tests it or is generated. */
const outside = /^(test|node_modules|dist|\.tap|coverage|bench|schemas\/generated)\/|\/tools\/|\.d\.mts$/

/** One sentence per threshold that is missed. */
export function coverageShortfalls(root: string, summary: CoverageSummary, wanted: readonly Threshold[] = thresholds): string[] {
  const files = new Map<string, { total: number; covered: number }>()
  for (const [path, { lines }] of Object.entries(summary)) {
    const file = relative(root, path)
    if (path !== 'total' && !outside.test(file) && file.endsWith('.ts')) files.set(file, lines)
  }
  for (const file of rulesOf(root)) {
    if (!files.has(file)) files.set(file, { total: readFileSync(join(root, file), 'utf8').split('\n').length, covered: 0 })
  }
  return wanted.flatMap(({ folder, percent }) => {
    const counted = [...files].filter(([file]) => file.startsWith(folder))
    const total = counted.reduce((sum, [, lines]) => sum + lines.total, 0)
    const covered = counted.reduce((sum, [, lines]) => sum + lines.covered, 0)
    if (total > 0 && (100 * covered) / total >= percent) return []
    const reached = total === 0 ? 0 : Math.floor((1000 * covered) / total) / 10
    const worst = counted
      .map(([file, lines]) => ({ file, missing: lines.total - lines.covered }))
      .sort((a, b) => b.missing - a.missing)
      .slice(0, 5)
      .map(({ file, missing }) => `${file} (${missing})`)
    return [
      `Coverage of ${folder === '' ? 'all lines' : folder} is ${reached} %, wanted ${percent} %; most lines are missing in ${worst.join(', ')}.`,
    ]
  })
}

function rulesOf(root: string): string[] {
  return readdirSync(join(root, 'pipelines'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}
