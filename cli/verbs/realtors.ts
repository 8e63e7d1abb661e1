/** `rekindle realtors`: the people who serve the leads of a location, on the `realtors` topic; and those who were there before the app. */
import type { Command } from 'commander'
import { isAgency } from '../../pipelines/ingest/installation.ts'
import type { Tenant, WebhookReceived } from '../../schemas/generated/records.ts'
import type { GhlUser } from '../../integrations/ghl/users.ts'
import { realtors, tenants, webhooks } from '../../topics/index.ts'
import { databaseUrl, ghlApiAddress } from '../addresses.ts'
import { cliKafka } from '../cliKafka.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { processLogger } from '../processLogger.ts'
import { openGhl } from '../roles/ghlPart.ts'
import type { Surroundings } from '../surroundings.ts'

export function addRealtors(
  program: Command,
  { terminal, config, now, newId }: Pick<Surroundings, 'terminal' | 'config' | 'now' | 'newId'>,
): void {
  const verb = program.command('realtors').description('the people who serve the leads of a location')
  verb
    .command('list')
    .description('name every realtor that GoHighLevel has told of and not deleted')
    .option('--location <id>', 'only this GHL location')
    .action(async ({ location }: { readonly location?: string }) => {
      const kafka = await cliKafka(config())
      try {
        const rows = [...(await kafka.table(realtors)).entries()]
          .map(([, row]) => row)
          .filter(({ tenantId, active }) => active && (location === undefined || tenantId === location))
          .sort((a, b) => (a.tenantId + (a.name ?? '')).localeCompare(b.tenantId + (b.name ?? ''), 'en'))
          .map(({ tenantId, realtorId, name, role, email, phone }) => [
            tenantId,
            realtorId,
            name ?? '-',
            role ?? '-',
            email ?? '-',
            phone ?? '-',
          ])
        for (const line of columns([['location', 'user', 'name', 'role', 'e-mail', 'phone'], ...rows])) terminal.out(line)
      } finally {
        await kafka.close()
      }
    })
  verb
    .command('fetch')
    .description('tell of the users that a location has now: those who were there before the app have no webhook')
    .argument('<locationId>', 'GHL location id')
    .action(async (locationId: string) => {
      const settings = config()
      const kafka = await cliKafka(settings)
      const shared = openGhl({
        config: settings,
        logger: processLogger('realtors', 'warn', 'stderr'),
        databaseUrl: databaseUrl(settings),
        apiUrl: ghlApiAddress(settings),
        applicationName: 'rekindle realtors',
        poolMax: 1,
      })
      try {
        const tenant = (await kafka.table(tenants)).get(locationId)
        const companyId = companyOf(locationId, tenant)
        await kafka.registerSchemas([webhooks])
        const producer = kafka.producer()
        let told = 0
        for await (const page of shared.ghl.users.search(locationId, companyId)) {
          if (!page.ok) throw cliError('E_RECONCILE_FAILED', `the users of ${locationId} could not be listed: ${page.detail}`)
          const records = page.value.items.map((user) => toldUser(locationId, user, now(), newId()))
          await Promise.all(records.map((record) => producer.send(webhooks, locationId, record)))
          told += records.length
        }
        terminal.out(`${told} users of ${locationId} are told of; \`rekindle realtors list\` names them in a moment.`)
      } finally {
        await kafka.close()
        await shared.close()
      }
    })
}

/** The platform asks for the agency beside the location. */
function companyOf(locationId: string, tenant: Tenant | undefined): string {
  if (tenant === undefined || isAgency(locationId))
    throw cliError('E_OPTION_INVALID', `${locationId} is no location that is known; \`rekindle tenants list\` names them.`)
  const companyId = tenant.installation?.companyId ?? null
  if (companyId === null)
    throw cliError('E_OPTION_INVALID', `GoHighLevel has not told which agency ${locationId} belongs to: its INSTALL is missing.`)
  return companyId
}

/** What UserUpdate would have told of a user at `at` (ms). */
export function toldUser(tenantId: string, { userId, name, email, phone, role }: GhlUser, at: number, receivedId: string): WebhookReceived {
  const body = { type: 'UserUpdate', locationId: tenantId, id: userId, name, email, phone, role, timestamp: new Date(at).toISOString() }
  return {
    receivedId,
    tenantId,
    origin: 'reconcile',
    scheme: 'api',
    keyId: '',
    type: 'UserUpdate',
    webhookId: `reconcile:user:${userId}:${at}`,
    contactId: null,
    batchIndex: 0,
    receivedAt: at,
    body: Buffer.from(JSON.stringify(body)),
  }
}
