import { ReadPreference } from 'mongodb'
import { expect, it } from 'vitest'
import { readPreferenceFor } from './read-preference.ts'

const minute = 60_000

it('asks other members only for rows that are old enough to be there', () => {
  const now = 1_800_000_000_000
  expect(readPreferenceFor('secondary', { publishedAt: now, now })).toBe('primary')
  expect(readPreferenceFor('nearest', { publishedAt: now - minute, now })).toBe('primary')
  const old = readPreferenceFor('secondaryPreferred', { publishedAt: now - 3 * minute, now })
  expect(old).toMatchObject({ mode: 'secondaryPreferred', maxStalenessSeconds: 90 })
  // The driver refuses a bound on the lag with the primary alone.
  expect(readPreferenceFor('primary', { publishedAt: now - 3 * minute, now })).toBe('primary')
  for (const mode of ['primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'] as const) {
    expect(readPreferenceFor(mode, { publishedAt: 0, now })).toBeInstanceOf(ReadPreference)
  }
})
