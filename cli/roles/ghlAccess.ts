/** Access to GoHighLevel out of the configuration: the app's own token calls, the sealed grants, and the tokens made of both. */
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { allOf } from '../../integrations/ghl/call/pages.ts'
import type { Clock } from '../../integrations/ghl/clock.ts'
import { ghlApiUrl } from '../../integrations/ghl/endpoints.ts'
import { LocalWindows } from '../../integrations/ghl/limit/localWindows.ts'
import { RedisWindows } from '../../integrations/ghl/limit/redisWindows.ts'
import { SharedWindows } from '../../integrations/ghl/limit/sharedWindows.ts'
import { limitDefaults } from '../../integrations/ghl/limit/windows.ts'
import type { Windows } from '../../integrations/ghl/limit/windows.ts'
import type { GrantStore } from '../../integrations/ghl/oauth/grant.ts'
import { OauthApi } from '../../integrations/ghl/oauth/oauthApi.ts'
import { OauthTokens } from '../../integrations/ghl/oauth/oauthTokens.ts'
import { sandboxToken } from '../../integrations/ghl/sandbox/sandbox.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import type { Tokens } from '../../integrations/ghl/tokens.ts'
import type { Agencies } from '../../reconcile/installations.ts'
import { postgresGrants } from '../../sinks/postgres/grants.ts'
import type { PostgresGrants } from '../../sinks/postgres/grants.ts'
import { keyOf, sealer } from '../../sinks/postgres/sealer.ts'

/** Where calls are counted: for all processes in Redis when there is one, else in this one. */
export function ghlWindows(config: Config, redis: Redis | undefined, clock: Clock, logger: Logger): Windows {
  const size = { ...limitDefaults, calls: config.ghl.callsPer10s, daily: config.ghl.callsPerDay }
  const local = new LocalWindows(size, clock)
  if (redis === undefined) return local
  return new SharedWindows(new RedisWindows(redis, size), local, (away, error) => {
    if (away) logger.warn({ err: error }, 'calls to GoHighLevel are counted in this process alone')
    else logger.info('calls to GoHighLevel are counted for all processes again')
  })
}

export interface GhlAccess {
  /** Of locations with a grant of their own, else the configured one, else, in local mode, that of the sandbox. */
  readonly tokens: Tokens
  /** Absent without GHL_TOKEN_KEYS. */
  readonly grants: PostgresGrants | undefined
  /** Absent without GHL_CLIENT_ID. */
  readonly api: OauthApi | undefined
  /** Agencies that have granted access; absent without both. */
  readonly agencies: Agencies | undefined
  close(): Promise<void>
}

export function ghlAccess(config: Config, pool: Parameters<typeof postgresGrants>[0], clock: Clock): GhlAccess {
  const { apiToken, apiUrl, oauth, tokenKeys } = config.ghl
  const api = oauth === undefined ? undefined : new OauthApi({ apiUrl: apiUrl ?? ghlApiUrl, ...oauth })
  const grants = tokenKeys.length === 0 ? undefined : postgresGrants(pool, sealer(tokenKeys.map(keyOf)))
  const otherwise = fixedTokens((tenantId) => apiToken ?? (config.mode === 'local' ? sandboxToken(tenantId) : undefined))
  const granted = grants === undefined ? undefined : new OauthTokens({ store: grants, api, clock, otherwise })
  return {
    tokens: granted ?? otherwise,
    grants,
    api,
    agencies: grants === undefined || granted === undefined || api === undefined ? undefined : agenciesOf(grants, granted, api),
    close: () => api?.close() ?? Promise.resolve(),
  }
}

/** What connected agencies say of their locations. */
export function agenciesOf(grants: Pick<GrantStore, 'list'>, tokens: OauthTokens, api: OauthApi): Agencies {
  return {
    async list() {
      const companies = (await grants.list()).filter(({ holder, lostBecause }) => holder.kind === 'company' && lostBecause === null)
      return companies.map(({ holder }) => holder.id)
    },
    async installed(companyId) {
      const held = await tokens.tokenOf({ kind: 'company', id: companyId })
      if (!held.ok) return { ok: false, detail: held.detail, failure: { kind: 'not_sent', ...held } }
      const listed = await allOf(api.installedLocations(held.token, companyId))
      return listed.ok ? { ok: true, value: listed.value.items } : listed
    },
  }
}
