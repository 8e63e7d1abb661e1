/** The gentle stream of local mode: believable leads as signed webhooks, over HTTP like the platform's own. */
import { join } from 'node:path'
import { systemClock } from '../../delivery/systemClock.ts'
import { platformTruth } from '../../simulate/platformTruth.ts'
import { runSimulator } from '../../simulate/runSimulator.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import { httpPost } from '../../simulate/sender.ts'
import { apiUrl } from '../addresses.ts'
import type { Role } from './role.ts'

export const simulatorRole: Role = async ({ config, logger, onFatal }) => {
  const { rate, seed, lost } = config.simulate
  const url = apiUrl(config, undefined)
  const { post, close } = httpPost(url)
  const key = sandboxKey(config.dataDir)
  const stopping = new AbortController()
  const playing = runSimulator({
    seed,
    rate,
    post,
    sign: (body) => key.sign(body),
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
    },
  }
}
