/** What an office says of its realtors: what is not given stays, what is wrong is named. */
import t from 'tap'
import { changedStaff } from '../../cli/staffSettings.ts'

const at = 7

t.test('a realtor who is named for the first time takes 20 leads; later only what is given changes', async (t) => {
  const first = changedStaff('loc', undefined, 'b', {}, at)
  t.strictSame(first, {
    tenantId: 'loc',
    updatedAt: at,
    realtors: [{ realtorId: 'b', specialties: [], seniority: null, languages: [], availability: 'available', capacity: 20 }],
  })
  const flags = {
    capacity: '1000',
    specialties: 'luxury_properties, new_construction,luxury_properties',
    seniority: 'mid',
    languages: 'en,es',
  }
  const second = changedStaff('loc', first, 'b', flags, at + 1)
  t.match(second.realtors, [
    { capacity: 1000, specialties: ['luxury_properties', 'new_construction'], seniority: 'mid', languages: ['en', 'es'] },
  ])
  const third = changedStaff('loc', second, 'b', { availability: 'away', specialties: '' }, at + 2)
  t.match(third.realtors, [{ capacity: 1000, specialties: [], seniority: 'mid', availability: 'away' }])
  t.strictSame(
    changedStaff('loc', third, 'a', {}, at).realtors.map(({ realtorId }) => realtorId),
    ['a', 'b'],
  )
  t.strictSame(changedStaff('loc', third, 'b', { leads: false }, at).realtors, [])
})

t.test('what is wrong is named with what it should be', async (t) => {
  const wrong = [
    [{ capacity: '0' }, /--capacity 0 must be a whole number from 1 to 1000/],
    [{ capacity: '1001' }, /--capacity 1001/],
    [{ capacity: 'many' }, /--capacity many/],
    [{ specialties: 'castles' }, /--specialties castles must be one of first_time_buyers, /],
    [{ seniority: 'chief' }, /--seniority chief must be one of junior, mid, senior/],
    [{ languages: 'English' }, /--languages English is no ISO 639-1 code such as en or es/],
    [{ availability: 'asleep' }, /--availability asleep must be one of available, busy, away, offline/],
  ] as const
  for (const [flags, message] of wrong)
    t.throws(() => changedStaff('loc', undefined, 'a', flags, at), { code: 'E_OPTION_INVALID', message })
  const many = {
    tenantId: 'loc',
    updatedAt: 0,
    realtors: Array.from({ length: 500 }, (_, i) => changedStaff('loc', undefined, `r${i}`, {}, 0).realtors[0]),
  }
  t.throws(() => changedStaff('loc', many as never, 'one more', {}, at), /has 500 realtors who take leads/)
})
