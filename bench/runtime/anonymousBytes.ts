/** Memory of this process that no file stands behind, from /proc: what local copies of state map is not in it. */
import { readFileSync } from 'node:fs'

/** Bytes. Throws where there is no /proc. */
export function anonymousBytes(): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error('/proc/self/status does not tell RssAnon')
  return Number(kilobytes) * 1024
}
