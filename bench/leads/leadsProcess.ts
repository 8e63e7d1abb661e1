/** One number of known leads in a process of its own, so that its memory is that of nothing else. Argument: JSON of LeadsInput; prints one line, JSON of LeadsResult. */
import { measureLeads } from './measureLeads.ts'
import type { LeadsInput } from './measureLeads.ts'

console.log(JSON.stringify(await measureLeads(JSON.parse(process.argv[2] as string) as LeadsInput)))
