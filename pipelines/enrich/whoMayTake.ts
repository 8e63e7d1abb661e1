/**
 * Whether somebody is to be found for a lead, and who may be: the shortlist that its view freezes. Nobody is asked for a lead
 * that has a realtor, that is closed, or whose location has switched routing off.
 */
import type { Table } from '../../runtime/stage.ts'
import type {
  LeadProfile,
  LeadView,
  Realtor,
  ShortlistedRealtor,
  StaffFigures,
  StaffSettings,
  Tenant,
} from '../../schemas/generated/records.ts'
import { realtorKey } from '../../topics/index.ts'
import { shortlistOf } from '../routing/shortlist.ts'
import { needsOf } from '../routing/specialties.ts'
import { countsForSomebody } from './realtorLoad.ts'

/** What an office says and what is measured, by location; the users of the platform by location and id. */
export interface OfficeTables {
  readonly realtors: Table<Realtor>
  readonly realtorSettings: Table<StaffSettings>
  readonly realtorFigures: Table<StaffFigures>
}

/** What a location wrote is in; a lead that writes in it asks for no other. */
const OFFICE_LANGUAGE = 'en'

/** The realtors that the agents are asked about; `facts` are those of the view. */
export function whoMayTake(
  profile: LeadProfile,
  facts: LeadView['facts'],
  tenant: Tenant | undefined,
  tables: OfficeTables,
): ShortlistedRealtor[] {
  if (tenant === undefined || tenant.routing === 'off' || profile.ownerId !== null || !countsForSomebody(profile)) return []
  const settings = tables.realtorSettings.get(tenant.tenantId)
  if (settings === undefined) return []
  const written = profile.textSignals.find(({ kind }) => kind === 'language')?.value
  return shortlistOf(
    {
      settings: settings.realtors,
      figures: tables.realtorFigures.get(tenant.tenantId)?.realtors ?? [],
      // Nobody may have told of the user yet; one that the platform has deleted is given nothing.
      isActive: (realtorId) => tables.realtors.get(realtorKey(tenant.tenantId, realtorId))?.active !== false,
    },
    { needs: needsOf(facts), language: written === OFFICE_LANGUAGE ? undefined : written },
  )
}
