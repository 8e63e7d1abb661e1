/** What the bench of the fold counts. */
import t from 'tap'
import { measureEnrichFold, storyEvents } from '../../bench/enrichFold.ts'

t.test('the same stories give the same events, every fourth followed by a visit, and every event is folded', async (t) => {
  const now = Date.parse('2026-11-20T12:00:00Z')
  const told = storyEvents(3, 20, now)
  t.strictSame(storyEvents(3, 20, now), told)
  const visits = told.filter(({ value }) => value.kind === 'behaviour_observed')
  t.equal(visits.length, Math.ceil((told.length - visits.length) / 4))
  const result = measureEnrichFold(told, 1)
  t.match(result, { events: told.length, leads: 20 })
  t.ok(result.triggers >= 20, 'at least that each lead is new')
  t.ok(result.perSecond > 0)
})
