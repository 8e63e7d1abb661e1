/**
 * Forms and what was submitted. No webhook of an app tells of a submission: this is the only way to read one later.
 * @source reference/gohighlevel.md 1.2, 3.7; highlevel-api-docs apps/forms.json
 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, listOf, number, text, time } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { pagesOf, skippingPage } from './call/pages.ts'
import type { Read } from './outcomes.ts'
import { skippedLists, submissionsPerPage } from './pageSizes.ts'

export interface Form {
  readonly formId: string
  readonly name: string
}

export interface Submission {
  readonly submissionId: string
  readonly formId: string | null
  readonly contactId: string | null
  readonly name: string | null
  readonly email: string | null
  /** ms. */
  readonly at: number | null
  readonly answers: Fields
}

export type Forms = ReturnType<typeof forms>

export function forms(caller: Caller) {
  return {
    list(tenantId: string, options?: CallOptions): AsyncGenerator<Read<Listed<Form>>, void> {
      const { asked, byDefault } = skippedLists.forms
      return pagesOf((skip: number = 0) =>
        caller.read({ endpoint: 'formList', tenantId, query: { locationId: tenantId, limit: asked, skip }, options }, (answer) =>
          skippingPage(listOf(answer['forms'], formOf), skip, byDefault, number(answer, 'total')),
        ),
      )
    },

    /** Submissions between two UTC days, `YYYY-MM-DD`, both included. */
    submissions(
      tenantId: string,
      query: { readonly formId?: string; readonly fromDay: string; readonly toDay: string },
      options?: CallOptions,
    ): AsyncGenerator<Read<Listed<Submission>>, void> {
      return pagesOf((page: number = 1) =>
        caller.read(
          {
            endpoint: 'formSubmissions',
            tenantId,
            query: {
              locationId: tenantId,
              formId: query.formId,
              startAt: query.fromDay,
              endAt: query.toDay,
              limit: submissionsPerPage,
              page,
            },
            options,
          },
          (answer) => {
            const listed = listOf(answer['submissions'], submissionOf)
            return listed && { ...listed, next: number(fieldsOf(answer['meta']), 'nextPage') ?? undefined }
          },
        ),
      )
    },
  }
}

function formOf(form: Fields): Form | undefined {
  const formId = text(form, 'id')
  return formId === null ? undefined : { formId, name: text(form, 'name') ?? '' }
}

function submissionOf(submission: Fields): Submission | undefined {
  const submissionId = text(submission, 'id')
  if (submissionId === null) return undefined
  return {
    submissionId,
    formId: text(submission, 'formId'),
    contactId: text(submission, 'contactId'),
    name: text(submission, 'name'),
    email: text(submission, 'email'),
    at: time(submission, 'createdAt'),
    answers: fieldsOf(submission['others']) ?? {},
  }
}
