import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isProblem } from '../../src/base/index.ts'
import {
  athenaDialect,
  bigqueryDialect,
  type Column,
  clickhouseDialect,
  compileMongo,
  compileSql,
  databricksDialect,
  duckdbDialect,
  mapDomainSteps,
  mysqlDialect,
  oracleDialect,
  postgresDialect,
  type Query,
  redshiftDialect,
  renderSql,
  type SqlDialect,
  type Stage,
  settleQuery,
  snowflakeDialect,
  sqlserverDialect,
  type Value,
} from '../../src/pipeline/index.ts'
import { type ConformanceCase, loadCases } from './load-cases.ts'
import { mark, marked, markedDigits } from './marked-pipelines.ts'
import { fixtureNow as now, queryOf, tablesOf } from './prepare.ts'

const root = join(import.meta.dirname, '..', '..')
const given = join(root, '..', 'shared', 'fixtures', 'weaverbird')
/** Those that run here bind every number; the others write whole numbers that have been checked where they take no parameter. */
const running: readonly SqlDialect[] = [duckdbDialect, postgresDialect, mysqlDialect]
const dialects: readonly SqlDialect[] = [
  ...running,
  athenaDialect,
  bigqueryDialect,
  clickhouseDialect,
  databricksDialect,
  oracleDialect,
  redshiftDialect,
  snowflakeDialect,
  sqlserverDialect,
]

/** Their text is the user's own, and is checked elsewhere. */
const isNative = (step: unknown): boolean => /"name":"custom(sql)?"/.test(jsonOf(step))

const fixtures = [
  ...(existsSync(given) ? loadCases(given) : []),
  ...loadCases(join(root, 'test/fixtures/pipelines'), given),
]
const cases = fixtures.filter((fixture) => 'pipeline' in fixture).filter(({ pipeline }) => !isNative(pipeline))

/** By the step that they are about. */
const steps = [...new Set(cases.map(({ step }) => step))].map(
  (name) => [name, cases.filter(({ step }) => step === name)] as const,
)

/** What a fixture is compiled to: a text for each dialect, and the stages. */
interface Compiled {
  /** Undefined where a dialect cannot do it. */
  readonly texts: ReadonlyMap<string, string | undefined>
  readonly stages: readonly Stage[]
}

async function compiled(fixture: ConformanceCase): Promise<Compiled> {
  const query = await settled(fixture)
  const texts = dialects.map((dialect) => [dialect.name, unlessRefused(() => sqlOf(fixture, query, dialect))] as const)
  return { texts: new Map(texts), stages: unlessRefused(() => mongoOf(fixture, query).stages) ?? [] }
}

/** A pivot is told the values of its column in the fixture, and one that is marked. */
async function settled(fixture: ConformanceCase): Promise<Query> {
  return settleQuery(ruled(fixture), async (question) => {
    const [column] = mongoOf(fixture, question).columns
    if (column?.type !== 'text') return []
    return [...new Set([...valuesOf(fixture, column.name), `$${mark}'"\``])]
  })
}

function valuesOf({ domains }: ConformanceCase, name: string): Value[] {
  return [...domains.values()].flatMap(({ columns, rows }) => {
    const at = columns.findIndex((column) => column.name === name)
    return rows.map((row) => row[at] ?? null).filter((value) => typeof value === 'string')
  })
}

/** As a viewer asks who is kept to rows by a marked value. */
function ruled(fixture: ConformanceCase): Query {
  const query = queryOf(fixture)
  const pipeline = mapDomainSteps(query.pipeline, (step) => {
    const column = fixture.domains.get(step.domain)?.columns.find(({ type }) => type === 'text')?.name
    return column === undefined ? step : { ...step, rule: { column, operator: 'ne', value: `$${mark}` } }
  })
  return { pipeline }
}

