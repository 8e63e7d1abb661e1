/** CPU time of other processes, from /proc; undefined where there is none. */
import { readFileSync } from 'node:fs'

/** Clock ticks a second of the counters in /proc. @source proc(5), USER_HZ */
const TICKS_PER_SECOND = 100

/** User and system time so far, seconds. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name may hold spaces; the fields follow its closing bracket. utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    // Not Linux, or the process is gone: nothing is measured.
    return undefined
  }
}

/**
 * CPU time of the whole machine so far, s: what all processes used, and what the host gave to other guests (steal);
 * undefined where there is no /proc.
 */
export function machineCpuSeconds(): { readonly busy: number; readonly stolen: number } | undefined {
  try {
    const fields = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1).map(Number)
    // user nice system idle iowait irq softirq steal; the guest fields after them are contained in user and nice.
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields
    return { busy: (user + nice + system + irq + softirq) / TICKS_PER_SECOND, stolen: steal / TICKS_PER_SECOND }
  } catch {
    // Not Linux: nothing is measured.
    return undefined
  }
}
