/** Folders for the state of a process: what is left when the disk does not take their lock. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { claimStateFolder } from '../../../runtime/state/stateFolder.ts'

t.test('a folder that a full disk refused is claimed once there is room', async (t) => {
  const parent = t.testdir()
  const { writeSync } = fs
  const full = (): never => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  fs.writeSync = full
  syncBuiltinESMExports()
  t.throws(() => claimStateFolder(parent), { code: 'E_STATE_STORE', message: /no space left/ })
  fs.writeSync = writeSync
  syncBuiltinESMExports()
  const first = claimStateFolder(parent)
  t.equal(first.path, join(parent, '0'), 'where its state is')
  t.equal(claimStateFolder(parent).path, join(parent, '1'), 'one that is held is left alone')
  first.release()
  t.equal(claimStateFolder(parent).path, join(parent, '0'))
})
