/** Whether the API will be able to listen, asked before anything is started: it would be found out minutes later, in a log. */
import type { Config } from '../config/config.ts'
import { listenFault } from '../stack/port.ts'
import { knownFault } from './knownFault.ts'

export interface ListenOptions {
  readonly wait: (ms: number) => Promise<unknown>
  /** Nothing is waited for any more. */
  readonly stop: AbortSignal
  /** One line for people. */
  readonly tell: (line: string) => void
}

/** Processes of a run that was killed still end, and hold their port meanwhile. */
const PATIENCE_MS = 20_000
const LOOK_MS = 250

/** Resolves when the address is free. Throws E_ADDRESS_UNUSABLE when it does not become so, or never can. */
export async function mustListen(
  { host, port }: Pick<Config['http'], 'host' | 'port'>,
  { wait, stop, tell }: ListenOptions,
): Promise<void> {
  for (let waited = 0; ; waited += LOOK_MS) {
    const fault = await listenFault(port, host)
    if (fault === undefined || stop.aborted) return
    const isTaken = (fault as NodeJS.ErrnoException).code === 'EADDRINUSE'
    if (!isTaken || waited >= PATIENCE_MS) throw knownFault(fault) ?? fault
    if (waited === 0)
      tell(`${host}:${port} is in use. Processes of an earlier run may still be ending: waiting for them for ${PATIENCE_MS / 1000} s …`)
    await wait(LOOK_MS)
  }
}
