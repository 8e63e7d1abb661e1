/**
 * The page on which people answer questions. A form that any other site shows is refused: a browser would send the password
 * along with it.
 */
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { actionOf } from '../pipelines/consensus/explain.ts'
import { Answer, AskQuery, storeAnswer, tellAsks } from './asks.ts'
import { word } from './audits.ts'
import { apiError } from './errors.ts'
import { answeredPage, asksPage } from './pages/asksPage.ts'
import { placesOf } from './places.ts'
import type { ApiDeps } from './ports.ts'
import type { ApiInstance } from './typeProvider.ts'

const hidden = { hide: true }
const htmlType = 'text/html; charset=utf-8'
/** A name and an option. */
const FORM_BYTES = 4_096

/** Call it in a scope of its own: forms are read in no other. */
export function askPageRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: FORM_BYTES }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })

  app.get('/ui/asks', { schema: { ...hidden, querystring: AskQuery } }, async (request, reply) =>
    reply.type(htmlType).send(
      asksPage({
        ...(await tellAsks(deps, request.query)),
        asked: request.query,
        now: deps.now(),
        ...placesOf(deps),
      }),
    ),
  )

  app.post(
    '/ui/asks/:decisionId',
    {
      schema: { ...hidden, params: Type.Object({ decisionId: word('The decision asked about.', '5623c699-8a0f-8efa-9dc7-d7a622c1f0e3') }) },
    },
    async (request, reply) => {
      // Every browser of today says where a form comes from, over https and to this machine; one that does not is not believed.
      const from = request.headers['sec-fetch-site']
      if (from !== 'same-origin')
        throw apiError(
          'E_FORM_FOREIGN',
          from === undefined ? 'The browser did not say where the form is from.' : 'The form is from elsewhere.',
        )
      const { body } = request
      if (!Value.Check(Answer, body))
        return reply
          .code(400)
          .type(htmlType)
          .send(answeredPage({ isStored: false, sentence: 'Say your name and choose one of the options.' }))
      const answered = await storeAnswer(deps, request.params.decisionId, body, request.id)
      if (!answered.ok)
        return reply
          .code(409)
          .type(htmlType)
          .send(answeredPage({ isStored: false, sentence: answered.sentence }))
      const { option, by } = answered.stored
      const sentence = `Thank you, ${by}: it was noted to ${actionOf(option, 'follow_up')}. The rules are asked once more before anything leaves.`
      return reply.type(htmlType).send(answeredPage({ isStored: true, sentence }))
    },
  )
}
