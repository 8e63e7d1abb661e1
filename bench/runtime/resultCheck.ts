/**
 * Whether what a competitor wrote is what the input's arithmetic asks for: every order once, every count one more than
 * the last of its key, every final sum. Throws with the first difference. Pure.
 */
import { amountOf, keyOf, keyText } from './workload.ts'
import type { CountedOrder, Order, Workload } from './workload.ts'

/** Every order of the workload once, whatever the order of arrival. */
export class EachOrderOnce {
  readonly #workload: Workload
  readonly #seen: Uint8Array
  #count = 0

  constructor(workload: Workload) {
    this.#workload = workload
    this.#seen = new Uint8Array(workload.records)
  }

  take(key: number, order: Order): void {
    const { seq, amountCents } = order
    if (!(seq >= 0 && seq < this.#workload.records)) throw new Error(`order ${seq} was never put in`)
    if (this.#seen[seq] === 1) throw new Error(`order ${seq} came out twice`)
    if (key !== keyOf(seq, this.#workload)) throw new Error(`order ${seq} came out with the key ${keyText(key)}`)
    if (amountCents !== amountOf(seq)) throw new Error(`order ${seq} came out with ${amountCents} cents, not ${amountOf(seq)}`)
    this.#seen[seq] = 1
    this.#count += 1
  }

  finish(): void {
    if (this.#count !== this.#workload.records)
      throw new Error(`${this.#count} of ${this.#workload.records} orders came out; the first that is missing is ${this.#seen.indexOf(0)}`)
  }
}

/** The same, and the totals of every key, which must come in the order of the key's counts. */
export class TotalsOfEachKey {
  readonly #workload: Workload
  readonly #orders: EachOrderOnce
  readonly #counts: Uint32Array
  readonly #sums: Float64Array

  constructor(workload: Workload) {
    this.#workload = workload
    this.#orders = new EachOrderOnce(workload)
    this.#counts = new Uint32Array(workload.keys)
    this.#sums = new Float64Array(workload.keys)
  }

  take(key: number, order: CountedOrder): void {
    this.#orders.take(key, order)
    const expected = (this.#counts[key] ?? 0) + 1
    if (order.count !== expected) throw new Error(`${keyText(key)}: order ${order.seq} has the count ${order.count}, expected ${expected}`)
    this.#counts[key] = expected
    this.#sums[key] = order.sumCents
  }

  finish(): void {
    this.#orders.finish()
    const { counts, sums } = totalsOf(this.#workload)
    for (let key = 0; key < this.#workload.keys; key++) {
      if (this.#counts[key] === counts[key] && this.#sums[key] === sums[key]) continue
      throw new Error(
        `${keyText(key)}: ${String(this.#counts[key])} orders of ${String(this.#sums[key])} cents, expected ${String(counts[key])} of ${String(sums[key])}`,
      )
    }
  }
}

/** Orders and cents of every key, from the rules of the workload alone. */
export function totalsOf(workload: Workload): { readonly counts: Uint32Array; readonly sums: Float64Array } {
  const counts = new Uint32Array(workload.keys)
  const sums = new Float64Array(workload.keys)
  for (let seq = 0; seq < workload.records; seq++) {
    const key = keyOf(seq, workload)
    counts[key] = (counts[key] ?? 0) + 1
    sums[key] = (sums[key] ?? 0) + amountOf(seq)
  }
  return { counts, sums }
}
