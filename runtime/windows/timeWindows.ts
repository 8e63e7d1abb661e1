/**
 * Windows of fixed size, aligned to the epoch: `[start, end)` in ms of event time. Pure arithmetic on whole ms, so time
 * zones and daylight saving do not exist here. Every timestamp, negative ones too, lies in at least one window.
 */
export interface TimeWindow {
  /** First ms that belongs to the window. */
  readonly start: number
  /** First ms that does not. */
  readonly end: number
}

export interface TimeWindows {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  /** The windows that contain the timestamp, earliest first. Throws a `RangeError` for what is no time. */
  assign(timestamp: number): TimeWindow[]
  /** The watermark at which a window is closed: its end and the grace after it. */
  readonly closesAt: (window: TimeWindow) => number
}

/** Windows side by side: each timestamp lies in exactly one. Throws a `RangeError` for lengths that make no windows. */
export function tumbling(sizeMs: number, graceMs: number): TimeWindows {
  return hopping(sizeMs, sizeMs, graceMs)
}

/**
 * A window of `sizeMs` starts every `advanceMs`. They overlap; `advanceMs` need not divide `sizeMs`, in which case
 * some timestamps lie in one window more than others. Throws a `RangeError` for lengths that make no windows.
 */
export function hopping(sizeMs: number, advanceMs: number, graceMs: number): TimeWindows {
  wholeMs('the size of a window', sizeMs, 1)
  wholeMs('the advance of a window', advanceMs, 1)
  wholeMs('the grace of a window', graceMs, 0)
  if (advanceMs > sizeMs)
    throw new RangeError(`windows of ${sizeMs} ms that start every ${advanceMs} ms leave gaps: advance at most by the size`)
  return {
    sizeMs,
    advanceMs,
    graceMs,
    assign(timestamp) {
      eventTime(timestamp)
      const windows: TimeWindow[] = []
      // Floor, not truncation: before 1970 the two differ.
      for (let start = Math.floor((timestamp - sizeMs) / advanceMs + 1) * advanceMs; start <= timestamp; start += advanceMs)
        windows.push({ start, end: start + sizeMs })
      return windows
    },
    closesAt: (window) => window.end + graceMs,
  }
}

/** Lengths and times up to here add up exactly, as numbers and as an Avro `long`: 17,000 years of length, 71,000 before and after 1970. */
const LONGEST_MS = 2 ** 49
const FARTHEST_MS = 2 ** 51

/** Refuses a length in a declaration that is not whole ms, too short, or so long that sums with it are not exact. */
export function wholeMs(what: string, ms: number, atLeast: number): void {
  if (!Number.isSafeInteger(ms) || ms < atLeast) throw new RangeError(`${what} is ${ms} ms: whole ms are needed, ${atLeast} or more`)
  if (ms > LONGEST_MS) throw new RangeError(`${what} is ${ms} ms: ${LONGEST_MS} at most`)
}

/**
 * Refuses what is no time: one that was never stated (`NaN`) is in no window and never late, so its record would be gone without a word,
 * and one too far away is in windows without end.
 */
export function eventTime(timestamp: number): void {
  if (!Number.isSafeInteger(timestamp) || Math.abs(timestamp) > FARTHEST_MS)
    throw new RangeError(
      `a record has the timestamp ${timestamp}: whole ms since 1970 are needed, ${FARTHEST_MS} at most on either side; judge it before it is handed to a window or a join`,
    )
}

/** Refuses a watermark that cannot be kept: `beginningOfTime` is the lowest. */
export function knownWatermark(watermark: number): void {
  if (!Number.isSafeInteger(watermark) || Math.abs(watermark) > 2 * FARTHEST_MS)
    throw new RangeError(`the watermark is ${watermark}: whole ms since 1970 are needed, and beginningOfTime while nothing is known`)
}
