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
    const search = new RegExp(patternFor(pattern), 'u')
    const expected = RE2JS.compile(pattern)
    expect(texts.filter((text) => search.test(text))).toEqual(texts.filter((text) => expected.test(text)))
  })

  it('need no flag where a text has only small code points', () => {
    for (const pattern of ['a.b', '[^a]', '(?m)^b$', '\\D\\b', '[^[:^space:]]']) {
      const [plain, unicode] = ['', 'u'].map((flags) => new RegExp(patternFor(pattern), flags))
      for (const text of texts.filter((text) => text !== '😀')) expect(plain?.test(text)).toBe(unicode?.test(text))
    }
  })

  it('keep a beginning that an index can be used for', () => {
    expect(patternFor('^Par')).toBe('^Par')
  })

  it('have no character that a server refuses, and no flag', () => {
    expect(patternFor('a\u0000\\x00[\u0000]')).toBe('a\\x00\\x00\\x00')
    expect(patternFor('(?i)a(?-i:b)')).toBe('[Aa]b')
  })

  it('are refused when they become longer than a server takes', () => {
    expect(() => patternFor('[\\PL]'.repeat(100))).toThrow(expect.objectContaining({ code: 'pipeline_invalid' }))
  })

  it('take time in proportion to their length', () => {
    const before = performance.now()
    patternFor('(a)'.repeat(3000))
    expect(performance.now() - before).toBeLessThan(500)
  })
})
