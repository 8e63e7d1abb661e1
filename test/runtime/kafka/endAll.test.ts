/** What is open ends, whatever fails on the way. */
import t from 'tap'
import { endAll } from '../../../runtime/kafka/endAll.ts'

t.test('where one end fails the others come all the same, in their order, and the first error is told', async (t) => {
  const ended: string[] = []
  const end = async (name: string, fails = false) => {
    await Promise.resolve()
    ended.push(name)
    if (fails) throw new Error(name)
  }
  const closing = endAll(
    () => [end('producer', true), end('reader')],
    () => [end('table', true)],
    () => {
      ended.push('connections')
      return [end('admin'), end('cluster')]
    },
  )
  await t.rejects(closing, { message: 'producer' })
  t.strictSame(ended, ['producer', 'reader', 'table', 'connections', 'admin', 'cluster'])
  await endAll(() => end('alone'))
  t.equal(ended.at(-1), 'alone')
})
