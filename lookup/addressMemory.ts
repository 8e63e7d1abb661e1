/** Whose an address is, for ten minutes: one e-mail is delivered, opened and clicked, and each would cost a call. Bounded. */

const KEPT_MS = 10 * 60_000
const MOST = 5_000

export class AddressMemory {
  private readonly now: () => number
  /** In the order of the asking, oldest first. */
  private readonly known = new Map<string, { readonly contactId: string; readonly until: number }>()

  constructor(now: () => number) {
    this.now = now
  }

  of(tenantId: string, address: string): string | undefined {
    const kept = this.known.get(keyOf(tenantId, address))
    return kept !== undefined && this.now() < kept.until ? kept.contactId : undefined
  }

  keep(tenantId: string, address: string, contactId: string): void {
    const key = keyOf(tenantId, address)
    this.known.delete(key)
    this.known.set(key, { contactId, until: this.now() + KEPT_MS })
    if (this.known.size <= MOST) return
    const [oldest] = this.known.keys()
    if (oldest !== undefined) this.known.delete(oldest)
  }
}

function keyOf(tenantId: string, address: string): string {
  return `${tenantId} ${address}`
}
