/**
 * Leads that live through the stages with some wordings drawn by lot: all sign up, are written to, fall silent, are written to
 * again a day later, and every fourteenth answers that. Nothing that the stages write is written by hand.
 */
import { resultsStage } from '../../pipelines/adaptation/results.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { drive } from '../../runtime/driver.ts'
import type { FollowUp } from '../../schemas/generated/records.ts'
import { deliveries, followups, leadEvents } from '../../topics/index.ts'
import { signUp, tables } from '../pipelines/signUp.ts'
import { deliveryRecord, messageEvent, tenantId } from './leadRecords.ts'

const ONE_IN = 14
const keyOf = (contactId: string) => `${tenantId}:${contactId}`

/** The line after six days that began at `at` (ms), and what was sent at the sign-ups and a day later. */
export function livedTrials(leads: number, at: number) {
  const line = drive([enrich, agents, consensus, followup, resultsStage], { at, tables })
  for (let n = 0; n < leads; n++)
    line.pipe(leadEvents, keyOf(`c${n}`), {
      ...signUp,
      contactId: `c${n}`,
      eventId: `signUp${n}`,
      occurredAt: line.now,
      receivedAt: line.now,
    })
  line.advance('5m')
  const sent = new Set<string>()
  const send = (): FollowUp[] => {
    const due = line
      .outputs(followups)
      .filter(({ change, action, followupId }) => change === 'planned' && action === 'send_message' && !sent.has(followupId))
    for (const { followupId, decisionId, channel, contactId, text } of due) {
      sent.add(followupId)
      line.pipe(deliveries, keyOf(contactId), deliveryRecord({ followupId, decisionId, contactId, channel, at: line.now }))
      const delivery = { followupId, decisionId, channel, status: 'confirmed', messageId: `m-${followupId}`, text, action: 'send_message' }
      line.pipe(leadEvents, keyOf(contactId), {
        ...{ ...signUp, ...noSections, contactId, eventId: `sent-${followupId}`, kind: 'followup_delivered' },
        ...{ occurredAt: line.now, receivedAt: line.now, delivery: { ...delivery, echoed: false, assigneeId: null, closedBecause: null } },
      })
    }
    return due
  }
  const first = send()
  line.advance('24h')
  line.advance('10m')
  const second = send()
  line.advance('2h')
  for (const { contactId } of second.filter((_, index) => index % ONE_IN === 0)) {
    const said = { contactId, eventId: `reply-${contactId}`, occurredAt: line.now, receivedAt: line.now }
    line.pipe(leadEvents, keyOf(contactId), messageEvent(said, 'Yes, tell me more'))
  }
  line.advance('4d')
  return { line, first, second }
}
