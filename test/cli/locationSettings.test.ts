/** What `tenants set --from-platform` takes of a location, and what it leaves to a person. */
import t from 'tap'
import { locationSettings } from '../../cli/locationSettings.ts'
import { tenantLine } from '../../cli/tenantText.ts'
import { changed } from '../../cli/verbs/tenants.ts'
import type { GhlLocation } from '../../integrations/ghl/locations.ts'
import { UNKNOWN_COUNTRY, UNKNOWN_ZONE } from '../../pipelines/ingest/installation.ts'
import { tenantId, tenantRecord } from '../support/leadRecords.ts'

const told: GhlLocation = {
  locationId: tenantId,
  companyId: null,
  name: 'Lake Realty',
  timeZone: 'America/Chicago',
  country: 'US',
  address: '1 Main St',
  city: 'Chicago',
  state: 'IL',
  postalCode: '60601',
}
const lake = { name: 'Lake Realty', timeZone: 'America/Chicago', country: 'US', postalAddress: '1 Main St, Chicago, IL 60601' }

t.test('what the platform says of a location are its settings; a flag says otherwise', async (t) => {
  t.strictSame(locationSettings(told), { settings: lake, left: [] })
  const before = tenantRecord({ name: 'x', timeZone: UNKNOWN_ZONE, country: UNKNOWN_COUNTRY, postalAddress: '' })
  const set = changed(tenantId, before, { ...locationSettings(told).settings, name: 'Lake' }, 5)
  t.match(set, { ...lake, name: 'Lake', automation: before.automation })
  t.match(tenantLine(set), /, America\/Chicago, US, postal address "1 Main St, Chicago, IL 60601", /)
  t.match(tenantLine({ ...set, postalAddress: '' }), /, no postal address, /)
})

t.test('what it does not say, or in no form of ours, is left to a flag, each with its reason', async (t) => {
  const of = (over: Partial<GhlLocation>) => locationSettings({ ...told, ...over })
  t.strictSame(of({ timeZone: 'Central Time' }).left, ['--time-zone (it says "Central Time")'])
  t.equal(of({ timeZone: 'Central Time' }).settings.timeZone, undefined)
  t.strictSame(of({ country: 'United States' }).left, ['--country (it says "United States")'])
  t.strictSame(of({ address: null }).left, ['--postal-address (it says "Chicago, IL 60601")'])
  t.strictSame(of({ city: ' ' }).left, ['--postal-address (it says "1 Main St, IL 60601")'])
  const nothing = { name: null, timeZone: '', country: null, address: null, city: null, state: null, postalCode: null }
  t.strictSame(of(nothing), {
    settings: {},
    left: ['--name', '--time-zone', '--country', '--postal-address'].map((flag) => `${flag} (it says nothing)`),
  })
  t.equal(of({ state: null, postalCode: null }).settings.postalAddress, '1 Main St, Chicago')
})
