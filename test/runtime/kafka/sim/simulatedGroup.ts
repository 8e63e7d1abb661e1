/**
 * The coordinator of one consumer group, as brokers are for the classic protocol: joins that wait for each other, one leader
 * that assigns, sessions that run out, and generations by which offsets are refused.
 */
import type { SimulatedTime } from './simulatedTime.ts'

/** A refusal by the number of the protocol. */
export class Refused extends Error {
  readonly code: number
  constructor(code: number) {
    super(`refused with ${code}`)
    this.code = code
  }
}

export const ILLEGAL_GENERATION = 22
export const UNKNOWN_MEMBER_ID = 25
export const REBALANCE_IN_PROGRESS = 27

interface Waits<R> {
  readonly resolve: (answer: R) => void
  readonly reject: (error: Error) => void
}
interface Joined {
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly groupProtocol: string
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
}
interface Member {
  readonly id: string
  readonly sessionMs: number
  rebalanceMs: number
  protocol: { readonly name: string; readonly metadata: Buffer }
  session: { cancelled: boolean } | undefined
  joins: Waits<Joined> | undefined
  syncs: Waits<{ readonly memberAssignment: Buffer }> | undefined
  assignment: Buffer
}

export interface JoinRequest {
  readonly memberId: string
  readonly sessionTimeout: number
  readonly rebalanceTimeout: number
  readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

export class SimulatedGroup {
  generation = 0
  state: 'empty' | 'preparing' | 'completing' | 'stable' = 'empty'
  readonly #time: SimulatedTime
  readonly #members = new Map<string, Member>()
  #leader = ''
  #ids = 0
  #deadline: { cancelled: boolean } | undefined

  constructor(time: SimulatedTime) {
    this.#time = time
  }

  get memberIds(): readonly string[] {
    return [...this.#members.keys()]
  }

  join({ memberId, sessionTimeout, rebalanceTimeout, groupProtocols }: JoinRequest): Promise<Joined> {
    return new Promise((resolve, reject) => {
      const [protocol] = groupProtocols
      if (protocol === undefined) throw new Error('a member without a protocol')
      let member = this.#members.get(memberId)
      if (memberId !== '' && member === undefined) return reject(new Refused(UNKNOWN_MEMBER_ID))
      const isNew = member === undefined
      if (member === undefined) {
        const id = `member-${(this.#ids += 1)}`
        const blank = { session: undefined, joins: undefined, syncs: undefined, assignment: Buffer.alloc(0) }
        member = { id, sessionMs: sessionTimeout, rebalanceMs: rebalanceTimeout, protocol, ...blank }
        this.#members.set(id, member)
      }
      const changed = !member.protocol.metadata.equals(protocol.metadata)
      member.protocol = protocol
      member.rebalanceMs = rebalanceTimeout
      member.joins?.reject(new Refused(UNKNOWN_MEMBER_ID))
      member.joins = { resolve, reject }
      clear(member.session)
      const begins = isNew || changed || (this.state === 'stable' && member.id === this.#leader)
      if (this.state === 'preparing' || begins) this.#prepare()
      else this.#welcome(member)
    })
  }

  sync(
    memberId: string,
    generationId: number,
    groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[],
  ): Promise<{ readonly memberAssignment: Buffer }> {
    return new Promise((resolve, reject) => {
      const member = this.#checked(memberId, generationId, reject)
      if (member === undefined) return
      if (this.state === 'preparing') return reject(new Refused(REBALANCE_IN_PROGRESS))
      this.#keep(member)
      if (this.state === 'stable') return resolve({ memberAssignment: member.assignment })
      member.syncs = { resolve, reject }
      if (memberId !== this.#leader) return
      for (const each of groupAssignment) {
        const one = this.#members.get(each.memberId)
        if (one !== undefined) one.assignment = each.memberAssignment
      }
      this.state = 'stable'
      for (const one of this.#members.values()) {
        one.syncs?.resolve({ memberAssignment: one.assignment })
        one.syncs = undefined
      }
    })
  }

  heartbeat(memberId: string, generationId: number): void {
    const member = this.#checked(memberId, generationId, (error) => {
      throw error
    })
    if (member === undefined) return
    this.#keep(member)
    if (this.state === 'preparing') throw new Refused(REBALANCE_IN_PROGRESS)
  }

  leave(memberId: string): void {
    if (!this.#members.has(memberId)) throw new Refused(UNKNOWN_MEMBER_ID)
    this.remove(memberId)
  }

  /** Throws when offsets of this membership are not those of the present generation. */
  check(memberId: string, generationId: number): void {
    this.#checked(memberId, generationId, (error) => {
      throw error
    })
  }

  /** As when its session has run out. */
  remove(memberId: string): void {
    const member = this.#members.get(memberId)
    if (member === undefined) return
    this.#members.delete(memberId)
    clear(member.session)
    member.joins?.reject(new Refused(UNKNOWN_MEMBER_ID))
    member.syncs?.reject(new Refused(UNKNOWN_MEMBER_ID))
    if (this.#members.size === 0) {
      clear(this.#deadline)
      this.state = 'empty'
      this.generation += 1
    } else if (this.state === 'preparing') this.#completeWhenAllJoined()
    else this.#prepare()
  }

  #checked(memberId: string, generationId: number, refuse: (error: Error) => void): Member | undefined {
    const member = this.#members.get(memberId)
    if (member === undefined) refuse(new Refused(UNKNOWN_MEMBER_ID))
    else if (generationId !== this.generation) refuse(new Refused(ILLEGAL_GENERATION))
    else return member
    return undefined
  }

  #keep(member: Member): void {
    clear(member.session)
    member.session = this.#time.after(member.sessionMs, () => this.remove(member.id))
  }

  #prepare(): void {
    if (this.state !== 'preparing') {
      this.state = 'preparing'
      for (const member of this.#members.values()) {
        member.syncs?.reject(new Refused(REBALANCE_IN_PROGRESS))
        member.syncs = undefined
      }
      clear(this.#deadline)
      const longest = Math.max(...[...this.#members.values()].map(({ rebalanceMs }) => rebalanceMs))
      this.#deadline = this.#time.after(longest, () => this.#complete())
    }
    this.#completeWhenAllJoined()
  }

  #completeWhenAllJoined(): void {
    if ([...this.#members.values()].every(({ joins }) => joins !== undefined)) this.#complete()
  }

  #complete(): void {
    clear(this.#deadline)
    for (const member of [...this.#members.values()]) {
      if (member.joins !== undefined) continue
      clear(member.session)
      this.#members.delete(member.id)
    }
    this.generation += 1
    if (this.#members.size === 0) {
      this.state = 'empty'
      return
    }
    this.state = 'completing'
    if (!this.#members.has(this.#leader)) this.#leader = [...this.#members.keys()][0] as string
    for (const member of this.#members.values()) {
      member.assignment = Buffer.alloc(0)
      this.#welcome(member)
    }
  }

  #welcome(member: Member): void {
    const members = [...this.#members.values()].map(({ id, protocol }) => ({ memberId: id, memberMetadata: protocol.metadata }))
    member.joins?.resolve({
      generationId: this.generation,
      leaderId: this.#leader,
      memberId: member.id,
      groupProtocol: member.protocol.name,
      members: member.id === this.#leader ? members : [],
    })
    member.joins = undefined
    this.#keep(member)
  }
}

function clear(event: { cancelled: boolean } | undefined): void {
  if (event !== undefined) event.cancelled = true
}
