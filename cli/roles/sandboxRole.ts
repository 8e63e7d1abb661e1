/** The sandboxes of local mode, GoHighLevel's and, with look-ups, Apollo's: each on the port of the last run, so that who talks to it finds it after a restart. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startApolloSandbox } from '../../integrations/apollo/sandbox/sandbox.ts'
import { startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import { isHeartbeatEmail } from '../../pipelines/heartbeat/beat.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import { sandboxApolloKey, sandboxPerson } from '../../simulate/sandboxPeople.ts'
import { sandboxAppId, sandboxFieldRows, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { apiUrl } from '../addresses.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { cliError } from '../errors.ts'
import { apolloSandboxPort, sandboxPort } from '../sandboxPort.ts'
import type { Role } from './role.ts'

export const sandboxRole: Role = async ({ config, logger }) => {
  if (config.mode !== 'local') throw cliError('E_LOCAL_ONLY', 'REKINDLE_MODE is real.')
  const folder = join(config.dataDir, 'sandbox')
  mkdirSync(folder, { recursive: true })
  const key = sandboxKey(config.dataDir)
  const sandbox = await startSandbox({
    port: await sandboxPort(config),
    file: join(folder, 'journal.jsonl'),
    clock: systemClock,
    webhookUrl: `${apiUrl(config, undefined)}/webhooks/ghl`,
    signingKeyPem: readFileSync(key.file, 'utf8'),
    appId: config.ghl.appId ?? sandboxAppId,
    location: sandboxTenantId,
    callsPer10s: config.ghl.sandboxCallsPer10s,
    // What we write into leads is told by our own deliveries; the heartbeat is there to come back.
    tellsWrites: ({ email }) => isHeartbeatEmail(typeof email === 'string' ? email : null),
  })
  const listed = new Set(sandbox.rows('customFields', sandboxTenantId).map(({ id }) => id))
  for (const row of sandboxFieldRows()) if (!listed.has(row.id)) sandbox.put('customFields', sandboxTenantId, row)
  logger.info({ messages: sandbox.messages().length }, 'the sandbox remembers what it accepted')
  const apollo = config.lookUps.enabled
    ? await startApolloSandbox({
        port: await apolloSandboxPort(config),
        apiKey: sandboxApolloKey,
        clock: systemClock,
        people: sandboxPerson,
        callsPerMinute: config.lookUps.callsPerMinute,
      })
    : undefined
  return {
    address: sandbox.url,
    async stop() {
      await Promise.all([sandbox.close(), apollo?.close()])
    },
  }
}
