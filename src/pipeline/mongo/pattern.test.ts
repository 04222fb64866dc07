import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { patternProblem } from '../index.ts'
import { patternFor } from './pattern.ts'

const patterns = [
  '',
  'a',
  '^a',
  'a$',
  '^$',
  '^*a',
  '(?m)^b$',
  '(?m:^)b',
  '(?s)a.b',
  'a.b',
  '(?U)a+b',
  '(?i)A|É',
  'a|b',
  '(a|b)\\b',
  '\\Aa\\z',
  '\\bb\\B?',
  '[^a]',
  '[]a]',
  '[^]a]',
  '[a\\]b-]',
  '[\\d\\-]',
  '[[:alpha:]]',
  '[^[:^space:]]',
  '[\\W_]',
  '[\\S]',
  '\\s',
  '\\S\\s\\S',
  '\\v',
  '\\x41',
  '\\x{1F600}',
  '\\101',
  '\\Qa.b\\E',
  '\\Q$',
  '\\pL',
  '\\PL',
  '\\p{Lu}',
  '\\p{^Lu}',
  '[\\p{Lu}\\d]',
  'a{2}',
  'a{1,}?b',
  'a{,2}',
  'a{',
  '}',
  '\\$where',
  '(?P<name>a)(?:b)?',
  '(?i:a)',
  '[\\x00-\\x{10FFFF}]',
  '^.$',
  'a-b',
  '/',
  '\\-',
  '\\/',
  '[/^]',
]
const texts = [
  '',
  'a',
  'A',
  'b',
  'ab',
  'aab',
  'a\n',
  'a\nb',
  '\nb',
  'b\n',
  'a.b',
  'a b',
  'a-b',
  'a{,2}',
  'a{',
  '}',
  ']',
  '^',
  '$',
  '$where',
  '-',
  '_',
  '5',
  'é',
  'É',
  '😀',
  '\v',
  '\t',
  '\u0000',
  '\u00a0',
  '\u2028',
  '/',
  '\\',
]

describe('expressions for MongoDB', () => {
  it.each(patterns)('find what RE2 finds: %j', (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined()
    const { regex, fold } = patternFor(pattern)
    // JavaScript has no flags inside of an expression; what they say is checked below.
    const search = new RegExp(regex.replaceAll('(?i:', '(?:'), fold || regex.includes('(?i:') ? 'iu' : 'u')
    const expected = RE2JS.compile(pattern)
    expect(texts.filter((text) => search.test(text))).toEqual(texts.filter((text) => expected.test(text)))
  })

  it('keep a beginning that an index can be used for', () => {
    expect(patternFor('^Par')).toEqual({ regex: '^Par', fold: false })
  })

  it('tell case where it changes, and as an option where it is all the same', () => {
    expect(patternFor('(?i)a(?-i:b)c')).toEqual({ regex: 'a(?-i:b)c', fold: true })
    expect(patternFor('a(?i)b|(c)')).toEqual({ regex: 'a(?i)b|(?:c)', fold: false })
    expect(patternFor('(?i:a(?-i)b)c')).toEqual({ regex: '(?i:a(?-i)b)c', fold: false })
  })

  it('have no character that a server refuses', () => {
    expect(patternFor('a\u0000\\x00[\u0000]').regex).toBe('a\\x00\\x00[\\x00]')
  })

  it('take time in proportion to their length', () => {
    const before = performance.now()
    patternFor('(a)'.repeat(3000))
    expect(performance.now() - before).toBeLessThan(500)
  })
})
