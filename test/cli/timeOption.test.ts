/** Times, spans and leads in options are what they say, or refused with what they should be. */
import t from 'tap'
import { rangeOf } from '../../cli/storedQuestions.ts'
import { spanOf, timeOf } from '../../cli/timeOption.ts'
import { sinceOf } from '../../cli/verbs/reconcile.ts'

const refused = (message: RegExp) => ({ code: 'E_OPTION_INVALID', message })

t.test('a time is one of the calendar, with its zone', (t) => {
  t.equal(timeOf('--from', '2028-02-29T00:00:00Z'), Date.UTC(2028, 1, 29))
  t.equal(timeOf('--from', '2026-11-24T15:00-05:00'), Date.UTC(2026, 10, 24, 20))
  for (const text of ['2026-02-30T00:00:00Z', '2026-11-31T00:00Z', '2027-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-24T25:00:00Z'])
    t.throws(() => timeOf('--from', text), refused(/must be a time with its zone/), text)
  for (const text of ['', 'yesterday', '2026-11-24', '2026-11-24T15:00:00', '24.11.2026', '1764000000000'])
    t.throws(() => timeOf('--from', text), refused(/must be a time with its zone/), text)
  t.end()
})

t.test('a span is a number with its unit, of a hundred years at most', (t) => {
  t.equal(spanOf('--since', '36525d'), 36_525 * 86_400_000)
  for (const text of ['36526d', `${'9'.repeat(400)}d`]) t.throws(() => spanOf('--since', text), refused(/longer than a hundred years/))
  for (const text of ['', '7', 'd', '-1d', '1w']) t.throws(() => spanOf('--since', text), refused(/is not a duration/), text)
  t.end()
})

t.test('a comparison begins where there is something to compare, and no further back than messages are known', (t) => {
  const now = Date.UTC(2026, 10, 24)
  t.equal(sinceOf('6h', now), Date.UTC(2026, 10, 23, 18))
  t.equal(sinceOf('730d', now), now - 730 * 86_400_000, 'docs/postgres.md: messages and calls 730 d')
  t.equal(sinceOf('121s', now), now - 121_000)
  for (const text of ['731d', `${'9'.repeat(400)}d`, '2024-11-23T23:59:59Z', '0001-01-01T00:00:00Z'])
    t.throws(() => sinceOf(text, now), refused(/730 days ago at most/), text)
  for (const text of ['0s', '2m', '2026-11-23T23:58:00Z', '2026-11-25T00:00:00Z'])
    t.throws(() => sinceOf(text, now), refused(/must be more than 2 minutes ago/), text)
  t.throws(() => sinceOf('yesterday', now), refused(/not a duration.*time with its zone/))
  t.end()
})

t.test('a stretch of the past ends after it begins; a lead is named whole, or nothing would be found and nobody told why', (t) => {
  const now = Date.UTC(2026, 10, 24)
  const from = '2026-11-20T00:00:00Z'
  t.strictSame(rangeOf({ from, lead: 'loc:contact 1' }, now), { from: Date.UTC(2026, 10, 20), until: now, lead: 'loc:contact 1' })
  t.equal(rangeOf({ from }, now).lead, undefined)
  t.throws(() => rangeOf({ from, to: from }, now), refused(/must be after/))
  t.throws(() => rangeOf({ from: '2027-01-01T00:00:00Z' }, now), refused(/--to now: must be after/))
  for (const lead of ['', 'maria', ':maria', 'loc:', 'maria@example.com', 'a b:c'])
    t.throws(() => rangeOf({ from, lead }, now), refused(/must be <locationId>:<contactId>/), lead)
  t.end()
})
