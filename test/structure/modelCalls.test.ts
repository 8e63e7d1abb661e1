/** Nothing of the product talks to a language model: what is known to go wrong with one cannot, as long as this holds. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { rooms, textsOf } from '../support/sources.ts'

const root = join(import.meta.dirname, '..', '..')
/** Packages, hosts and paths by which models are called. */
const model =
  /anthropic|openai|langchain|generativelanguage|huggingface|vertexai|bedrock-runtime|\/chat\/completions|\/v1\/messages|\b(ollama|mistralai|cohere-ai)\b/i

t.test(
  'P-12 P-13 P-46: no package, address or path of a language model stands in the product; who adds one brings the tests',
  async (t) => {
    for (const name of ['@anthropic-ai/sdk', 'openai', 'https://api.openai.com/v1/chat/completions', '@langchain/core'])
      t.match(name, model)
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
    t.strictSame(
      Object.keys(dependencies).filter((name) => model.test(name)),
      [],
    )
    t.strictSame(
      rooms.flatMap((room) => textsOf(room, '.ts').flatMap(({ file, text }) => (model.test(text) ? [file] : []))),
      [],
    )
  },
)
