/** What a person reads instead of a page that cannot be shown: what was said no to, and what to do. */
import type { Refusal } from '../errors.ts'
import { html } from './html.ts'
import { page } from './layout.ts'

/** Says the sentences of the answer that the API would give. */
export function refusalPage({ code, message, remedy, requestId }: Refusal): string {
  return page(
    'Not shown',
    html`<h1>This page cannot be shown</h1>
      <p>${message}</p>
      <h2>What to do next</h2>
      <p>${remedy}</p>
      <p class="soft">${code}, request ${requestId}</p>`,
  )
}
