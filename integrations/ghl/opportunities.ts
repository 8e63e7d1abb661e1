/** Opportunities and the pipelines whose stages they stand in. @source reference/gohighlevel.md 3.5 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, flag, listOf, number, text, time } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { pageReader, pagesOf } from './call/pages.ts'
import { customFieldBody, customFieldOf, succeeded } from './contactShape.ts'
import type { CustomFieldValue } from './contactShape.ts'
import type { Outcome, Read } from './outcomes.ts'
import { opportunitiesPerPage } from './pageSizes.ts'

export type OpportunityStatus = 'open' | 'won' | 'lost' | 'abandoned'

export interface Opportunity {
  readonly opportunityId: string
  readonly contactId: string | null
  readonly name: string | null
  readonly pipelineId: string | null
  readonly stageId: string | null
  readonly status: string | null
  readonly monetaryValue: number | null
  readonly assignedTo: string | null
  readonly source: string | null
  readonly customFields: readonly CustomFieldValue[]
  /** ms, as the next four. */
  readonly createdAt: number | null
  readonly updatedAt: number | null
  readonly stageChangedAt: number | null
  readonly statusChangedAt: number | null
  readonly raw: Fields
}

export interface OpportunityChange {
  readonly name?: string
  readonly pipelineId?: string
  readonly stageId?: string
  readonly status?: OpportunityStatus
  readonly monetaryValue?: number
  readonly assignedTo?: string
  readonly customFields?: readonly CustomFieldValue[]
}

export interface NewOpportunity extends OpportunityChange {
  readonly contactId: string
  readonly pipelineId: string
  readonly name: string
  readonly status: OpportunityStatus
}

export interface OpportunityQuery {
  readonly contactId?: string
  readonly pipelineId?: string
  readonly status?: OpportunityStatus
  /** A day, `YYYY-MM-DD`; the platform filters by whole days, in which zone is not documented. */
  readonly fromDay?: string
  readonly toDay?: string
}

export interface Pipeline {
  readonly pipelineId: string
  readonly name: string
  readonly stages: readonly { readonly stageId: string; readonly name: string; readonly position: number | null }[]
}

interface Cursor {
  readonly startAfter: number | string
  readonly startAfterId: string
}

export type Opportunities = ReturnType<typeof opportunities>

export function opportunities(caller: Caller) {
  return {
    search(tenantId: string, query: OpportunityQuery = {}, options?: CallOptions): AsyncGenerator<Read<Listed<Opportunity>>, void> {
      const page = pageReader<Opportunity, Cursor>(opportunitiesPerPage)
      return pagesOf((cursor: Cursor | undefined) =>
        caller.read(
          {
            endpoint: 'opportunitySearch',
            tenantId,
            query: {
              location_id: tenantId,
              contact_id: query.contactId,
              pipeline_id: query.pipelineId,
              status: query.status,
              date: monthFirst(query.fromDay),
              endDate: monthFirst(query.toDay),
              limit: opportunitiesPerPage,
              startAfter: cursor?.startAfter,
              startAfterId: cursor?.startAfterId,
            },
            options,
          },
          (answer) => {
            const meta = fieldsOf(answer['meta'])
            return page(listOf(answer['opportunities'], opportunityOf), cursorOf(meta), number(meta, 'total'))
          },
        ),
      )
    },

    get(tenantId: string, opportunityId: string, options?: CallOptions): Promise<Read<Opportunity>> {
      return caller.read({ endpoint: 'opportunityGet', tenantId, path: { opportunityId }, options }, madeOpportunity)
    },

    create(tenantId: string, { contactId, ...opportunity }: NewOpportunity, options?: CallOptions): Promise<Outcome<Opportunity>> {
      return caller.change(
        { endpoint: 'opportunityCreate', tenantId, body: { ...bodyOf(opportunity), contactId, locationId: tenantId }, options },
        madeOpportunity,
      )
    },

    /** One opportunity per contact and pipeline: updates the one there is. */
    upsert(tenantId: string, { contactId, ...opportunity }: NewOpportunity, options?: CallOptions) {
      return caller.change(
        { endpoint: 'opportunityUpsert', tenantId, body: { ...bodyOf(opportunity), contactId, locationId: tenantId }, options },
        (answer) => {
          const opportunity = madeOpportunity(answer)
          return opportunity && { opportunity, isNew: flag(answer, 'new') }
        },
      )
    },

    update(tenantId: string, opportunityId: string, change: OpportunityChange, options?: CallOptions): Promise<Outcome<Opportunity>> {
      return caller.change(
        { endpoint: 'opportunityUpdate', tenantId, path: { opportunityId }, body: bodyOf(change), options },
        madeOpportunity,
      )
    },

    setStatus(tenantId: string, opportunityId: string, status: OpportunityStatus, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'opportunityStatus', tenantId, path: { opportunityId }, body: { status }, options }, succeeded)
    },

    delete(tenantId: string, opportunityId: string, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'opportunityDelete', tenantId, path: { opportunityId }, options }, succeeded)
    },

    /** Turns stage ids into names. */
    pipelines(tenantId: string, options?: CallOptions): Promise<Read<Listed<Pipeline>>> {
      return caller.read({ endpoint: 'pipelineList', tenantId, query: { locationId: tenantId }, options }, (answer) =>
        listOf(answer['pipelines'], pipelineOf),
      )
    },
  }
}

