import { Problem } from '../../base/index.ts'
import type { Query } from '../query.ts'
import type { AnyStep, NestedPipeline } from '../step.ts'
import { stepProblem } from '../steps/columns.ts'
import { definitionOf } from '../steps/index.ts'
import type { Column } from '../values.ts'
import { after, hidden, type MongoContext, sorting } from './context.ts'
import { call } from './expression.ts'
import type { CompiledMongo, MongoColumn, MongoRelation, MongoSource } from './relation.ts'
import type { Stage } from './stage.ts'

export interface MongoOptions {
  /** Where a domain's rows are. Errors of its own, such as a domain that does not exist, pass through. */
  readonly source: (domain: string) => MongoSource
  /** What relative dates without a base count from. */
  readonly now: Date
}

/** MongoDB takes as many stages; those of nested pipelines count as well, so that a small query never becomes a huge text. */
const maxStages = 1000

/**
 * A guarded query as an aggregation for MongoDB 5 or later. The same query and sources give the same stages; values are marked as
 * literals, people's names never stand in a stage. Errors: those of `compileSql`; `pipeline_invalid` also for joins inside joins that
 * would take too many stages, `internal` for a step without a form for MongoDB (`mongoSteps` are those that have one).
 */
export function compileMongo(query: Query, options: MongoOptions): CompiledMongo {
  const compile = createCompiler(options)
  const { relation, context } = compile(query.pipeline)
  const { collection, columns, stages } = relation
  const shown: Record<string, 0 | 1> = { _id: 0 }
  for (const { id } of columns) shown[id] = 1
  return {
    collection,
    columns,
    stages: [...stages, ...(relation.inOrder ? [] : sortStages(relation, context)), { $project: shown }],
    count: [...stages, { $count: 'count' }],
  }
}

function sortStages({ order }: MongoRelation, context: MongoContext): Stage[] {
  if (order.length === 0) return []
  const { prepare, keys } = sorting(order, context)
  return [...prepare, { $sort: keys }]
}

function createCompiler({ source, now }: MongoOptions) {
  const nested = new Map<NestedPipeline, MongoRelation>()
  let ids = 0
  const context: MongoContext = {
    now,
    source: (step) => source(step.domain),
    fresh: ({ name, type }) => ({ id: `v${ids++}`, name, type }),
    relation: (pipeline) => {
      const known = nested.get(pipeline) ?? compile(pipeline)
      nested.set(pipeline, known)
      return known
    },
  }
  function compile(pipeline: NestedPipeline): MongoRelation {
    let relation: MongoRelation = { collection: '', stages: [], columns: [], order: [], inOrder: false }
    for (const step of pipeline) relation = compileStep(step, relation, { context, source })
    return relation
  }
  return (pipeline: NestedPipeline) => ({ relation: compile(pipeline), context })
}

interface StepScope {
  readonly context: MongoContext
  readonly source: MongoOptions['source']
}

function compileStep(step: AnyStep, input: MongoRelation, { context, source }: StepScope): MongoRelation {
  const definition = definitionOf(step.name)
  if (!definition?.mongo) throw new Problem('internal', 'A step without a form for MongoDB reached its compiler.')
  const columns = definition.columns(step, input.columns, {
    source: (domain) => source(domain).columns,
    columnsOf: (pipeline) => context.relation(pipeline).columns,
  })
  const relation = numbered(definition.mongo(step, input, context), context)
  if (!sameColumns(columns, relation.columns)) {
    throw new Problem('internal', `The step ${step.name} gives other columns than it said.`)
  }
  if (countStages(relation.stages, maxStages) > maxStages) {
    throw stepProblem(step, `up to here the pipeline takes more than the ${maxStages} stages that MongoDB allows.`)
  }
  return relation
}

/** MongoDB sorts by 32 keys at most, and a column may take two of them. */
const maxKeys = 12

/** The relation with the last keys of a long order, as often as needed, replaced by the numbers of the rows in it. */
function numbered(relation: MongoRelation, context: MongoContext): MongoRelation {
  if (relation.order.length <= maxKeys) return relation
  const { prepare, keys } = sorting(relation.order.slice(-maxKeys), context)
  const number = hidden(context)
  const rows: Stage = { $setWindowFields: { sortBy: keys, output: { [number.id]: call('$documentNumber', {}) } } }
  const order = [...relation.order.slice(0, -maxKeys), { id: number.id, descending: false, nullable: false }]
  return numbered({ ...after(relation, ...prepare, rows), order, inOrder: false }, context)
}

/** All stages, those of nested pipelines included; stops soon after `most`. */
function countStages(stages: readonly Stage[], most: number): number {
  let count = 0
  for (const stage of stages) {
    if (count > most) return count
    count++
    if ('$lookup' in stage) count += countStages(stage.$lookup.pipeline, most - count)
    if ('$unionWith' in stage) count += countStages(stage.$unionWith.pipeline, most - count)
  }
  return count
}

function sameColumns(said: readonly Column[], given: readonly MongoColumn[]): boolean {
  return (
    said.length === given.length &&
    said.every(({ name, type }, index) => given[index]?.name === name && given[index]?.type === type)
  )
}
