import fc from 'fast-check'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { patternProblem } from '../../conditions/patterns.ts'
import { mysqlDialect, postgresDialect } from '../../index.ts'
import { bind, joinSql, renderSql, type Sql, sql } from '../fragment.ts'
import { mysqlPattern } from './mysql/pattern.ts'
import { postgresPattern } from './postgres/pattern.ts'

const texts = [
  '',
  'a',
  'A',
  'ab',
  'aab',
  'a\nb',
  '\n',
  'b\n',
  'é',
  'É',
  'ß',
  '😀',
  'K',
  'k',
  'ſ',
  's',
  'a.b',
  'a-b',
  ']',
  '\\',
  '10',
  'x 1_y',
  '\t',
  'Ω',
  'жук',
  '{2}',
  'aaaa',
  'ab ab',
  '\u2028',
  'Z',
  '^',
  'a'.repeat(300),
]

/** Pairs of what the engines that take this syntax would otherwise read in ways of their own. */
const patterns = [
  '',
  'a',
  '^',
  '$',
  '^$',
  'a$',
  '^b',
  '(?m)^b',
  '(?m)a$',
  '.',
  '(?s).',
  'a.b',
  '(?s)a.b',
  '[^a]',
  '[^\\n]',
  '\\d',
  '\\D',
  '\\w',
  '\\W+',
  '\\s',
  '\\S',
  '\\b',
  '\\B',
  '\\bab\\b',
  '\\Aa',
  'a\\z',
  '(?i)k',
  '(?i)[j-l]',
  '(?i)é',
  '(?i)s',
  '(?i)[^a]',
  '(?i)\\w',
  '\\pL',
  '\\p{Lu}',
  '\\P{Greek}',
  '\\p{^Greek}',
  '[[:alpha:]]',
  '[[:^digit:]]',
  '[]a]',
  '[a\\]]',
  '[\\d\\-x]',
  '[a-c-]',
  'a{2}',
  'a{2,}',
  'a{0,2}b',
  'a{,2}',
  'a{256,300}',
  '(?:ab ?){2}',
  'a|',
  '|',
  '(a|b)*c?',
  '(?P<n>a)b',
  'a+?b',
  'a*?',
  '(?U)a+',
  '\\Qa.b\\E',
  '\\Q\\',
  '\\x41',
  '\\x{1F600}',
  '\\101',
  '\\.',
  '\\{2\\}',
  '{2}',
  '(?i:a)B',
  'a(?i)b|C',
  '(?:^|\\n)b',
  '(?:^)*a',
  '(?:\\b)+a',
  '\\pN{2}',
  '[^\\x00-\\x{10FFFF}]',
  '\\a|\\f|\\v',
  '-',
  'a-b',
  '[+--]',
  '\\_|\\-',
  '***:a',
  '(?i)***',
].filter((pattern) => patternProblem(pattern) === undefined)

const expected = (pattern: string): boolean[] => {
  const compiled = RE2JS.compile(pattern)
  return texts.map((text) => compiled.test(text))
}

type Ask = (pattern: string) => Promise<boolean[]>

async function agree(ask: Ask): Promise<void> {
  for (const pattern of patterns) expect([pattern, await ask(pattern)]).toEqual([pattern, expected(pattern)])
  const piece = fc.constantFrom(
    'a',
    'b',
    '.',
    '^',
    '$',
    '\\b',
    '[^a]',
    '(?:a|b)',
    '(a',
    ')',
    '|',
    '*',
    '+',
    '?',
    '{2}',
    '(?i)',
    '\\s',
    '\n',
    'é',
    '[',
    ']',
    '-',
  )
  const random = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''))
  const valid = random.filter((pattern) => patternProblem(pattern) === undefined)
  await fc.assert(
    fc.asyncProperty(valid, async (pattern) => {
      expect(await ask(pattern)).toEqual(expected(pattern))
    }),
    { numRuns: 60 },
  )
}

function statement(search: (text: Sql, pattern: string) => Sql, pattern: string, placeholder: (n: number) => string) {
  const found = joinSql(
    texts.map((text) => search(bind(text, 'text'), pattern)),
    ', ',
  )
  return renderSql(sql`SELECT ${found}`, placeholder)
}

describe('patterns', () => {
  it('are written without anything that engines read in different ways', () => {
    expect(postgresPattern('^a.b$')).toBe('\\Aa[\\u0001-\\u0009\\u000b-\\ud7ff\\ue000-\\U0010ffff]b\\Z')
    expect(mysqlPattern('^a.b$')).toBe('\\Aa[\\x{0}-\\x{9}\\x{b}-\\x{d7ff}\\x{e000}-\\x{10ffff}]b\\z')
    expect(postgresPattern('a{256,300}')).toBe('a{255}aa{0,44}')
    expect(mysqlPattern('(?i)k|\\Q***\\E')).toBe('[Kk\\x{212a}]|\\x{2a}\\x{2a}\\x{2a}')
    expect(postgresPattern('(?P<x>a)+?')).toBe('(?:a)+')
  })
})

describe.runIf(process.env.LAPUTA_TEST_POSTGRES_URL)('a search in PostgreSQL', () => {
  it('finds what RE2 finds', { timeout: 60_000 }, async () => {
    const client = new pg.Client({ connectionString: process.env.LAPUTA_TEST_POSTGRES_URL })
    await client.connect()
    try {
      await agree(async (pattern) => {
        const { text, values } = statement(postgresDialect.search, pattern, (n) => `CAST($${n} AS text) COLLATE "C"`)
        const { rows } = await client.query<boolean[]>({
          text,
          values: values.map(({ value }) => value),
          rowMode: 'array',
        })
        return rows[0] ?? []
      })
    } finally {
      await client.end()
    }
  })
})

describe.runIf(process.env.LAPUTA_TEST_MARIADB_URL)('a search in MariaDB', () => {
  it('finds what RE2 finds', { timeout: 60_000 }, async () => {
    const connection = await createConnection({ uri: process.env.LAPUTA_TEST_MARIADB_URL ?? '', rowsAsArray: true })
    try {
      await agree(async (pattern) => {
        const { text, values } = statement(mysqlDialect.search, pattern, (n) =>
          mysqlDialect.placeholder(n, 'text', false),
        )
        const bound = values.map(({ value }) => String(value))
        const [rows] = await connection.execute<RowDataPacket[][]>(text, bound)
        return (rows[0] ?? []).map((cell) => Number(cell) === 1)
      })
    } finally {
      await connection.end()
    }
  })
})
