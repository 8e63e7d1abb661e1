/** Why facts about a market could not be read; a row that cannot be read is no error but a value. */
import { errorsOf } from '../../runtime/errors.ts'
import type { ErrorEntry } from '../../runtime/errors.ts'

export const marketErrors = {
  E_MARKET_FEED_REFUSED: {
    scope: 'step',
    retriable: false,
    means: 'The market feed refuses the key or does not know what is asked of it.',
    remedy: 'Check MARKET_FEED_URL and MARKET_FEED_KEY; `rekindle config` shows what is set.',
  },
  E_MARKET_FEED_UNAVAILABLE: {
    scope: 'step',
    retriable: true,
    means: 'The market feed does not answer, fails, or allows no more calls for now, also after several tries.',
    remedy: 'Run it again later: facts that were read before are not counted twice.',
  },
  E_MARKET_FEED_UNREADABLE: {
    scope: 'step',
    retriable: false,
    means: 'The market feed answers with something else than JSON Lines, with too much, or with pages that do not end.',
    remedy: 'See docs/market.md for what a feed looks like; ask for smaller pages.',
  },
  E_MARKET_FILE_UNREADABLE: {
    scope: 'step',
    retriable: false,
    means: 'The file with market facts is not there, cannot be read, is larger than 64 MiB, or is no CSV with known columns alone.',
    remedy: 'Check the path and, of CSV, the line that the message names; cut a large file by lines, each part can be loaded alone.',
  },
} as const satisfies Record<string, ErrorEntry>

export type MarketErrorCode = keyof typeof marketErrors
export const marketError = errorsOf(marketErrors)
