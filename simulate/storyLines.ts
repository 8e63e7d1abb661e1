/** What leads, realtors and workflows write in the stories. Plain talk about homes; nothing about who a person is. */
export const lines = {
  workflowWelcome: [
    'Thanks for reaching out to Sandbox Realty! What are you looking for? Reply STOP to opt out.',
    'Hi, this is Sandbox Realty. We got your request and will help right away. Reply STOP to opt out.',
  ],
  workflowNudge: [
    'Still looking? We have new listings this week. Reply STOP to opt out.',
    'Just checking in: would you like an updated list of homes? Reply STOP to opt out.',
  ],
  buyerAsks: [
    'Hi, is the 3 bedroom on Elm Street still available?',
    'We got pre-approved last week. Can we see the house on Oak Lane this week?',
    'How much are the HOA fees for the townhome on Pine Court?',
    'I am in the market for a condo downtown, what is the price range?',
    'Looking to buy asap, our lease ends next month. Could we schedule a showing?',
    'Do you have anything with a yard under 450k?',
  ],
  sellerAsks: [
    "I'm thinking about selling. What is my home worth?",
    'How long does it take to sell a house in my area?',
    'I want to sell within 30 days, I already bought the next one in another city.',
    'What are your fees if we list with you?',
  ],
  humanAnswers: [
    'Good question, let me check and come back to you this afternoon.',
    'Yes, it is. I can show it to you on Thursday or Friday, which do you prefer?',
    'I just sent you the numbers by e-mail. What do you think?',
    'Happy to help! What matters most to you?',
  ],
  buyerWarm: [
    'Friday works. Mortgage approved by the way, so we are ready to buy.',
    'Great, when can we close if we make an offer?',
    'That one is over our budget range. Are there others?',
  ],
  sellerWarm: ['Sounds good. I am ready to sell if the price is right.', 'Can you list my home this month?'],
  agreesToMeet: ['Thursday at 4 works for me.', 'Yes please, book me in.', 'Tomorrow is fine, see you there.'],
  onThePage: [
    'Nice listings on your page! Looking forward to the showing.',
    'Saw your post about the open house, is that the one we are going to see?',
  ],
  comesBack: [
    'Hi again! We took a break but we are looking again. What is new?',
    'Sorry for the silence. Is that house still for sale?',
    'Hello, our plans changed and now we need to move by the end of the month.',
  ],
  optOut: ['STOP', 'Stop', 'Unsubscribe', 'please stop texting me'],
  wantsPerson: [
    'Can I talk to a real person please?',
    'Please call me, I would rather speak to a realtor.',
    'Is this a bot? I want to talk to someone.',
  ],
  notNow: ['Not interested right now, maybe next year.', 'We already bought a house, thanks.', 'Just browsing, not ready yet.'],
} as const satisfies Record<string, readonly [string, ...string[]]>
