/** `rekindle ghl`: connects locations and agencies of GoHighLevel, and looks after what they have granted. */
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { authorizationPath } from '../../api/authorizationRoute.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { authorizeUrl, connectWithCode, privateGrant } from '../../integrations/ghl/oauth/connect.ts'
import { nameOf } from '../../integrations/ghl/oauth/grant.ts'
import { authorizations } from '../../sinks/postgres/authorizations.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import type { PostgresGrants } from '../../sinks/postgres/grants.ts'
import type { OauthApi } from '../../integrations/ghl/oauth/oauthApi.ts'
import { databaseUrl } from '../addresses.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { mustBeLocationId } from '../locationId.ts'
import { ghlAccess } from '../roles/ghlAccess.ts'
import type { Surroundings } from '../surroundings.ts'

type Pool = ReturnType<typeof createPool>
type Needs = Pick<Surroundings, 'terminal' | 'config' | 'now'>

/** `readSecret` reads a token that must not stand on a command line, where other users and the shell's history see it. */
export function addGhl(
  program: Command,
  { terminal, config, now }: Needs,
  readSecret: () => Promise<string> = () => text(process.stdin),
): void {
  const verb = program.command('ghl').description('connect locations and agencies of GoHighLevel')

  async function withGrants(work: (grants: PostgresGrants, api: OauthApi | undefined, pool: Pool) => Promise<void>): Promise<void> {
    const settings = config()
    const pool = createPool({ url: databaseUrl(settings), max: 2, applicationName: 'rekindle ghl' })
    const access = ghlAccess(settings, pool, systemClock)
    try {
      if (access.grants === undefined)
        throw cliError('E_OPTION_INVALID', 'GHL_TOKEN_KEYS must be set: tokens are stored sealed or not at all.')
      await work(access.grants, access.api, pool)
    } finally {
      await access.close()
      await pool.end()
    }
  }

  verb
    .command('authorize-url')
    .alias('authorize')
    .description('print where a person goes to connect a location or an agency, once, within 15 minutes')
    .option('--company', 'the agency: its locations get tokens from it')
    .action(async (flags: { readonly company?: true }) => {
      const { oauth } = config().ghl
      if (oauth === undefined) throw cliError('E_OPTION_INVALID', 'GHL_CLIENT_ID must be set.')
      await withGrants(async (_, __, pool) => {
        const state = await authorizations(pool).begin(flags.company === true ? 'Company' : 'Location', now())
        terminal.out(authorizeUrl(oauth.clientId, oauth.redirectUrl, state))
      })
      if (new URL(oauth.redirectUrl).pathname !== authorizationPath)
        terminal.err(`GHL_REDIRECT_URL does not end in ${authorizationPath}: take the code from there to \`rekindle ghl connect\`.`)
    })

  verb
    .command('connect')
    .description('trade the code that GoHighLevel sent the browser back with for tokens; the code works once')
    .argument('<code>', 'the `code` of the redirect')
    .option('--company', 'the code is of an agency: its locations get tokens from it')
    .action(async (code: string, flags: { readonly company?: true }) => {
      await withGrants(async (grants, api) => {
        if (api === undefined) throw cliError('E_OPTION_INVALID', 'GHL_CLIENT_ID must be set.')
        const made = await connectWithCode(
          { store: grants, api, clock: systemClock },
          code,
          flags.company === true ? 'Company' : 'Location',
        )
        if (!made.ok) throw cliError('E_GRANT_REFUSED', made.detail)
        terminal.out(`${nameOf(made.value.holder)} is connected.`)
        if (made.value.holder.kind !== 'company') return
        for await (const page of api.installedLocations(made.value.accessToken, made.value.holder.id)) {
          if (!page.ok) throw cliError('E_GRANT_REFUSED', `the locations could not be listed: ${page.detail}`)
          for (const { locationId, name } of page.value.items) terminal.out(`  location ${locationId}  ${name ?? ''}`)
        }
      })
    })

  verb
    .command('token')
    .description('store a private integration token, read from standard input, for one location')
    .argument('<locationId>', 'GHL location id')
    .action(async (locationId: string) => {
      mustBeLocationId(locationId)
      const token = (await readSecret()).trim()
      // No header carries anything else: it would be stored, and no call could be made with it.
      if (!/^[\x21-\x7e]{8,}$/.test(token))
        throw cliError(
          'E_OPTION_INVALID',
          'A token is expected on standard input: at least 8 characters of ASCII without spaces, on one line.',
        )
      await withGrants(async (grants) => {
        await grants.put(privateGrant({ kind: 'location', id: locationId }, token))
        terminal.out(`location ${locationId} has a private token.`)
      })
    })

  verb
    .command('list')
    .description('name every grant with its state; no token is shown')
    .action(async () => {
      await withGrants(async (grants) => {
        const rows = (await grants.list()).map(({ holder, source, companyId, expiresAt, lostBecause }) => [
          nameOf(holder),
          source,
          companyId ?? '-',
          lostBecause !== null ? `lost: ${lostBecause}` : expiresAt === null ? 'lasts' : expiresAt > now() ? 'good' : 'to be renewed',
          expiresAt === null ? '-' : new Date(expiresAt).toISOString(),
        ])
        if (rows.length === 0) terminal.out('Nothing is connected: `rekindle ghl authorize-url` or `rekindle ghl token` begins.')
        else terminal.out(columns([['grant', 'source', 'company', 'state', 'expires'], ...rows]).join('\n'))
      })
    })

  verb
    .command('forget')
    .description('delete the grant of a location')
    .argument('<locationId>', 'GHL location id')
    .action(async (locationId: string) => {
      await withGrants(async (grants) => {
        if (!(await grants.delete({ kind: 'location', id: locationId })))
          throw cliError('E_OPTION_INVALID', `location ${locationId} has no grant; \`rekindle ghl list\` names them.`)
        terminal.out(`location ${locationId} is forgotten.`)
      })
    })

  verb
    .command('reseal')
    .description('seal every token by the first of GHL_TOKEN_KEYS, after which the other keys can go')
    .action(async () => {
      await withGrants(async (grants) => {
        terminal.out(`${await grants.reseal()} grants were sealed by another key.`)
      })
    })
}
