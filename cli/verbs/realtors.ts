/**
 * `rekindle realtors`: the people who serve the leads of a location, on the `realtors` topic; those who were there before the
 * app; and what the office says of their work, on `realtors.settings`.
 */
import type { Command } from 'commander'
import { isAgency } from '../../pipelines/ingest/installation.ts'
import { specialties } from '../../pipelines/routing/specialties.ts'
import type { RealtorFigures, RealtorSettings, Tenant } from '../../schemas/generated/records.ts'
import { realtorFigures, realtorKey, realtorSettings, realtors, tenants, webhooks } from '../../topics/index.ts'
import { cliKafka } from '../cliKafka.ts'
import { atPlatform } from '../atPlatform.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { availabilities, changedStaff, seniorities } from '../staffSettings.ts'
import type { StaffFlags } from '../staffSettings.ts'
import type { Surroundings } from '../surroundings.ts'
import { toldUser } from '../toldUser.ts'
import { unknownLocation } from '../unknownLocation.ts'

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
        if (location !== undefined && (await kafka.table(tenants)).get(location) === undefined) throw unknownLocation(location)
        const [known, said, measured] = await Promise.all([
          kafka.table(realtors),
          kafka.table(realtorSettings),
          kafka.table(realtorFigures),
        ])
        const rows = [...known.entries()]
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
            ...workOf(
              said.get(tenantId)?.realtors.find((one) => one.realtorId === realtorId),
              measured.get(tenantId)?.realtors.find((one) => one.realtorId === realtorId),
            ),
          ])
        const head = ['location', 'user', 'name', 'role', 'e-mail', 'phone', 'takes leads', 'open', 'answers', 'won/lost', 'specialties']
        if (rows.length === 0)
          terminal.out(
            `GoHighLevel has told of no realtor${location === undefined ? '' : ` of ${location}`}: \`rekindle realtors fetch ${location ?? '<location>'}\` asks.`,
          )
        else for (const line of columns([head, ...rows])) terminal.out(line)
      } finally {
        await kafka.close()
      }
    })
  verb
    .command('set')
    .description('say that a realtor takes leads, which and how many; what is not given stays')
    .argument('<locationId>', 'GHL location id')
    .argument('<userId>', 'GHL user id; `rekindle realtors list` names them')
    .option('--capacity <leads>', 'open leads they take at most, 1 to 1000 (default 20)')
    .option('--specialties <list>', `what they know best, of ${specialties.join(',')}; "" for none`)
    .option('--seniority <level>', seniorities.join(', '))
    .option('--languages <codes>', 'ISO 639-1 codes of the languages they serve leads in, e.g. en,es')
    .option('--availability <how>', `${availabilities.join(', ')}; the last two are given no leads`)
    .option('--no-leads', 'they take no leads any more')
    .action(async (locationId: string, realtorId: string, flags: StaffFlags) => {
      const kafka = await cliKafka(config())
      try {
        if ((await kafka.table(tenants)).get(locationId) === undefined || isAgency(locationId)) throw unknownLocation(locationId)
        const settings = await kafka.changeRow(realtorSettings, locationId, (before) =>
          changedStaff(locationId, before, realtorId, flags, now()),
        )
        const row = (await kafka.table(realtors)).get(realtorKey(locationId, realtorId))
        const said = settings.realtors.find((one) => one.realtorId === realtorId)
        terminal.out(
          `${row?.name ?? realtorId}: ${said === undefined ? 'takes no leads' : `${said.availability}, at most ${said.capacity} leads, ${said.specialties.join(', ') || 'no specialty'}`}`,
        )
        if (row === undefined)
          terminal.out(
            `GoHighLevel has not told of a user ${realtorId} yet: \`rekindle realtors fetch ${locationId}\` asks for all of them.`,
          )
      } finally {
        await kafka.close()
      }
    })
  verb
    .command('fetch')
    .description('tell of the users that a location has now: those who were there before the app have no webhook')
    .argument('<locationId>', 'GHL location id')
    .action((locationId: string) =>
      atPlatform(config(), 'realtors', locationId, async ({ kafka, ghl, tenant }) => {
        const companyId = companyOf(locationId, tenant)
        await kafka.registerSchemas([webhooks])
        const producer = kafka.producer()
        let told = 0
        for await (const page of ghl.users.search(locationId, companyId)) {
          if (!page.ok) throw cliError('E_RECONCILE_FAILED', `the users of ${locationId} could not be listed: ${page.detail}`)
          const records = page.value.items.map((user) => toldUser(locationId, user, now(), newId()))
          await Promise.all(records.map((record) => producer.send(webhooks, locationId, record)))
          told += records.length
        }
        terminal.out(`${told} users of ${locationId} are told of; \`rekindle realtors list\` names them in a moment.`)
      }),
    )
}

/** Cells of the list: what the office says and what is measured. */
function workOf(said: RealtorSettings | undefined, measured: RealtorFigures | undefined): string[] {
  const { answerMinutes = null, won = 0, lost = 0, openLeads = 0 } = measured ?? {}
  return [
    said === undefined ? 'no' : said.availability,
    said === undefined ? String(openLeads) : `${openLeads} of ${said.capacity}`,
    answerMinutes === null ? '-' : `${answerMinutes} min`,
    `${won}/${lost}`,
    said === undefined || said.specialties.length === 0 ? '-' : said.specialties.join(','),
  ]
}

/** The platform asks for the agency beside the location. */
function companyOf(locationId: string, tenant: Tenant): string {
  const companyId = tenant.installation?.companyId ?? null
  if (companyId === null)
    throw cliError('E_OPTION_INVALID', `GoHighLevel has not told which agency ${locationId} belongs to: its INSTALL is missing.`)
  return companyId
}
