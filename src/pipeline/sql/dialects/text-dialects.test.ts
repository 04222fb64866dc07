import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type Compiled,
  compiled,
  exceptionsOf,
  goldenFolder,
  outcome,
  parseError,
} from '../../../../test/builders/dialect-texts.ts'
import { isProblem, type Json, type JsonObject } from '../../../base/index.ts'
import { type ExampleTable, identifier, type StepExample, stepExamples } from '../../index.ts'
import { definitionOf } from '../../steps/index.ts'
import { type TextDialect, textDialects } from './text-dialects.ts'

/** Native queries are no dialect's to write. */
const examples = Object.entries(stepExamples).filter(([name]) => !definitionOf(name)?.native)

function golden({ text, values }: Compiled): string {
  const header = values.map(({ value, type }, index) => {
    const shown = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
    return `-- ${index + 1}: ${type} ${shown}\n`
  })
  return `${header.join('')}${text}\n`
}

describe.each([...textDialects])('the texts of $dialect.name', (entry) => {
  const exceptions = exceptionsOf(entry)
  const { dialect, parser } = entry

  it.each(examples)('%s', async (name, example) => {
    const result = await outcome(() => compiled(entry, { name, example }))
    if ('refusal' in result) {
      expect(result.refusal).toContain(exceptions.refused[name] ?? 'a refusal that exceptions.json lists')
      return
    }
    expect(exceptions.refused[name]).toBeUndefined()
    await expect(golden(result)).toMatchFileSnapshot(join(goldenFolder, dialect.name, `${name}.sql`))
    if (!parser) return
    const error = await parseError(parser, result.parsed)
    if (name in exceptions.unparsed) expect(error).toBeDefined()
    else expect(error).toBeUndefined()
  })

  it('has no golden files but those', () => {
    const files = readdirSync(join(goldenFolder, dialect.name)).filter((file) => file.endsWith('.sql'))
    const steps = examples.map(([name]) => name).filter((name) => !(name in exceptions.refused))
    expect(files.sort()).toEqual(steps.map((name) => `${name}.sql`).sort())
  })
})

/** What ends quoting, comments and statements somewhere, around a word that must not reach a text. */
const hostile = (word: string) => `MARK'"\`]);--/*\\$1 %s ? ${word} \u{1F600}`

/** Fields of words that a step knows, some of which are names in its example as well. */
const words = new Set(['datesGranularity', 'granularity', 'statistics', 'dateInfo', 'durationIn'])

/** The same example with other names of columns and domains, and other texts, wherever they stand by themselves. */
function marked({ step, input, output, others = {} }: StepExample): StepExample {
  const tables = [input, output, ...Object.values(others)]
  const names = tables.flatMap((table) => Object.keys(table.columns)).filter((name) => name !== 'geometry')
  const texts = tables.flatMap(({ columns, rows }) => {
    const types = Object.values(columns)
    return rows.flatMap((row) => row.filter((cell, index) => typeof cell === 'string' && types[index] === 'text'))
  })
  const known = new Set<Json>([...names, ...texts, ...Object.keys(others)])
  const mark = (value: Json, field = ''): Json => {
    if (words.has(field)) return value
    if (typeof value === 'string') return known.has(value) ? hostile(value) : value
    if (Array.isArray(value)) return value.map((item) => mark(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mark(item, key)]))
  }
  const table = (plain: ExampleTable): ExampleTable => ({
    rows: plain.rows,
    columns: Object.fromEntries(Object.entries(plain.columns).map(([name, type]) => [String(mark(name)), type])),
  })
  return {
    step: mark(step) as JsonObject,
    input: table(input),
    output: table(output),
    others: Object.fromEntries(Object.entries(others).map(([name, other]) => [String(mark(name)), table(other)])),
  }
}

/** Steps whose example has names inside of an expression. */
const written: { readonly [step: string]: JsonObject } = {
  formula: { newColumn: hostile('new'), formula: `"${hostile('text').replace('"', '')}"` },
}

describe.each([...textDialects])('what people wrote and $dialect.name', (entry) => {
  const { dialect, escapes } = entry
  const { refused } = exceptionsOf(entry)

  it.each(examples)('stays out of the text of %s', async (name, example) => {
    const other = marked(example)
    const fields = written[name] ?? other.step
    const run = () => compiled(entry, { name, example: { ...other, step: fields }, naming: (_, index) => `p${index}` })
    const result = await outcome(run)
    if ('refusal' in result) expect(result.refusal).toContain(refused[name] ?? 'a refusal that exceptions.json lists')
    else {
      expect(result.text).not.toMatch(/MARK|\$1 %s/)
      expect(result).toEqual(await run())
    }
  })

  const names = [
    `a"; DROP TABLE b; --`,
    `a"" ""`,
    'a`; DROP TABLE b; --',
    'a``',
    'a\\`; --',
    'a\\',
    `a\\"`,
    'a]; DROP TABLE b; --',
    '[a]]',
    `a'; --`,
    'a;b',
    '/* a */ -- b',
    'a\nb\r\n--',
    '{{ a }}',
    '$where',
    '$1 :1 ? @p1 %s {p1:String}',
    '\u{1F600}',
    'x'.repeat(300),
    '\0',
    'a\0b',
  ]

  it.each(names)('as a name is inside of one quoted identifier, or refused: %j', async (name) => {
    let quoted: string
    try {
      quoted = dialect.quote(name)
      identifier(quoted)
    } catch (error) {
      if (isProblem(error)) return
      throw error
    }
    expect(endOfQuoted(quoted, escapes)).toBe(quoted.length)
    expect(quoted).not.toContain('\0')
    const given = { name: 'sort', example: stepExamples.sort!, naming: () => 'p0' }
    const { text } = await compiled(entry, { ...given, naming: () => name })
    const plain = await compiled(entry, given)
    expect(text).toBe(plain.text.replaceAll(dialect.quote('p0'), () => quoted))
  })
})

/** Where a quoted identifier at the start of a text ends; -1 when it does not. */
function endOfQuoted(text: string, escapes: TextDialect['escapes']): number {
  const close = text.startsWith('[') ? ']' : text.charAt(0)
  for (let offset = 1; offset < text.length; offset++) {
    const char = text.charAt(offset)
    if (escapes === 'backslash' && char === '\\') offset++
    else if (char === close) {
      if (text.charAt(offset + 1) !== close) return offset + 1
      offset++
    }
  }
  return -1
}
