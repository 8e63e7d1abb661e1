/**
 * The seven Opportunity events. They have one shape and come in pairs ([Update, StageUpdate] for one change), which is
 * harmless: the fold keeps the latest by event time.
 */
import type { Json } from '../body.ts'
import { decimalOf, textOf } from '../fields.ts'
import type { Translation, Translator } from './draft.ts'

const change = [{ field: 'dateUpdated' }]

export const opportunityTranslators: Readonly<Record<string, Translator>> = {
  OpportunityCreate: { translate: told('opportunity_created'), datedBy: [...change, { field: 'dateAdded' }] },
  OpportunityStageUpdate: { translate: told('opportunity_stage_changed'), datedBy: change },
  OpportunityUpdate: { translate: told('opportunity_changed'), datedBy: change },
  OpportunityStatusUpdate: { translate: told('opportunity_changed'), datedBy: change },
  OpportunityMonetaryValueUpdate: { translate: told('opportunity_changed'), datedBy: change },
  OpportunityAssignedToUpdate: { translate: told('opportunity_changed'), datedBy: change },
  OpportunityDelete: { translate: told('opportunity_deleted'), datedBy: change },
}

function told(kind: string) {
  return (body: Json): Translation => {
    const opportunityId = textOf(body, 'id')
    if (opportunityId === null) return { missing: 'id' }
    return {
      kind,
      sections: {
        opportunity: {
          opportunityId,
          pipelineId: textOf(body, 'pipelineId'),
          stageId: textOf(body, 'pipelineStageId'),
          status: textOf(body, 'status')?.toLowerCase() ?? null,
          name: textOf(body, 'name'),
          monetaryValue: decimalOf(body, 'monetaryValue'),
          ownerId: textOf(body, 'assignedTo'),
        },
      },
    }
  }
}
