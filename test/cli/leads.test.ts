import t from 'tap'
import type { Static } from '@sinclair/typebox'
import type { LeadList } from '../../api/replySchemas.ts'
import { apiRun } from './apiRun.ts'

const page: Static<typeof LeadList> = {
  leads: [
    {
      leadKey: 'loc:maria',
      tenantId: 'loc',
      contactId: 'maria',
      name: 'Maria López',
      status: 'contacted',
      score: 72,
      temperature: 'warm',
      level: 'HOT',
      source: 'website',
      lastEventAt: Date.UTC(2026, 10, 24, 15),
      lastInboundAt: null,
      timeZone: 'America/Chicago',
    },
  ],
  nextCursor: 'next',
}

t.test('leads are searched for through the API, page by page', async (t) => {
  const argv = ['leads', 'search', '--url', 'http://127.0.0.1:9', '--tenant', 'loc', '--limit', '5', '--cursor', 'c', '--']
  const { code, out, asked } = await apiRun([...argv, 'maria', '"swimming pool"', '-rent'], { status: 200, body: page })
  t.equal(code, 0)
  t.strictSame(
    asked.map(({ url }) => url),
    ['http://127.0.0.1:9/leads?q=maria+%22swimming+pool%22+-rent&limit=5&tenant=loc&cursor=c'],
  )
  t.strictSame(out, [
    'lead       name         intent  score  status     last event',
    'loc:maria  Maria López  HOT        72  contacted  2026-11-24 09:00 CST',
    '',
    'More: --cursor next',
  ])
  t.strictSame((await apiRun(['leads', 'search', 'x'], { status: 200, body: { leads: [], nextCursor: null } })).out, [
    'No lead has all of these words.',
  ])
  t.strictSame(JSON.parse((await apiRun(['leads', 'search', 'x', '--json'], { status: 200, body: page })).out.join('')), page)
  const refused = await apiRun(['leads', 'search', '&'], {
    status: 400,
    body: { code: 'E_REQUEST_INVALID', message: '"&" has no word.', remedy: 'Give words.', requestId: '1' },
  })
  t.equal(refused.code, 1)
  t.match(refused.err.join('\n'), '"&" has no word.')
  t.equal((await apiRun(['leads', 'search'], { status: 200, body: page })).code, 2, 'no text')
})
