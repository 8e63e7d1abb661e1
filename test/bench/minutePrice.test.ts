/** How many decisions a price of a human minute would put to people: the dearer a minute, the more are asked, and only where there is a choice. */
import t from 'tap'
import { leapOf, minutePrice, prices } from '../../bench/consensus/tables/minutePrice.ts'

const option = (name: string, utility: number, eligible = true) => ({
  ...{ option: name, eligible, utility, baseMicro: 0, score: '0', probability: 0 },
})

t.test('the leap is that of the best eligible option over the next', async (t) => {
  const options = [option('wait', 0.25), option('sms', 0.75), option('call', 2, false), option('email', 0.5)]
  t.equal(leapOf({ options, stopReason: 'all_votes' }), 0.25)
  t.equal(leapOf({ options: [option('wait', 1), option('sms', 2, false)], stopReason: 'all_votes' }), undefined, 'no choice')
  for (const stopReason of ['gated', 'superseded']) t.equal(leapOf({ options, stopReason }), undefined, stopReason)
})

t.test('of simulated leads more are asked about the dearer a minute is', async (t) => {
  const { figures } = minutePrice({ seeds: [1], scale: 0.1 })
  const of = (what: string) => figures.find((figure) => figure.what === what)?.seeds[0] ?? NaN
  for (const type of ['follow_up', 'escalation', 'content']) {
    t.ok(of(`${type}: decisions with a choice, per lead`) > 1, type)
    const shares = prices.map((price) => of(`${type}: asked at ${price} a minute`))
    t.strictSame(
      [...shares].sort((a, b) => a - b),
      shares,
      `${type}: ${shares.join(' ')}`,
    )
    t.ok(shares.every((share) => share >= 0 && share <= 1))
  }
  t.ok(of('content: asked at 0.1 a minute') > 0.5, 'wordings are hardly ever a tenth apart')
})
