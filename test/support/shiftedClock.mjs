/** Shifts the clock of this process by REKINDLE_TEST_CLOCK_SHIFT_MS, or not at all. Loaded before anything else. */
const shiftMs = Number(process.env['REKINDLE_TEST_CLOCK_SHIFT_MS'] ?? 0)
if (shiftMs !== 0) {
  const RealDate = Date
  globalThis.Date = class Date extends RealDate {
    constructor(...parts) {
      super(...(parts.length === 0 ? [RealDate.now() + shiftMs] : parts))
    }
    static now() {
      return RealDate.now() + shiftMs
    }
  }
}
