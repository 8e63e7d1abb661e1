/** How a role of the product is started as a process of its own: the same by `npm start`, by tests and by benches. */
import { givingWay } from './givingWay.ts'
import type { Command } from './givingWay.ts'
import { nodeArguments } from './nodeArguments.ts'

/** `rekindle run <role>` of this entry (`main`), with more options of Node before it. Who stores gives way to who decides. */
export function roleCommand(main: string, role: string, nodeOptions: readonly string[] = []): Command {
  const command = { command: process.execPath, args: [...nodeOptions, ...nodeArguments(), main, 'run', role] }
  return role === 'sinks' ? givingWay(command) : command
}
