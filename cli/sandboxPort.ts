/** The ports of the sandboxes: the same at every start, so that who talks to it finds it after a restart. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { freePort, isFree } from '../stack/port.ts'

/** The configured port; else that of the last run when it is free; else a free one, which is remembered. */
export function sandboxPort(config: Config): Promise<number> {
  return keptPort(config, config.stackPorts.sandbox, 'port')
}

/** The same for the sandbox of Apollo. */
export function apolloSandboxPort(config: Config): Promise<number> {
  return keptPort(config, config.stackPorts.apolloSandbox, 'apollo-port')
}

async function keptPort(config: Config, configured: number, name: string): Promise<number> {
  if (configured !== 0) return configured
  const folder = join(config.dataDir, 'sandbox')
  const file = join(folder, name)
  const last = remembered(file)
  if (last !== undefined && (await isFree(last))) return last
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, String(port))
  return port
}

function remembered(file: string): number | undefined {
  try {
    const port = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(port) && port > 0 ? port : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
