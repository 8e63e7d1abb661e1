/** VoiceAiCallEnd: a call that the platform's voice agent led. Documented without `type`, so it is also known by its shape. */
import type { Json } from '../body.ts'
import { countOf, flagOf, textOf } from '../fields.ts'
import { isObject } from '../body.ts'
import { proseOf } from '../plainText.ts'
import type { Translation, Translator } from './draft.ts'

const SUMMARY_TEXT = 1_000
const TRANSCRIPT_TEXT = 4_000

export const voiceTranslators: Readonly<Record<string, Translator>> = {
  VoiceAiCallEnd: { translate: told, datedBy: [{ field: 'createdAt' }], mayLackContact: true },
}

function told(body: Json): Translation {
  const callId = textOf(body, 'id')
  if (callId === null) return { missing: 'id' }
  return {
    kind: 'voice_call_ended',
    sections: {
      voiceCall: {
        callId,
        messageId: textOf(body, 'messageId'),
        agentId: textOf(body, 'agentId'),
        durationSeconds: countOf(body, 'duration'),
        summary: proseOf(body, 'summary', SUMMARY_TEXT),
        transcript: proseOf(body, 'transcript', TRANSCRIPT_TEXT),
        trial: flagOf(body, 'trialCall') === true,
        actions: actionsOf(body['executedCallActions']),
      },
    },
  }
}

function actionsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  const types = (value as unknown[]).map((action) => (isObject(action) ? textOf(action, 'actionType') : null))
  return [...new Set(types.filter((type) => type !== null))]
}
