/** Text of leads without the e-mail addresses and telephone numbers in it: what agents see of messages and custom fields. */

/** The ten digits of a telephone number: nothing shorter is one. */
const PHONE_TEXT = 10

// Leads write their number and address into messages. Grouped 3-3-4 or with a country code: "450000-500000" is a budget.
export function masked(text: string): string {
  const unmailed = text.includes('@') ? text.replace(/[^\s@<>]{1,64}@[^\s@<>]{1,190}/g, '[email]') : text
  if (unmailed.length < PHONE_TEXT || !/\d/.test(unmailed)) return unmailed
  return unmailed.replace(/\+\d[\d ().-]{8,17}\d|(?<!\d)(?:1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?!\d)/g, '[phone]')
}
