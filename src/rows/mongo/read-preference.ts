import type { ReadPreferenceLike } from 'mongodb'
import { ReadPreference } from 'mongodb'
import type { Config } from '../../config/index.ts'

/** A member that lags more is not asked. MongoDB takes no less, in seconds. */
const mostLagSeconds = 90
/** A version that is not older may be missing on such a member, where it would look like one without rows. Milliseconds. */
const freshMs = (mostLagSeconds + 30) * 1000

/** Which members are asked for rows of which the newest became readable at `publishedAt`. */
export function readPreferenceFor(
  mode: Config['mongo']['read_preference'],
  { publishedAt, now }: { readonly publishedAt: number; readonly now: number },
): ReadPreferenceLike {
  if (mode === 'primary' || now - publishedAt < freshMs) return 'primary'
  return new ReadPreference(mode, undefined, { maxStalenessSeconds: mostLagSeconds })
}
