/** A location that nobody has set up is said to be unknown: of a mistyped one, an empty answer would say that nothing is there. */
import { apiError } from './errors.ts'
import type { ApiDeps } from './ports.ts'

/** Call it where nothing was found: one that was removed may still have leads. Throws `E_LOCATION_UNKNOWN`. */
export function mustBeKnown({ tenants }: Pick<ApiDeps, 'tenants'>, location: string | undefined): void {
  if (location !== undefined && tenants.get(location) === undefined)
    throw apiError('E_LOCATION_UNKNOWN', `${location} is no location that is known.`)
}