function sqlOf(fixture: ConformanceCase, query: Query, dialect: SqlDialect): string {
  const tables = new Map(tablesOf(fixture, query))
  const source = (domain: string) => ({
    table: { texts: ['rows_of_it'], values: [] },
    columns: columnsOf(tables.get(domain)?.columns).map((column) => ({ ...column, id: dialect.quote(column.id) })),
    rowOrder: 'n0',
  })
  const { rows } = compileSql(query, { source, dialect, now })
  return renderSql(rows({ offset: 0, limit: 100 }), dialect.placeholder).text
}

function mongoOf(fixture: ConformanceCase, query: Query) {
  const tables = new Map(tablesOf(fixture, query))
  const source = (domain: string) => ({ collection: 'rows', columns: columnsOf(tables.get(domain)?.columns) })
  return compileMongo(query, { source, now })
}

function columnsOf(columns: readonly Column[] = []) {
  return columns.map((column, index) => ({ ...column, id: `c${index}` }))
}

function unlessRefused<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return undefined
    throw error
  }
}

/** Whether MongoDB and the databases that run here all take it. */
async function compiles(fixture: ConformanceCase): Promise<boolean> {
  try {
    const query = await settled(fixture)
    mongoOf(fixture, query)
    for (const dialect of running) sqlOf(fixture, query, dialect)
    return true
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return false
    throw error
  }
}

const known = new Map<ConformanceCase, Promise<ConformanceCase>>()

function markedOnce(fixture: ConformanceCase): Promise<ConformanceCase> {
  const found = known.get(fixture) ?? marked(fixture, compiles)
  known.set(fixture, found)
  return found
}

it.each(steps)('what is compiled for %s is the same every time, to the byte', async (_, of) => {
  for (const fixture of of) {
    const [first, second] = [await compiled(fixture), await compiled(structuredClone(fixture))]
    expect([...second.texts], fixture.file).toEqual([...first.texts])
    expect(jsonOf(second.stages), fixture.file).toBe(jsonOf(first.stages))
  }
})

it.each(steps)('no value in %s stands in a text of SQL, or where MongoDB would read it as more', async (_, of) => {
  for (const fixture of of) {
    const { texts, stages } = await compiled(await markedOnce(fixture))
    const written = [...texts.values()].join('\n')
    expect(written, fixture.file).not.toContain(mark)
    const numbers = running.map(({ name }) => texts.get(name)?.replace(frame, ''))
    expect(numbers.join('\n'), fixture.file).not.toContain(markedDigits)
    expect(unescaped(stages), fixture.file).toEqual([])
  }
})

it('marks and compiles most of the pipelines', async () => {
  const found = { marked: 0, compiled: 0 }
  for (const fixture of cases) {
    const changed = await markedOnce(fixture)
    const { texts, stages } = await compiled(changed)
    if (jsonOf(changed.pipeline).includes(mark)) found.marked++
    if (stages.length > 0 && running.every(({ name }) => texts.get(name) !== undefined)) found.compiled++
  }
  expect(found.marked).toBeGreaterThan(cases.length * 0.9)
  expect(found.compiled).toBeGreaterThan(cases.length * 0.95)
})

/** The size of a window takes no parameter in MariaDB. */
const frame = /ROWS BETWEEN \d+ PRECEDING/g

/** What a query compares a field with. Outside of `$match`, and in its `$expr`, operators of these names take expressions. */
const comparisons = new Set(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$regex'])

/** The places of marked texts that are no constants. */
function unescaped(value: unknown, place: readonly string[] = []): string[] {
  if (typeof value === 'string') return value.includes(mark) && !isConstant(place) ? [place.join('.')] : []
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key.includes(mark) ? [`${place.join('.')}: a name`] : []),
    ...unescaped(member, [...place, key]),
  ])
}

function isConstant(place: readonly string[]): boolean {
  if (place.includes('$literal')) return true
  const match = place.lastIndexOf('$match')
  return match >= 0 && !place.includes('$expr', match) && place.some((key) => comparisons.has(key))
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, withoutBigInts)
}

function withoutBigInts(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
