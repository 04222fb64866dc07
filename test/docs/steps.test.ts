import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { stepPages } from '../../scripts/docs/step-pages.ts'
import type { Json, JsonObject } from '../../src/base/index.ts'
import {
  canonicalQuery,
  parsePipeline,
  renderPipeline,
  type StepExample,
  stepExamples,
  stepSchemas,
} from '../../src/pipeline/index.ts'
import { exampleTables, tableOf } from '../builders/example-tables.ts'

const docs = join(import.meta.dirname, '../../docs')
const examples = Object.entries(stepExamples)

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The same with every field, at any level, in snake_case. */
function inSnakeCase(value: Json): Json {
  if (Array.isArray(value)) return value.map(inSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [snakeCase(key), inSnakeCase(item)]))
}

async function answer(name: string, example: StepExample) {
  const { tables, pipeline } = await exampleTables(name, example)
  try {
    return await tables.ask(pipeline)
  } finally {
    tables.close()
  }
}

it('every step has an example that shows something', () => {
  expect(Object.keys(stepExamples).sort()).toEqual(
    stepSchemas()
      .map(({ name }) => name)
      .sort(),
  )
  for (const [name, { input, output, others = {} }] of examples) {
    for (const { columns, rows } of [input, output, ...Object.values(others)]) {
      const width = Object.keys(columns).length
      expect(rows.filter((row) => row.length !== width)).toEqual([])
    }
    expect(input.rows.length).toBeGreaterThanOrEqual(2)
    if (name !== 'domain') expect(output).not.toEqual(input)
  }
})

it.each(examples)('the example of %s gives what it says: columns, types and rows in order', async (name, example) => {
  const { columns, rows } = await answer(name, example)
  const output = tableOf(example.output)
  expect(columns).toEqual(Object.entries(output.columns).map(([column, type]) => ({ name: column, type })))
  expect(rows).toEqual(output.rows)
})

it.each(examples)('the example of %s is the same step in snake_case', (name, { step }) => {
  const before = name === 'domain' ? [] : [{ name: 'domain', domain: 'input' }]
  const read = (fields: Json) => {
    const parsed = parsePipeline([...before, { name, ...(fields as JsonObject) }], {})
    return canonicalQuery({ pipeline: renderPipeline(parsed, {}, new Date()) })
  }
  expect(read(inSnakeCase(step))).toBe(read(step))
})

it('the pages of the steps are fresh, and each is linked from their index', () => {
  const index = readFileSync(join(docs, 'steps/index.md'), 'utf8')
  for (const [path, page] of Object.entries(stepPages)) {
    expect(readFileSync(join(docs, path), 'utf8')).toBe(page())
  }
  for (const [name] of examples) expect(index).toContain(`| [\`${name}\`](${name}.md) |`)
})

it.each(stepSchemas())('the page of $name names every field in both spellings', ({ name, schema }) => {
  const page = readFileSync(join(docs, `steps/${name}.md`), 'utf8')
  const { name: _, ...fields } = schema.properties as JsonObject
  for (const field of Object.keys(fields)) {
    const other = snakeCase(field)
    expect(page).toContain(`| \`${field}\`${other === field ? '' : `<br>\`${other}\``} |`)
  }
})
