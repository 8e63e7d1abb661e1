/** Why a webhook or a callback stays raw: it is kept, counted by this word and visible, and nothing follows from it. */
export type UnrecognisedReason =
  | 'unknown_type'
  | 'typeless'
  | 'not_about_a_lead'
  | 'no_part_of_the_story'
  | 'contact_not_named'
  // Beside the event of a workflow's report.
  | 'signal_unknown'
  // Of callbacks of providers alone.
  | 'tenant_not_named'
  | 'tenant_not_installed'
  | 'callback_unreadable'
