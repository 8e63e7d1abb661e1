/** How people call a location, and what their clocks show there. */
import type { ApiDeps } from './ports.ts'

export interface Places {
  /** The name of a location, or its id where there is none. */
  readonly nameOf: (tenantId: string) => string
  /** The IANA zone of a location; UTC where nobody has said. */
  readonly zoneOf: (tenantId: string) => string
}

export function placesOf({ tenants }: Pick<ApiDeps, 'tenants'>): Places {
  return {
    nameOf: (tenantId) => tenants.get(tenantId)?.name ?? tenantId,
    zoneOf: (tenantId) => tenants.get(tenantId)?.timeZone ?? 'UTC',
  }
}
