import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { patternProblem } from '../../conditions/patterns.ts'
import {
  databricksDialect,
  redshiftDialect,
  renderSql,
  type ServerDialect,
  type Sql,
  snowflakeDialect,
} from '../../index.ts'
import { sql } from '../fragment.ts'
import { groupNumbers, numbered, snowflakePattern } from './snowflake/pattern.ts'

function textOf({ placeholder }: ServerDialect, fragment: Sql): string {
  return renderSql(fragment, placeholder).text
}

describe('values', () => {
  it('are handed to drivers as texts, dates as milliseconds where they are bound so', () => {
    const date = new Date('2024-02-29T23:59:59.001Z')
    expect(redshiftDialect.parameter(date)).toBe('2024-02-29 23:59:59.001')
    for (const dialect of [snowflakeDialect, databricksDialect]) expect(dialect.parameter(date)).toBe('1709251199001')
    for (const dialect of [redshiftDialect, snowflakeDialect, databricksDialect]) {
      expect([null, true, false, 2n ** 63n - 1n, 1e-7, 'x'].map(dialect.parameter)).toEqual([
        null,
        '1',
        '0',
        '9223372036854775807',
        '1e-7',
        'x',
      ])
    }
  })

  it('beyond the dates of Snowflake are its first or last one', () => {
    const found = [new Date(-8.64e15), new Date(8.64e15)].map(snowflakeDialect.parameter)
    expect(found.map((text) => new Date(Number(text)).toISOString())).toEqual([
      '0000-01-01T00:00:00.000Z',
      '9999-12-31T23:59:59.999Z',
    ])
  })

  it('stand behind LIMIT as each database takes them', () => {
    const ends = [redshiftDialect, snowflakeDialect, databricksDialect].map((dialect) => [
      textOf(dialect, dialect.slice(5, 10, true)),
      textOf(dialect, dialect.slice(null, 10, true)),
    ])
    expect(ends).toEqual([
      ['LIMIT $1 OFFSET $2', 'OFFSET $1'],
      ['LIMIT ? OFFSET ?', 'LIMIT NULL OFFSET ?'],
      ['LIMIT CAST(? AS INT) OFFSET CAST(? AS INT)', 'OFFSET CAST(? AS INT)'],
    ])
  })
})

describe('numbers of the room in Redshift', () => {
  it('are doubles, each by one cast only', () => {
    const [a, b] = [sql`c0`, sql`c1`]
    const product = redshiftDialect.operate('*', [a, b], 'number')
    const text = textOf(redshiftDialect, redshiftDialect.operate('+', [product, b], 'number'))
    expect(text).toContain(`< CAST('1e200' AS double precision)`)
    expect(text.replaceAll(/CAST\('[-+.\de]+' AS double precision\)/g, '')).not.toMatch(/\de[-+]?\d|''/)
  })

  it('have no remainder unless they are integers', () => {
    const [a, b] = [sql`c0`, sql`c1`]
    expect(textOf(redshiftDialect, redshiftDialect.operate('%', [a, b], 'integer'))).toBe('(c0 % nullif(c1, 0))')
    expect(() => redshiftDialect.operate('%', [a, b], 'number')).toThrow('no remainder')
  })
})

describe('the first of a group in Redshift', () => {
  it('is that of the least or the greatest number of a row', () => {
    const by = (descending: boolean, backwards: boolean): string => {
      const order = { keys: [{ id: 'c1', descending }], backwards }
      return textOf(redshiftDialect, redshiftDialect.first(sql`c0`, 'text', order)).slice(0, 11)
    }
    expect([by(false, false), by(true, true), by(false, true), by(true, false)]).toEqual([
      'substr(min(',
      'substr(min(',
      'substr(max(',
      'substr(max(',
    ])
  })
})

describe('groups of a regular expression', () => {
  it('are all counted in Snowflake, which has no others', () => {
    const pattern = '^([a(]\\(?:)(?:x|(y))?(?:\\\\(?:z)+)(w)$'
    expect(numbered(pattern)).toBe('^([a(]\\(?:)(x|(y))?(\\\\(z)+)(w)$')
    expect(groupNumbers(pattern)).toEqual([1, 3, 6])
  })

  it('are one in each expression of Redshift, the only one that it gives', () => {
    const pattern = { pattern: "(?i)^([0-9]{2})'(?:[(]\\(([a-z])\\))?$", groups: ['a', 'b'], ours: true }
    const text = textOf(redshiftDialect, redshiftDialect.dates.captures(sql`c0`, pattern))
    expect(text).toContain(`REGEXP_SUBSTR(c0, '(?i)^([0-9]{2})''(?:[(]\\\\((?:[a-z])\\\\))?$', 1, 1, 'ep')`)
    expect(text).toContain(`REGEXP_SUBSTR(c0, '(?i)^(?:[0-9]{2})''(?:[(]\\\\(([a-z])\\\\))?$', 1, 1, 'ep')`)
  })

  it('that a person wrote a part of are bound', () => {
    const pattern = { pattern: '(?i)^MARK([0-9]{2})$', groups: ['a'], ours: false }
    for (const dialect of [redshiftDialect, snowflakeDialect, databricksDialect]) {
      expect(textOf(dialect, dialect.dates.captures(sql`c0`, pattern))).not.toContain('MARK')
    }
  })
})

describe('a search in Snowflake', () => {
  /** The server asks whether the whole text fits, a point is any character, and its engine is of the same kind. */
  function found(pattern: string, text: string): boolean {
    return RE2JS.compile(snowflakePattern(pattern), RE2JS.DOTALL).matches(text)
  }

  it.each([
    '',
    'a',
    '^b',
    'a$',
    '^$',
    'a.b',
    '(?s)a.b',
    '[^a]',
    '(?i)k',
    '\\d+',
    '\\W',
    '(a|b)c',
    '(?:a{2}|[!-/]){2,}',
    'é',
    '\\pL\\x{1F600}',
  ])('finds the same texts: %j', (pattern) => {
    const texts = [
      '',
      'a',
      'b',
      'ab',
      'a\nb',
      '\nb',
      'a\n',
      'K',
      '\u212a',
      '12',
      'ac',
      'aa-',
      '!!',
      'é',
      'x\u{1F600}',
      '\\',
      '.',
    ]
    for (const text of texts)
      expect([text, found(pattern, text)]).toEqual([text, RE2JS.compile(pattern).matcher(text).find()])
  })

  it('finds any text by itself, whatever signs it has', () => {
    const characters = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(characters, (text) => {
        const quoted = RE2JS.quote(text)
        fc.pre(patternProblem(quoted) === undefined)
        expect(found(quoted, `<${text}>`)).toBe(true)
        expect(found(`^${quoted}$`, `${text}x`)).toBe(false)
      }),
    )
  })

  it.each(['\\bfoo', 'a\\B', '(?m)^a', 'x|(?m:a$)*'])('is refused for %j', (pattern) => {
    expect(() => snowflakePattern(pattern)).toThrow('no regular expressions with word boundaries')
  })
})
