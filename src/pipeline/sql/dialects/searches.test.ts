import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../base/index.ts'
import { patternProblem } from '../../conditions/patterns.ts'
import { oracleDialect, type SqlDialect, sqlserverDialect } from '../../index.ts'
import { sql } from '../fragment.ts'

/** Servers that do not run here: what they are sent is read by their documentation and must find what RE2 finds. */
const texts = [
  ...[
    '',
    'a',
    'A',
    'ab',
    'aab',
    'abc ',
    ' abc',
    'a\nb',
    '\n',
    'b\n',
    'é',
    '😀',
    'a😀b',
    'k',
    'K',
    'a.b',
    'a-b',
    ']',
    '[',
  ],
  ...['\\', '^', '!', '%', '_', 'a%b', '10', 'x 1_y', 'aaaa', 'ab ab', '|', '(a)', '{2}', '-', '^-', 'a]b', '*', '$'],
]

const pieces = [
  ...[
    'a',
    'b',
    '.',
    '^',
    '$',
    '[^a]',
    '[ab]',
    '[]^-]',
    '[\\[^]',
    '[+--]',
    '(?:a|b)',
    '(a',
    ')',
    '|',
    '*',
    '+',
    '?',
    '{2}',
    '(?i)',
  ],
  ...[
    '\\s',
    '\\d',
    '\\.',
    '\\\\',
    '%',
    '_',
    '!',
    '😀',
    '\n',
    '(?s).',
    '.*',
    '(?s).*',
    '\\^',
    '\\-',
    '\\]',
    '(a|)',
    '[^\\n]',
    '-',
  ],
]

const written = [
  ...[
    '',
    'abc',
    '^a',
    'a$',
    '^a$',
    '^$',
    '(a|b)c?',
    '^[0-9]{2}',
    'a{0,3}b',
    '[^-]',
    '[\\^\\-]',
    '[\\^\\[\\-]',
    '[\\^\\[]',
  ],
  ...[
    '(?s)a.*b',
    '(|a)b',
    '(a|)*',
    '(?:a?){2}',
    '(?i)k',
    '[[:alpha:]]+',
    '100%',
    'a_b',
    '\\Qa.b\\E',
    'x*a',
    'a+',
    '[\\]a]',
  ],
]

/** What a search sends to the server, undefined when it is refused. */
function sent(dialect: SqlDialect, pattern: string): string[] | undefined {
  try {
    return dialect.search(sql`c0`, pattern).values.map(({ value }) => String(value))
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return undefined
    throw error
  }
}

function findsAsRe2(dialect: SqlDialect, pattern: string, read: (written: string) => RegExp): boolean {
  const found = sent(dialect, pattern)
  if (!found) return false
  const readers = found.map(read)
  const compiled = RE2JS.compile(pattern)
  const wanted = texts.filter((text) => compiled.test(text))
  // An empty expression is not sent: it is found in every text.
  const given = found.length === 0 ? texts : texts.filter((text) => readers.some((reader) => reader.test(text)))
  expect({ pattern, found, given }).toEqual({ pattern, found, given: wanted })
  return true
}

const random = fc
  .array(fc.constantFrom(...pieces), { maxLength: 6 })
  .map((list) => list.join(''))
  .filter((pattern) => patternProblem(pattern) === undefined)

function escaped(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
}

/** `LIKE` with `!` before characters that stand for themselves, on the code units of a text. */
function readLike(like: string): RegExp {
  const parts = like.match(/!?[\s\S]/g) ?? []
  const plain = (part: string): string => escaped(part.length === 2 ? part.slice(1) : part)
  const source = parts.map((part, index) => {
    if (part === '%') return '[\\s\\S]*'
    if (part === '_') return '[\\s\\S]'
    const isInside = parts.slice(0, index).lastIndexOf('[') > parts.slice(0, index).lastIndexOf(']')
    if (part === '[' || part === ']' || (part === '-' && isInside)) return part
    return plain(part)
  })
  return new RegExp(`^${source.join('')}$`)
}

/** An expression of POSIX, in whose brackets a backslash is a character like any other. */
function readPosix(expression: string): RegExp {
  const source = expression.replaceAll(/\\.|\[(\^?)(\]?(?:[^\]]*))\]|\.|\$/gsu, (part, caret: string, set: string) => {
    if (part === '.') return '[^\\n]'
    if (part === '$') return '(?![\\s\\S])'
    if (part.startsWith('\\')) return part
    const members = set.match(/[\s\S]-[^\]]|[\s\S]/gu) ?? []
    const inside = members.map((member) => [...member].map((char, at) => (at === 1 ? '-' : escaped(char))).join(''))
    return `[${caret}${inside.join('')}]`
  })
  return new RegExp(source, 'u')
}

describe.each([
  { dialect: sqlserverDialect, read: readLike, least: 14 },
  { dialect: oracleDialect, read: readPosix, least: written.length },
])('a search in $dialect.name', ({ dialect, read, least }) => {
  it('finds what RE2 finds, or is refused', () => {
    const done = written.filter((pattern) => findsAsRe2(dialect, pattern, read))
    expect(done.length).toBeGreaterThanOrEqual(least)
  })

  it('does so for whatever is written', () => {
    fc.assert(
      fc.property(random, (pattern) => {
        findsAsRe2(dialect, pattern, read)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('what a search cannot be', () => {
  it('is refused', () => {
    for (const pattern of ['a.b', 'a+b', '[^a]', '\\bword\\b', '(?m)^a', '(a|b)'.repeat(6), 'a{900}'.repeat(3)]) {
      expect([pattern, sent(sqlserverDialect, pattern)]).toEqual([pattern, undefined])
    }
    for (const pattern of ['\\bword\\b', '(?m)^a', '\\pL', 'abcdefgh'.repeat(65)]) {
      expect([pattern, sent(oracleDialect, pattern)]).toEqual([pattern, undefined])
    }
  })
})
