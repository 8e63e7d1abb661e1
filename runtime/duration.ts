/** Durations as people write them: `250ms`, `30s`, `5m`, `24h`, `3d`. */
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Whole milliseconds of a duration such as `5m`. Throws a `RangeError` that says what is allowed. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  const unit = unitMs[match?.[2] ?? '']
  if (match?.[1] === undefined || unit === undefined)
    throw new RangeError(`"${text}" is not a duration: a number and one of ms, s, m, h, d, such as 5m or 24h.`)
  return Math.round(Number(match[1]) * unit)
}
