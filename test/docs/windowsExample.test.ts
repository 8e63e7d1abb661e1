import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import { hours, lateReadings, rain, readings } from './windowsExample.ts'

const three = Date.parse('2026-11-03T15:00:00Z')

t.test('the hour of a station is final once: by its next reading, or when it falls silent; a late reading is told', async (t) => {
  const line = drive(rain, { at: three })
  line.pipe(readings, 'kew', { millimetres: 2 })
  line.advance('59m')
  line.pipe(readings, 'kew', { millimetres: 3 })
  line.advance('5m')
  line.pipe(readings, 'kew', { millimetres: 4 }, { timestamp: three + 3_599_999 })
  line.restart()
  line.advance('1m')
  line.pipe(readings, 'kew', { millimetres: 1 })
  t.strictSame(line.outputs(hours), [{ start: three, millimetres: 9 }], 'at 16:05, the reading of 15:59:59.999 included')
  line.pipe(readings, 'kew', { millimetres: 7 }, { timestamp: three })
  t.strictSame(line.outputs(lateReadings), [{ millimetres: 7 }])
  line.advance('59m')
  t.equal(line.outputs(hours).length, 1)
  line.advance('1m')
  t.strictSame(line.outputs(hours).slice(1), [{ start: three + 3_600_000, millimetres: 1 }], 'at 17:05, by silence')
})
