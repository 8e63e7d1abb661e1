/** Workflows of a location, and a contact's way into one and out again. @source reference/gohighlevel.md 3.4, 3.7 */
import type { CallOptions, Caller } from './call/caller.ts'
import { listOf, number, text } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { succeeded } from './contactShape.ts'
import type { Outcome, Read } from './outcomes.ts'

export interface Workflow {
  readonly workflowId: string
  readonly name: string
  /** `draft` or `published`. */
  readonly status: string | null
  readonly version: number | null
}

export type Workflows = ReturnType<typeof workflows>

export function workflows(caller: Caller) {
  return {
    list(tenantId: string, options?: CallOptions): Promise<Read<Listed<Workflow>>> {
      return caller.read({ endpoint: 'workflowList', tenantId, query: { locationId: tenantId }, options }, (answer) =>
        listOf(answer['workflows'], workflowOf),
      )
    },

    /** A workflow that allows it starts again for a contact that is in it: not to be repeated blindly. */
    add(tenantId: string, contactId: string, workflowId: string, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'workflowAdd', tenantId, path: { contactId, workflowId }, body: {}, options }, succeeded)
    },

    remove(tenantId: string, contactId: string, workflowId: string, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'workflowRemove', tenantId, path: { contactId, workflowId }, body: {}, options }, succeeded)
    },
  }
}

function workflowOf(workflow: Fields): Workflow | undefined {
  const workflowId = text(workflow, 'id')
  if (workflowId === null) return undefined
  return { workflowId, name: text(workflow, 'name') ?? '', status: text(workflow, 'status'), version: number(workflow, 'version') }
}
