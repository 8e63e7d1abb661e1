/** A process that renews the token of one location again and again, against others that do the same. */
import { createPool } from '../../../sinks/postgres/pool.ts'
import { postgresGrants } from '../../../sinks/postgres/grants.ts'
import { keyOf, sealer } from '../../../sinks/postgres/sealer.ts'
import { systemClock } from '../../../delivery/systemClock.ts'
import { OauthApi } from '../../../integrations/ghl/oauth/oauthApi.ts'
import { OauthTokens } from '../../../integrations/ghl/oauth/oauthTokens.ts'

const [databaseUrl = '', apiUrl = '', clientId = '', clientSecret = '', key = '', times = '0'] = process.argv.slice(2)
const pool = createPool({ url: databaseUrl, max: 3 })
const api = new OauthApi({ apiUrl, clientId, clientSecret })
const tokens = new OauthTokens({ store: postgresGrants(pool, sealer([keyOf(key)])), api, clock: systemClock })
let refused = ''
for (let i = 0; i < Number(times); i++) {
  const answer = refused === '' ? await tokens.current('loc1') : await tokens.renewed('loc1', refused)
  console.log(JSON.stringify(answer.ok ? { ok: true, isAnother: answer.token !== refused } : answer))
  if (answer.ok) refused = answer.token
}
await api.close()
await pool.end()
