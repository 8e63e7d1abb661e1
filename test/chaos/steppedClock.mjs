/**
 * A clock that is stepped while the process runs: the parent's message { clockShiftMs } moves what Date says, as an
 * administrator or a time server would; timers of the system and performance.now() go on, as they do in the real case.
 * Loaded before anything else. The process ends itself when its parent is gone.
 */
const RealDate = Date
let shiftMs = 0
globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [RealDate.now() + shiftMs] : parts))
  }
  static now() {
    return RealDate.now() + shiftMs
  }
}
process.on('message', (message) => {
  if (typeof message?.clockShiftMs === 'number') shiftMs = message.clockShiftMs
})
process.once('disconnect', () => process.exit(1))
