/** One verb at one location of GoHighLevel: Kafka, the platform's client and what is known of the location, closed behind it however it ends. */
import type { Config } from '../config/config.ts'
import { isAgency } from '../pipelines/ingest/installation.ts'
import type { Tenant } from '../schemas/generated/records.ts'
import { tenants } from '../topics/index.ts'
import { databaseUrl, ghlApiAddress } from './addresses.ts'
import { cliKafka } from './cliKafka.ts'
import { processLogger } from './processLogger.ts'
import { openGhl } from './roles/ghlPart.ts'
import { unknownLocation } from './unknownLocation.ts'

export interface AtPlatform {
  readonly kafka: Awaited<ReturnType<typeof cliKafka>>
  readonly ghl: ReturnType<typeof openGhl>['ghl']
  readonly tenant: Tenant
}

/** Throws E_OPTION_INVALID for a location that is not known, and for an agency. */
export async function atPlatform(config: Config, verb: string, locationId: string, work: (at: AtPlatform) => Promise<void>): Promise<void> {
  // Known before Kafka is connected to: what is missing would leave the connection open, and the process with it.
  const addresses = { databaseUrl: databaseUrl(config), apiUrl: ghlApiAddress(config) }
  const kafka = await cliKafka(config)
  const shared = openGhl({
    config,
    logger: processLogger(verb, 'warn', 'stderr'),
    ...addresses,
    applicationName: `rekindle ${verb}`,
    poolMax: 1,
  })
  try {
    const tenant = (await kafka.table(tenants)).get(locationId)
    if (tenant === undefined || isAgency(locationId)) throw unknownLocation(locationId)
    await work({ kafka, ghl: shared.ghl, tenant })
  } finally {
    await kafka.close()
    await shared.close()
  }
}
