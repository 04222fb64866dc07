import { describe, expect, it } from 'vitest'
import { type RowCounts, whoseRows } from './whose-rows.ts'

const admin: RowCounts = {
  user: 'ada',
  domain: 'strikes',
  stage: 'production',
  mine: 10_000,
  shown: 10_000,
  domainTotal: 10_000,
  restricted: false,
  filtered: false,
}
const viewer: RowCounts = { ...admin, user: 'tex', mine: 1495, shown: 1495, domainTotal: null, restricted: true }

describe('whoseRows', () => {
  it.each<[string, RowCounts, string]>([
    ['who sees all', admin, 'Rows of ada in production: all 10,000 rows of strikes are yours. All of them are shown.'],
    [
      'a builder who sees a part',
      { ...admin, mine: 812, shown: 812, restricted: true },
      'Rows of ada in production: 812 of the 10,000 rows of strikes are yours. All of them are shown.',
    ],
    [
      'a viewer, who is not told how many others there are',
      viewer,
      'Rows of tex in production: 1,495 rows of strikes are yours; your rights open no others. All of them are shown.',
    ],
    [
      'a viewer without any rule',
      { ...viewer, restricted: false },
      'Rows of tex in production: all 1,495 rows of strikes are yours. All of them are shown.',
    ],
    [
      'a filter',
      { ...viewer, shown: 12, filtered: true },
      'Rows of tex in production: 1,495 rows of strikes are yours; your rights open no others. 12 of 1,495 match the filter.',
    ],
    [
      'a single row',
      { ...viewer, mine: 1, shown: 1 },
      'Rows of tex in production: 1 row of strikes is yours; your rights open no others. All of them are shown.',
    ],
    ['nobody', { ...viewer, mine: 0, shown: 0 }, 'Rows of tex in production: no row of strikes is yours.'],
    [
      'a builder without rights to the rows',
      { ...admin, mine: 0, shown: 0, restricted: true },
      'Rows of ada in production: 0 of the 10,000 rows of strikes are yours.',
    ],
    [
      'a builder who looks as somebody else',
      { ...admin, user: 'tex', viewedAs: true, mine: 1495, shown: 1495, restricted: true },
      'Rows of tex in production, as far as you may see them: 1,495 of the 10,000 rows of strikes. All of them are shown.',
    ],
  ])('speaks to %s', (_who, counts, words) => {
    expect(whoseRows(counts)).toBe(words)
  })

  it('never tells a viewer a number that the rights do not open', () => {
    expect(whoseRows(viewer).match(/\d[\d,]*/g)).toEqual(['1,495'])
  })
})
