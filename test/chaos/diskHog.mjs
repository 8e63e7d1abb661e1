/** Keeps the disk of a folder busy with synced writes, for whoever else syncs there to wait. Argument: the folder. Ends with its parent. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const CHUNK = Buffer.alloc(4 << 20, 1)
const CHUNKS = 16
const file = join(process.argv[2], `disk-hog-${process.pid}`)
const fd = openSync(file, 'w')
process.once('disconnect', () => {
  closeSync(fd)
  rmSync(file, { force: true })
  process.exit(0)
})
let chunk = 0
function write() {
  writeSync(fd, CHUNK, 0, CHUNK.length, (chunk++ % CHUNKS) * CHUNK.length)
  fdatasyncSync(fd)
  setImmediate(write)
}
write()
