/** Percentiles and ratios of measured values. Pure. */

export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed: nearest rank. NaN for none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    count: sorted.length,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? NaN,
  }
}

export interface Target {
  readonly what: string
  readonly measured: number
  readonly target: number
  readonly unit: string
  /** `less`: below the target is good; `more`: above it. */
  readonly better: 'less' | 'more'
}

/** How many times better than asked; 1 is exactly the target, below 1 misses it. */
export function ratioOf({ measured, target, better }: Target): number {
  return better === 'less' ? target / measured : measured / target
}

/** One line per target: measured, target, ratio and whether it is met. */
export function targetTable(targets: readonly Target[]): string[] {
  const rows = targets.map((target) => [
    target.what,
    `${rounded(target.measured)} ${target.unit}`,
    `${target.better === 'less' ? '<' : '>='} ${rounded(target.target)} ${target.unit}`,
    `${ratioOf(target).toFixed(2)} x`,
    ratioOf(target) >= 1 ? 'met' : 'missed',
  ])
  return aligned([['what', 'measured', 'target', 'ratio', ''], ...rows])
}

/** Rows as text, columns padded to the widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** About three digits. */
export function rounded(value: number): string {
  const size = Math.abs(value)
  const places = size >= 100 ? 0 : size >= 10 ? 1 : 2
  return String(Number(value.toFixed(places)))
}
