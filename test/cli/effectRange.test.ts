import t from 'tap'
import { rangeOf } from '../../cli/verbs/effects.ts'

t.test('effects are asked of leads that there can be: from a time that has been, within a time that lasts', (t) => {
  const now = Date.UTC(2026, 10, 24, 15)
  t.strictSame(rangeOf({ from: '2026-11-01T00:00:00Z', within: '14d' }, now), {
    from: Date.UTC(2026, 10, 1),
    now,
    withinMs: 14 * 86_400_000,
  })
  t.throws(() => rangeOf({ from: '2027-11-01T00:00:00Z', within: '14d' }, now), {
    code: 'E_OPTION_INVALID',
    message: /--from 2027-11-01T00:00:00Z: lies in the future\./,
  })
  t.throws(() => rangeOf({ from: '2026-11-01T00:00:00Z', within: '0d' }, now), { code: 'E_OPTION_INVALID', message: /--within 0d: / })
  t.end()
})
