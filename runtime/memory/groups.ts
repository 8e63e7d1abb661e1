/**
 * Consumer groups in memory. Members of a group share the partition numbers evenly and keep what they have; a partition
 * is given to a new owner only after the old one has answered that it let go.
 */
import type { Membership, MembershipListener } from '../broker.ts'

interface Member {
  readonly listener: MembershipListener
  owned: number[]
}

export class Group {
  readonly topics: string
  private readonly partitions: number
  private members: Member[] = []
  private turn: Promise<unknown> = Promise.resolve()

  constructor(topics: string, partitions: number) {
    this.topics = topics
    this.partitions = partitions
  }

  async join(listener: MembershipListener): Promise<Membership> {
    const member: Member = { listener, owned: [] }
    await this.inTurn(() => this.rebalance([...this.members, member]))
    return {
      leave: () =>
        this.inTurn(async () => {
          if (!this.members.includes(member)) return
          await this.rebalance(
            this.members.filter((other) => other !== member),
            member,
          )
        }),
    }
  }

  /** Rebalances never overlap. */
  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.turn.then(run)
    this.turn = result.catch(() => undefined)
    return result
  }

  private async rebalance(members: Member[], leaving?: Member): Promise<void> {
    this.members = members
    const shares = sharesOf(members, this.partitions)
    const losing = [...(leaving === undefined ? [] : [leaving]), ...members].map((member) => {
      const lost = member.owned.filter((partition) => shares.get(member)?.includes(partition) !== true)
      member.owned = member.owned.filter((partition) => !lost.includes(partition))
      return { member, lost }
    })
    await Promise.all(losing.filter(({ lost }) => lost.length > 0).map(({ member, lost }) => member.listener.revoked(lost)))
    for (const [member, share] of shares) {
      const gained = share.filter((partition) => !member.owned.includes(partition))
      member.owned = share
      if (gained.length > 0) await member.listener.assigned(gained)
    }
  }
}

/** Each keeps what it has up to its even share; the rest goes to whoever has least. */
function sharesOf(members: readonly Member[], partitions: number): Map<Member, number[]> {
  const shares = new Map<Member, number[]>()
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition))
  members.forEach((member, place) => {
    const most = Math.floor(partitions / members.length) + (place < partitions % members.length ? 1 : 0)
    const kept = member.owned.slice(0, most)
    for (const partition of kept) free.delete(partition)
    shares.set(member, kept)
  })
  for (const partition of free) {
    const least = [...shares.values()].reduce<number[] | undefined>(
      (best, share) => (best === undefined || share.length < best.length ? share : best),
      undefined,
    )
    least?.push(partition)
  }
  for (const share of shares.values()) share.sort((a, b) => a - b)
  return shares
}
