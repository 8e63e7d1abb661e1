/**
 * Commands that give way: on one machine what stores (Postgres, ClickHouse, the sinks) lets what decides go first when the
 * cores are full. It loses nothing by it: what it has not stored yet stands on its topic.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Command {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * A third of the share of a process of normal priority while both want to run (Linux gives 335 of 1,024), all of it else.
 * Not more: the ledger of what is sent lives in the same Postgres, and a database that gets a tenth stops that.
 */
const NICENESS = 5

/**
 * The same command with less priority, threads and children included; `nice` becomes the command, so that the process id
 * stays. As it was where the system has no `nice`.
 */
export function givingWay<C extends Command>(command: C, path = process.env.PATH ?? ''): C {
  const nice = path
    .split(delimiter)
    .map((folder) => join(folder, 'nice'))
    .find(existsSync)
  return nice === undefined ? command : { ...command, command: nice, args: ['-n', String(NICENESS), command.command, ...command.args] }
}
