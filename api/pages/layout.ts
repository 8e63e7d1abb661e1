/** The frame of every page: one style, no script, readable in light and dark, at 200 % and on a phone. */
import { html } from './html.ts'
import type { Markup } from './html.ts'

const style = `
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--good:#1a7f37;--bad:#c62828;--accent:#0b57d0}
@media(prefers-color-scheme:dark){:root{--good:#4ac26b;--bad:#ff8a80;--accent:#8ab4f8}}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:68rem;padding:0 1rem 3rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:baseline;padding:1rem 0;border-bottom:1px solid var(--line)}
header strong{font-size:1.25rem}a{color:var(--accent)}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}[aria-current]{font-weight:700;text-decoration:none}.good{color:var(--good)}.bad{color:var(--bad)}.soft{opacity:.75}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem}dt{opacity:.75}dd{margin:0;min-width:0;overflow-wrap:anywhere}
@media(max-width:40rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
.card{border:1px solid var(--line);border-radius:.5rem;padding:.25rem 1rem;margin:1rem 0}code{background:var(--soft);padding:0 .25rem;border-radius:.25rem;overflow-wrap:anywhere}
.card pre{white-space:pre-wrap;font:inherit}td.lines{white-space:pre-line}td.lines,td.long{min-width:14rem}.at{white-space:nowrap}form button{margin:.25rem .25rem .25rem 0}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem}
`

/** A whole document. */
export function page(title: string, content: Markup): string {
  return `<!doctype html>${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${title} · Rekindle</title>
        <link rel="stylesheet" href="/ui/style.css" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header>
          <strong>Rekindle</strong>
          <nav aria-label="Main">
            <a href="/">Overview</a> · <a href="/ui/leads">Leads</a> · <a href="/ui/owed">Waiting</a> · <a href="/ui/asks">Asked</a> ·
            <a href="/ui/gates">Rules</a> · <a href="/docs">API</a> · <a href="/readyz">Readiness</a> ·
            <a href="/metrics">Metrics</a>
          </nav>
        </header>
        <main id="content">${content}</main>
      </body>
    </html>`.text
  }`
}

/** Served as a file, so that the content security policy needs no exception for inline styles. */
export const styleSheet = style.trim()
