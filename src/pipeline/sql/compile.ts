import { isProblem, Problem } from '../../base/index.ts'
import type { Query } from '../query.ts'
import type { AnyStep, NestedPipeline } from '../step.ts'
import { stepProblem } from '../steps/columns.ts'
import { definitionOf } from '../steps/index.ts'
import type { Column } from '../values.ts'
import { carriedIds, orderKeys, type SqlContext, select } from './context.ts'
import type { SqlDialect } from './dialect.ts'
import { identifier, joinSql, type Sql, sql } from './fragment.ts'
import type { CompiledSql, Relation, SqlColumn, SqlSource } from './relation.ts'

export interface SqlOptions {
  /** Where a domain's rows are. Errors of its own, such as a domain that does not exist, pass through. */
  readonly source: (domain: string) => SqlSource
  readonly dialect: SqlDialect
  /** What relative dates without a base count from. */
  readonly now: Date
}

/**
 * A guarded query as SQL for one dialect. The same query and sources give the same bytes; values are bound, people's names and
 * texts never stand in the text. Errors: `pipeline_invalid` for a column that does not exist or types that do not fit (step, column,
 * nearest names), `data_refused` for a rule on a column that the domain lacks, `internal` for a domain that no rule was put on.
 */
export function compileSql(query: Query, options: SqlOptions): CompiledSql {
  const build = createBuild(options)
  const relation = build.compile(query.pipeline)
  const { dialect } = options
  const ordered = !relation.inOrder && relation.order.length > 0
  const order = sql` ORDER BY ${orderKeys(relation.order, dialect)}`
  const page = (ids: readonly string[], { offset, limit }: Page): Sql => {
    const rows = select(joinSql(ids.map(identifier), ', '), relation.from)
    const sorted = ordered ? sql`${rows}${order}` : rows
    return limit === null && offset === 0 ? sorted : sql`${sorted} ${dialect.slice(limit, offset, ordered)}`
  }
  return {
    columns: relation.columns,
    rows: (slice, shape) => {
      const ids = relation.columns.map(({ id }) => id)
      if (!shape) return build.withCtes(page(ids, slice))
      const shaped = shape(relation.columns)
      if (!ordered || dialect.keepsScanOrder) {
        return build.withCtes(sql`SELECT ${shaped} FROM (${page(ids, slice)}) page`)
      }
      // The order of a subquery does not reach further.
      return build.withCtes(sql`SELECT ${shaped} FROM (${page(carriedIds(relation), slice)}) page${order}`)
    },
    count: () => build.withCtes(select(sql`count(*)`, relation.from)),
  }
}

type Page = Parameters<CompiledSql['rows']>[0]

/**
 * After so many groupings, windows or unions one is computed by itself. DuckDB's planner takes twice the time for each more of them in
 * a chain: 16 take a tenth of a second, 25 take minutes.
 */
const barrierEvery = 8

interface Build {
  compile(pipeline: NestedPipeline): Relation
  withCtes(body: Sql): Sql
}

function createBuild({ source, dialect, now }: SqlOptions): Build {
  const ctes: Sql[] = []
  const nested = new Map<NestedPipeline, Relation>()
  let ids = 0
  let barriers = 0
  const add = (body: Sql, as: Sql): Sql => {
    const name = identifier(`s${ctes.length}`)
    ctes.push(sql`${name} ${as} (${body})`)
    return name
  }
  const context: SqlContext = {
    dialect,
    now,
    source: (step) => source(step.domain),
    fresh: ({ name, type }) => ({ id: `c${ids++}`, name, type }),
    cte: (body) => add(body, sql`AS`),
    computed: (body) => add(dialect.fence ? sql`${body} ${dialect.fence}` : body, sql`AS`),
    barrier: (body) => add(body, ++barriers % barrierEvery === 0 ? dialect.materialized : sql`AS`),
    shared: (body) => add(body, dialect.materialized),
    relation: (pipeline) => {
      const known = nested.get(pipeline) ?? compile(pipeline)
      nested.set(pipeline, known)
      return known
    },
  }
  function compile(pipeline: NestedPipeline): Relation {
    let relation: Relation = { from: sql``, columns: [], order: [], inOrder: false }
    for (const step of pipeline) {
      const before = ctes.length
      relation = compileStep(step, relation, { context, source })
      refuseValues(step, ctes.slice(before), dialect)
    }
    return relation
  }
  return { compile, withCtes: (body) => sql`WITH ${joinSql(ctes, ', ')} ${body}` }
}

/** What a dialect refuses, it does not know the step of. */
function named<T>(step: AnyStep, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!isProblem(error, 'pipeline_invalid') || error.errors.length > 0) throw error
    throw stepProblem(step, error.message)
  }
}

/** A value that the database cannot hold is the step's mistake, and better said before anything runs. */
function refuseValues(step: AnyStep, parts: readonly Sql[], { refusal }: SqlDialect): void {
  if (!refusal) return
  for (const { value } of parts.flatMap(({ values }) => values)) {
    const message = refusal(value)
    if (message !== undefined) throw stepProblem(step, message)
  }
}

interface StepScope {
  readonly context: SqlContext
  readonly source: SqlOptions['source']
}

function compileStep(step: AnyStep, input: Relation, { context, source }: StepScope): Relation {
  const definition = definitionOf(step.name)
  if (!definition) throw new Problem('internal', 'A step that is not known reached the compiler.')
  const columns = definition.columns(step, input.columns, {
    source: (domain) => source(domain).columns,
    columnsOf: (pipeline) => context.relation(pipeline).columns,
  })
  const relation = named(step, () => definition.sql(step, input, context))
  if (!sameColumns(columns, relation.columns)) {
    throw new Problem('internal', `The step ${step.name} gives other columns than it said.`)
  }
  return relation
}

function sameColumns(said: readonly Column[], given: readonly SqlColumn[]): boolean {
  return (
    said.length === given.length &&
    said.every(({ name, type }, index) => given[index]?.name === name && given[index]?.type === type)
  )
}
