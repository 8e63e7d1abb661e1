/** Access to GoHighLevel out of the configuration: the app's own token calls, the sealed grants, and the tokens made of both. */
import type { Config } from '../../config/config.ts'
import type { Clock } from '../../integrations/ghl/clock.ts'
import { ghlApiUrl } from '../../integrations/ghl/endpoints.ts'
import { OauthApi } from '../../integrations/ghl/oauth/oauthApi.ts'
import { OauthTokens } from '../../integrations/ghl/oauth/oauthTokens.ts'
import { sandboxToken } from '../../integrations/ghl/sandbox/sandbox.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import type { Tokens } from '../../integrations/ghl/tokens.ts'
import { postgresGrants } from '../../sinks/postgres/grants.ts'
import type { PostgresGrants } from '../../sinks/postgres/grants.ts'
import { keyOf, sealer } from '../../sinks/postgres/sealer.ts'

export interface GhlAccess {
  /** Of locations with a grant of their own, else the configured one, else, in local mode, that of the sandbox. */
  readonly tokens: Tokens
  /** Absent without GHL_TOKEN_KEYS. */
  readonly grants: PostgresGrants | undefined
  /** Absent without GHL_CLIENT_ID. */
  readonly api: OauthApi | undefined
  close(): Promise<void>
}

export function ghlAccess(config: Config, pool: Parameters<typeof postgresGrants>[0], clock: Clock): GhlAccess {
  const { apiToken, apiUrl, oauth, tokenKeys } = config.ghl
  const api = oauth === undefined ? undefined : new OauthApi({ apiUrl: apiUrl ?? ghlApiUrl, ...oauth })
  const grants = tokenKeys.length === 0 ? undefined : postgresGrants(pool, sealer(tokenKeys.map(keyOf)))
  const otherwise = fixedTokens((tenantId) => apiToken ?? (config.mode === 'local' ? sandboxToken(tenantId) : undefined))
  return {
    tokens: grants === undefined ? otherwise : new OauthTokens({ store: grants, api, clock, otherwise }),
    grants,
    api,
    close: () => api?.close() ?? Promise.resolve(),
  }
}
