/** Look-ups at the command line: permission per location, and what came of them. */
import t from 'tap'
import { lookUpLines, successRate } from '../../cli/verbs/lookUps.ts'
import { lookUpsOf } from '../../cli/verbs/tenants.ts'

const on = { provider: 'apollo', fields: ['jobTitle'], creditsPerDay: '25' }
const because = (flags: Parameters<typeof lookUpsOf>[1], before: typeof on | null = null) => {
  try {
    lookUpsOf(before, flags)
    return 'taken'
  } catch (error) {
    return (error as Error).message
  }
}

t.test('a location permits look-ups with fields and a budget, keeps them, and takes them back', async (t) => {
  t.equal(lookUpsOf(null, {}), null, 'off unless somebody says so')
  t.strictSame(lookUpsOf(null, { lookUps: 'jobTitle', lookUpCredits: '25' }), on)
  t.strictSame(lookUpsOf(on, {}), on)
  t.strictSame(lookUpsOf(on, { lookUpCredits: '12.5' }), { ...on, creditsPerDay: '12.5' })
  t.strictSame(lookUpsOf(on, { lookUps: 'city, city' }), { ...on, fields: ['city'] })
  t.equal(lookUpsOf(on, { lookUps: false }), null)
})

t.test('what is wrong is named with what it should be', async (t) => {
  t.match(because({ lookUps: 'email', lookUpCredits: '1' }), /--look-ups email: must be of firstName, lastName,/)
  t.match(because({ lookUps: 'city' }), /--look-up-credits is missing: must be a number of credits/)
  for (const credits of ['-1', '1e3', 'many', '1.23456'])
    t.match(because({ lookUps: 'city', lookUpCredits: credits }), new RegExp(`credits ${credits}: must`))
  t.match(because({ lookUpCredits: '5' }), /needs --look-ups, which are off/)
})

t.test('success is the share of answers that found something; errors and refusals stand beside it', async (t) => {
  const sum = {
    tenantId: 'l',
    provider: 'apollo',
    found: 3,
    partly: 2,
    none: 3,
    error: 4,
    refused: 5,
    reused: 6,
    spent: '9',
    spentToday: '1',
  }
  t.equal(successRate(sum), 0.625)
  t.equal(successRate({ found: 0, partly: 0, none: 0 }), undefined)
  t.strictSame(lookUpLines([]), ['No lead was looked up.'])
  t.match(lookUpLines([sum])[1], /l\s+apollo\s+3\s+2\s+3\s+4\s+5\s+6\s+62\.5 %\s+9\s+1/)
  t.match(lookUpLines([{ ...sum, found: 0, partly: 0, none: 0 }])[1], / - /)
})
