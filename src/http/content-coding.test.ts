import { describe, expect, it } from 'vitest'
import { chooseCoding, tagOfCoding } from './content-coding.ts'

describe('chooseCoding', () => {
  const cases: [string | undefined, string | null][] = [
    [undefined, null],
    ['', null],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['GZIP;Q=0.5', 'gzip'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0, gzip;q=0', null],
    ['*', 'br'],
    ['*;q=0', null],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=0.1, *;q=0', 'gzip'],
    ['identity', null],
    ['identity, gzip', 'gzip'],
    ['identity;q=1, gzip;q=0.5', null],
    ['identity;q=0', null],
    ['identity;q=0, gzip', 'gzip'],
    ['deflate, zstd', null],
    ['gzip ; q=0.8 ,br ; q=0.9', 'br'],
    [',,;;q=,', null],
    ['gzip;q=much', null],
    ['gzip;q=-1, br;q=2', null],
    ['brotli, gzippy', null],
    ['__proto__, constructor', null],
  ]
  it.each(cases)('%s → %s', (header, coding) => expect(chooseCoding(header)).toBe(coding))
})

it('gives each coding a tag of its own, strong or weak as the tag was', () => {
  expect(tagOfCoding('"abc"', 'br')).toBe('"abc-br"')
  expect(tagOfCoding('W/"abc"', 'gzip')).toBe('W/"abc-gzip"')
})
