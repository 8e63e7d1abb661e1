/** Faults on demand: each is used up by the next calls that match it. */

export const faultKinds = [
  /** Never answers; nothing is accepted. */
  'timeout',
  /** Accepts, then never answers. */
  'timeout_after_accept',
  /** Accepts, then breaks the connection. */
  'drop_after_accept',
  /** Breaks the connection before anything is accepted. */
  'drop',
  /** Rate limit. */
  '429',
  /** Server error; nothing is accepted. */
  '500',
  /** Accepts, then says server error. */
  '500_after_accept',
  /** Accepts, then says 401: a time-out of the gateway. */
  '401_after_accept',
  /** Answers after `ms`. */
  'slow',
  /** Accepts and answers 201 with a body that lacks every field. */
  'odd',
  /** Accepts and answers 200 with a page of a proxy instead. */
  'page',
  /** Accepts and answers 201 with a body that was cut off. */
  'cut',
  /** A gateway that does not know the path: 404 with a page, and nothing is accepted. */
  '404',
  /** Refuses: do not disturb. */
  'dnd',
  /** Refuses: the carrier says that the recipient has opted out, which the contact does not show. */
  'opt_out',
] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  readonly kind: FaultKind
  /** Calls it hits. */
  readonly count: number
  /** Which calls: those that change something (default), those that read, or all. */
  readonly on?: 'changes' | 'reads' | 'all'
  /** Delay of `slow`; wait that `429` asks for. ms. */
  readonly ms?: number
}

export class Faults {
  private open: { fault: Fault; left: number }[] = []

  add(fault: Fault): void {
    this.open.push({ fault, left: fault.count })
  }

  clear(): void {
    this.open = []
  }

  /** The fault of this call, used up by one. */
  next(call: 'changes' | 'reads'): Fault | undefined {
    const found = this.open.find(({ fault }) => (fault.on ?? 'changes') === 'all' || (fault.on ?? 'changes') === call)
    if (found === undefined) return undefined
    found.left--
    if (found.left <= 0) this.open = this.open.filter((one) => one !== found)
    return found.fault
  }

  list(): Fault[] {
    return this.open.map(({ fault, left }) => ({ ...fault, count: left }))
  }
}

/** A fault from what was posted, or why it is none. */
export function faultOf(posted: Readonly<Record<string, unknown>>): Fault | string {
  const { kind, count, on, ms } = posted
  if (!faultKinds.includes(kind as FaultKind)) return `kind must be one of ${faultKinds.join(', ')}`
  if (on !== undefined && !(typeof on === 'string' && ['changes', 'reads', 'all'].includes(on))) return 'on must be changes, reads or all'
  return {
    kind: kind as FaultKind,
    count: typeof count === 'number' && count >= 1 ? count : 1,
    ...(on === undefined ? {} : { on: on as 'changes' | 'reads' | 'all' }),
    ...(typeof ms === 'number' ? { ms } : {}),
  }
}
