import { Command } from 'commander'
import t from 'tap'
import { addTenants } from '../../cli/verbs/tenants.ts'
import { loadConfig } from '../../config/config.ts'

t.test('without PUBLIC_URL the URL for workflows is printed with what is missing, apart from it', async (t) => {
  const printed = async (env: Record<string, string>) => {
    const said = { out: [] as string[], err: [] as string[] }
    const program = new Command()
    addTenants(program, {
      terminal: { out: (line) => said.out.push(line), err: (line) => said.err.push(line), live: () => undefined },
      config: () => loadConfig({ WORKFLOW_URL_SECRETS: 's'.repeat(32), REKINDLE_DATA_DIR: t.testdir({}), ...env }),
      now: () => 0,
    })
    await program.parseAsync(['tenants', 'workflow-url', 'sandboxLocation000001'], { from: 'user' })
    return said
  }
  const local = await printed({})
  t.match(local.out, [/^http:\/\/127\.0\.0\.1:8080\/webhooks\/workflow\/sandboxLocation000001\.[\w-]{43}$/])
  t.match(local.err, [/^PUBLIC_URL is not set: /])
  const real = await printed({ PUBLIC_URL: 'https://rekindle.example/' })
  t.match(real.out, [/^https:\/\/rekindle\.example\/webhooks\/workflow\/sandboxLocation000001\.[\w-]{43}$/])
  t.strictSame(real.err, [])
})
