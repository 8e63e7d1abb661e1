/** The gentle stream of local mode: believable leads as signed webhooks, over HTTP like the platform's own. */
import { join } from 'node:path'
import { workflowToken } from '../../api/workflowToken.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { platformTruth } from '../../simulate/platformTruth.ts'
import { runSimulator } from '../../simulate/runSimulator.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import { sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { httpPost } from '../../simulate/sender.ts'
import { apiUrl } from '../addresses.ts'
import { workflowSecrets } from '../workflowSecrets.ts'
import type { Role } from './role.ts'

export const simulatorRole: Role = async ({ config, logger, onFatal }) => {
  const { rate, seed, lost } = config.simulate
  const url = apiUrl(config, undefined)
  const { post, close } = httpPost(url)
  const key = sandboxKey(config.dataDir)
  const secrets = workflowSecrets(config)
  const reports =
    secrets === undefined ? undefined : httpPost(url, { path: `/webhooks/workflow/${workflowToken(secrets, sandboxTenantId)}` })
  const stopping = new AbortController()
  const playing = runSimulator({
    seed,
    rate,
    post,
    sign: (body) => key.sign(body),
    ...(reports === undefined ? {} : { visits: true, postReport: (body) => reports.post(body, '') }),
    ...(config.ghl.apiUrl === undefined
      ? {}
      : { onHappened: platformTruth({ sandboxUrl: config.ghl.apiUrl, seed, lost, now: () => systemClock.now() }) }),
    markFile: join(config.dataDir, 'simulator.json'),
    signal: stopping.signal,
  })
  playing.then(
    (accounts) =>
      logger.info(
        { sent: accounts.sent, accepted: accounts.accepted, duplicates: accounts.duplicates, lost: accounts.lost, unsent: accounts.unsent },
        'the simulator has ended',
      ),
    onFatal,
  )
  logger.info({ url, rate, seed, lost }, 'the simulator plays')
  return {
    address: undefined,
    async stop() {
      stopping.abort()
      await playing
      close()
      reports?.close()
    },
  }
}
