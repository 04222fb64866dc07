import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isProblem } from '../../src/base/index.ts'
import {
  compileSql,
  type ExampleTable,
  identifier,
  mapDomainSteps,
  parsePipeline,
  type Query,
  renderPipeline,
  renderSql,
  type SqlSource,
  type StepExample,
  settleQuery,
  type Value,
} from '../../src/pipeline/index.ts'
import type { TextDialect } from '../../src/pipeline/sql/dialects/text-dialects.ts'

/**
 * What a dialect does not do, beside its golden files: steps that it refuses with a part of the message, and steps whose text its
 * parser does not take, with the documented construct that is the reason.
 */
export interface Exceptions {
  readonly refused: { readonly [step: string]: string }
  readonly unparsed: { readonly [step: string]: string }
}

const now = new Date('2024-05-05T12:00:00Z')
/** Where the golden files are, a folder for each dialect. */
export const goldenFolder = join(import.meta.dirname, '../fixtures/sql')

export function exceptionsOf({ dialect }: TextDialect): Exceptions {
  return JSON.parse(readFileSync(join(goldenFolder, dialect.name, 'exceptions.json'), 'utf8'))
}

export interface Compiled {
  readonly text: string
  /** The same with numbers in the places of `?`, and without what the parser does not know. */
  readonly parsed: string
  readonly values: readonly { readonly value: Value; readonly type: string }[]
}

/** Quotes that a source has around its names: as people named them, or `p0`, `p1`, …, which are nobody's. */
type Naming = (name: string, index: number) => string

interface Given {
  readonly name: string
  readonly example: StepExample
  readonly naming?: Naming
}

export async function compiled(
  { dialect, unknown = [] }: TextDialect,
  { name, example, naming = (own) => own }: Given,
) {
  const own = name === 'domain' ? String(example.step.domain) : 'example'
  const tables: { readonly [domain: string]: ExampleTable } = { ...example.others, [own]: example.input }
  const source = (domain: string): SqlSource => {
    const columns = Object.entries(tables[domain]!.columns).map(([column, type], index) => ({
      name: column,
      type,
      id: dialect.quote(naming(column, index)),
    }))
    return { table: identifier(dialect.quote(naming(domain, 0))), columns, rowOrder: dialect.quote('row_number') }
  }
  const before = name === 'domain' ? [] : [{ name: 'domain', domain: own }]
  const rendered = renderPipeline(parsePipeline([...before, { name, ...example.step }], {}), {}, now)
  const query = { pipeline: mapDomainSteps(rendered, (step) => ({ ...step, rule: { always: true } })) }
  const settled = await settleQuery(query, async (question) => answers(question, example.input))
  const rows = compileSql(settled, { source, dialect, now }).rows({ offset: 0, limit: null })
  const { text, values } = renderSql(rows, dialect.placeholder)
  const parsed = renderSql(rows, (...of) => dialect.placeholder(...of).replace('?', '1'))
  const known = unknown.reduce((read, [construct, instead]) => read.replaceAll(construct, instead), parsed.text)
  return { text, values, parsed: known } satisfies Compiled
}

/** What the database would say: the values of a pivot, and shapes that are all of one group. */
function answers({ pipeline }: Query, { columns, rows }: ExampleTable): Value[] {
  const step: object = pipeline.at(-1) ?? {}
  const column = 'columnToPivot' in step ? String(step.columnToPivot) : 'geometry'
  const at = Object.keys(columns).indexOf(column)
  const found = [...new Set(rows.map((row) => row[at] ?? null))]
  return 'columnToPivot' in step ? found : found.map((shape) => `1:1:1:${shape}`)
}

export async function outcome(run: () => Promise<Compiled>): Promise<Compiled | { readonly refusal: string }> {
  try {
    return await run()
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return { refusal: error.message }
    throw error
  }
}

const require = createRequire(import.meta.url)

/** What a parser has against a text. A parser is loaded where it is needed: each takes seconds. */
export async function parseError(
  parser: NonNullable<TextDialect['parser']>,
  text: string,
): Promise<string | undefined> {
  if (parser === 'SparkSQL' || parser === 'TrinoSQL') {
    const one =
      parser === 'SparkSQL'
        ? new (await import('dt-sql-parser/dist/parser/spark/index.js')).SparkSQL()
        : new (await import('dt-sql-parser/dist/parser/trino/index.js')).TrinoSQL()
    const [error] = one.validate(text)
    return error && `${error.startLine}:${error.startColumn} ${error.message}`
  }
  const { Parser } = require(`node-sql-parser/build/${parser}`)
  try {
    new Parser().parse(text, { database: parser })
    return undefined
  } catch (error) {
    const at = (error as { location?: { start: { offset: number } } }).location?.start.offset ?? 0
    return `${String(error).slice(-80)} at ${text.slice(at - 40, at)} >>> ${text.slice(at, at + 60)}`
  }
}
