/** The keys of workflow URLs: those of the configuration; in local mode without any, one that belongs to its sandbox key. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { WorkflowSecrets } from '../api/workflowToken.ts'
import type { Config } from '../config/config.ts'
import { sandboxKey } from '../simulate/sandboxKey.ts'

export function workflowSecrets(config: Pick<Config, 'mode' | 'dataDir' | 'ghl'>): WorkflowSecrets | undefined {
  const { workflowSecrets: given } = config.ghl
  if (given !== undefined || config.mode !== 'local') return given
  return [
    createHash('sha256')
      .update(readFileSync(sandboxKey(config.dataDir).file))
      .digest('hex'),
  ]
}
