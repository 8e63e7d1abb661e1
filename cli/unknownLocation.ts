/** What a verb says of a location that nobody has set up: without it, a mistyped one would look like one of which nothing is known yet. */
import { isAgency } from '../pipelines/ingest/installation.ts'
import { isLocation } from '../sinks/postgres/sourceCounts.ts'
import type { Queryable } from '../sinks/postgres/pool.ts'
import type { Tenant } from '../schemas/generated/records.ts'
import { tenants } from '../topics/index.ts'
import { cliError } from './errors.ts'
import { latestByKey } from './latestByKey.ts'
import type { KafkaForVerbs } from './surroundings.ts'

/** Reads the topic of locations. Throws `E_OPTION_INVALID` for one that it does not have. */
export async function mustBeKnown(connection: Pick<KafkaForVerbs, 'tail'>, location: string, signal: AbortSignal): Promise<void> {
  if (isAgency(location) || !(await latestByKey<Tenant>(connection, tenants, signal)).has(location)) throw unknownLocation(location)
}

/** The same by the table of locations. */
export async function mustBeStored(db: Queryable, location: string): Promise<void> {
  if (isAgency(location) || !(await isLocation(db, location))) throw unknownLocation(location)
}

/** To be thrown. */
export function unknownLocation(location: string): Error {
  return cliError('E_OPTION_INVALID', `${location} is no location that is known; \`rekindle tenants list\` names them.`)
}
