/** What a member logs about a restored partition. Pure. */
export interface Restored {
  readonly records: number
  readonly seconds: number
  /** ms since the epoch. */
  readonly endedAt: number
}

/** The restore that a log line tells of; `undefined` for any other line. */
export function restoredBy(line: string): Restored | undefined {
  if (!line.startsWith('{')) return undefined
  const { msg, records, seconds, time } = JSON.parse(line) as { msg?: unknown; records?: unknown; seconds?: unknown; time?: unknown }
  if (msg !== 'restored' || typeof records !== 'number' || typeof seconds !== 'number' || typeof time !== 'number') return undefined
  return { records, seconds, endedAt: time }
}
