/**
 * ConversationUnreadUpdate and ConversationUpdate. The second tells that a visitor was identified and his conversation went
 * up in another; it does not say what is unread afterwards.
 */
import type { Json } from '../body.ts'
import { countOf, flagOf, textOf } from '../fields.ts'
import type { Translation, Translator } from './draft.ts'

export const conversationTranslators: Readonly<Record<string, Translator>> = {
  ConversationUnreadUpdate: { translate: changed, datedBy: [], mayLackContact: true },
  ConversationUpdate: { translate: merged, datedBy: [], mayLackContact: true },
}

function changed(body: Json): Translation {
  const conversationId = textOf(body, 'id', 'conversationId')
  if (conversationId === null) return { missing: 'id' }
  return {
    kind: 'conversation_changed',
    sections: {
      conversation: {
        conversationId,
        mergedId: null,
        unreadCount: countOf(body, 'unreadCount'),
        inInbox: flagOf(body, 'inbox'),
        starred: flagOf(body, 'starred'),
        deleted: flagOf(body, 'deleted'),
      },
    },
  }
}

function merged(body: Json): Translation {
  const conversationId = textOf(body, 'newConversationId')
  if (conversationId === null) return { missing: 'newConversationId' }
  const mergedId = textOf(body, 'oldConversationId')
  return {
    kind: 'conversation_merged',
    sections: { conversation: { conversationId, mergedId, unreadCount: null, inInbox: null, starred: null, deleted: null } },
  }
}