function bodyOf({ stageId, customFields, ...same }: OpportunityChange): object {
  return {
    ...same,
    ...(stageId === undefined ? {} : { pipelineStageId: stageId }),
    ...(customFields === undefined ? {} : { customFields: customFields.map(customFieldBody) }),
  }
}

function madeOpportunity(answer: Fields): Opportunity | undefined {
  return opportunityOf(fieldsOf(answer['opportunity']) ?? {})
}

export function opportunityOf(opportunity: Fields): Opportunity | undefined {
  const opportunityId = text(opportunity, 'id')
  if (opportunityId === null) return undefined
  return {
    opportunityId,
    contactId: text(opportunity, 'contactId') ?? text(fieldsOf(opportunity['contact']), 'id'),
    name: text(opportunity, 'name'),
    pipelineId: text(opportunity, 'pipelineId'),
    stageId: text(opportunity, 'pipelineStageId'),
    status: text(opportunity, 'status'),
    monetaryValue: number(opportunity, 'monetaryValue'),
    assignedTo: text(opportunity, 'assignedTo'),
    source: text(opportunity, 'source'),
    customFields: listOf(opportunity['customFields'], customFieldOf)?.items ?? [],
    createdAt: time(opportunity, 'createdAt', 'dateAdded'),
    updatedAt: time(opportunity, 'updatedAt'),
    stageChangedAt: time(opportunity, 'lastStageChangeAt'),
    statusChangedAt: time(opportunity, 'lastStatusChangeAt'),
    raw: opportunity,
  }
}

function pipelineOf(pipeline: Fields): Pipeline | undefined {
  const pipelineId = text(pipeline, 'id')
  const stages = listOf(pipeline['stages'], (stage) => {
    const stageId = text(stage, 'id')
    return stageId === null ? undefined : { stageId, name: text(stage, 'name') ?? '', position: number(stage, 'position') }
  })
  return pipelineId === null ? undefined : { pipelineId, name: text(pipeline, 'name') ?? '', stages: stages?.items ?? [] }
}

function cursorOf(meta: Fields | undefined): Cursor | undefined {
  const startAfter = number(meta, 'startAfter') ?? text(meta, 'startAfter')
  const startAfterId = text(meta, 'startAfterId')
  return startAfter === null || startAfterId === null ? undefined : { startAfter, startAfterId }
}

/** `mm-dd-yyyy`, as the search wants it. */
function monthFirst(day: string | undefined): string | undefined {
  return day?.replace(/^(\d{4})-(\d\d)-(\d\d)$/, '$2-$3-$1')
}
