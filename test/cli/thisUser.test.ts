/** Whoever runs a verb has a name in what is written down, also where the machine has none for it. */
import { readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { thisUser } from '../../cli/thisUser.ts'

t.test('the user of the machine by name, or by number where it has none', async (t) => {
  t.equal(thisUser(), userInfo().username)
  const nameless = () => {
    throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' })
  }
  t.equal(thisUser(nameless), `uid ${process.getuid?.()}`)
})

t.test('no verb asks the machine itself', async (t) => {
  const folder = join(import.meta.dirname, '..', '..', 'cli', 'verbs')
  for (const name of readdirSync(folder)) t.notMatch(readFileSync(join(folder, name), 'utf8'), 'userInfo', name)
})
