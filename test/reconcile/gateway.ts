/** The sandbox behind a gateway that may answer calls itself, as what stands between us and the platform sometimes does. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { ManualClock } from '../support/manualClock.ts'
import { platform } from './platform.ts'

export interface Answer {
  readonly status: number
  readonly body: string
}
/** What the gateway answers to a call instead; undefined lets it through. */
export type Gateway = (method: string, url: string) => Answer | undefined

/** A gateway before the server at `behind()`, and the calls that came to it: `GET /contacts/maria`. */
export async function gatewayTo(t: Test, behind: () => string, gateway: Gateway): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const between = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request
    asked.push(`${method} ${url.replace(/\?.*/, '')}`)
    const said = gateway(method, url)
    if (said !== undefined) return void response.writeHead(said.status, { 'content-type': 'application/json' }).end(said.body)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { authorization = '', version = '' } = headers
      const sent = method === 'GET' ? null : Buffer.concat(chunks).toString()
      const init = { method, headers: { authorization, version: String(version), 'content-type': 'application/json' }, body: sent }
      void fetch(behind() + url, init).then(async (answer) =>
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
      )
    })
  })
  await new Promise<void>((listening) => between.listen(0, '127.0.0.1', listening))
  t.teardown(() => between.close())
  return { url: `http://127.0.0.1:${(between.address() as AddressInfo).port}`, asked }
}

/** The platform as it is seen through the gateway, and the calls that came to it. */
export async function platformBehind(t: Test, clock: ManualClock, gateway: Gateway = () => undefined) {
  let sandboxUrl = ''
  const { url: gatewayUrl, asked } = await gatewayTo(t, () => sandboxUrl, gateway)
  const { sandbox, ghl } = await platform(t, clock, {}, (url) => {
    sandboxUrl = url
    return gatewayUrl
  })
  return { sandbox, ghl, asked }
}
