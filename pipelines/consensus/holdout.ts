/**
 * Leads that are left alone, so that it can be told what follow-ups bring: one in twenty of a location that has asked for it,
 * by a hash of location and lead, the same ones for life. Only what we would begin by ourselves is held back: who wrote or
 * called gets an answer, and a new lead its first message.
 * @source reference/consensus.md 10.3
 */
import { createHash } from 'node:crypto'
import type { Assessment, Decision, GateResult, LeadView } from '../../schemas/generated/records.ts'

/** 5 %. */
const ONE_IN = 20
const GATE = 'holdout'

/** In the group that is left alone? 32 bits of the hash are compared as hash / 2^32 < 1 / 20, in whole numbers. */
export function isLeftAlone(tenantId: string, contactId: string): boolean {
  const bits = createHash('sha256').update(`holdout:${tenantId}:${contactId}`).digest().readUInt32BE(0)
  return bits * ONE_IN < 2 ** 32
}

/** Would the message be our own beginning? The last word was ours, and neither a message of the lead nor its arrival is the reason. */
export function isOwnBeginning({
  reason,
  view,
}: {
  readonly reason: string
  readonly view: Pick<LeadView, 'lastInboundAt' | 'lastOutboundAt'>
}): boolean {
  const { lastInboundAt, lastOutboundAt } = view
  if (reason === 'inbound_message' || reason === 'new_lead' || lastOutboundAt === null) return false
  return lastInboundAt === null || lastInboundAt < lastOutboundAt
}

export type Asked = Pick<Assessment, 'tenantId' | 'contactId' | 'reason'>

/** What the gate says where it is about the question: that the lead is left alone, or one `allow`. Nothing where it is not. */
export function holdoutResults({ tenantId, contactId, reason }: Asked, view: LeadView): GateResult[] {
  if (!isOwnBeginning({ reason, view })) return []
  const result = { gateId: GATE, option: '*', liftsAt: null }
  return isLeftAlone(tenantId, contactId)
    ? [
        {
          ...result,
          ruleId: 'left_alone',
          verdict: 'deny',
          reason: 'The lead is in the group that is left alone, to know what follow-ups bring.',
        },
      ]
    : [{ ...result, ruleId: 'pass', verdict: 'allow', reason: '' }]
}

/**
 * On which side of the comparison a decision puts its lead. Undefined where the gate was not asked, something newer decided,
 * or no other gate would have let a contact through: such a lead would not have been followed up with in either group.
 */
export function groupOf({
  gates,
  options,
  stopReason,
}: Pick<Decision, 'gates' | 'options' | 'stopReason'>): 'treated' | 'left_alone' | undefined {
  const own = gates.filter(({ gateId }) => gateId === GATE)
  if (own.length === 0 || stopReason === 'superseded') return undefined
  const others = gates.filter(({ gateId, verdict }) => gateId !== GATE && verdict !== 'allow')
  const isOpen = options.some(
    ({ option }) => option !== 'wait' && !others.some((denial) => denial.option === '*' || denial.option === option),
  )
  if (!isOpen) return undefined
  return own.some(({ verdict }) => verdict !== 'allow') ? 'left_alone' : 'treated'
}
