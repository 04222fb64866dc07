import { isObject } from '../../base/index.ts'
import type { Condition, ConditionLeaf } from '../condition.ts'
import type { Pipeline } from '../query.ts'
import type { NativeStages } from '../steps/custom.ts'
import type { Column, ColumnType, Value } from '../values.ts'

const operators: Readonly<Record<string, 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'in' | 'nin'>> = {
  $eq: 'eq',
  $ne: 'ne',
  $lt: 'lt',
  $lte: 'le',
  $gt: 'gt',
  $gte: 'ge',
  $in: 'in',
  $nin: 'nin',
}

/**
 * The pipeline with the `$match` that a native query begins with, directly after its domain, as a filter step, so that the engine reads
 * fewer rows. Only where both mean the same: plain values of the columns' types. Otherwise the pipeline as it is.
 */
export function pushMatch(pipeline: Pipeline, columns: readonly Column[]): Pipeline {
  const [domain, first, ...rest] = pipeline
  if (first?.name !== 'custom') return pipeline
  const query: NativeStages = first.query
  const [match, ...stages] = JSON.parse(query.stages) as Record<string, unknown>[]
  const condition = match && isObject(match.$match) ? conditionOf(match.$match, columns) : undefined
  if (!condition) return pipeline
  const after = { ...first, query: { ...query, stages: JSON.stringify(stages) } }
  return [domain, { name: 'filter', condition }, after, ...rest]
}

function conditionOf(match: Record<string, unknown>, columns: readonly Column[]): Condition | undefined {
  const leaves: Condition[] = []
  for (const [name, test] of Object.entries(match)) {
    const column = columns.find((one) => one.name === name)
    if (!column || name.includes('.')) return undefined
    const tests = isObject(test) ? Object.entries(test) : [['$eq', test] as const]
    for (const [key, value] of tests) {
      const leaf = leafOf(column, key, value)
      if (!leaf) return undefined
      leaves.push(leaf)
    }
  }
  return leaves.length > 0 ? { and: leaves } : undefined
}

function leafOf({ name, type }: Column, key: string, value: unknown): ConditionLeaf | undefined {
  const operator = Object.hasOwn(operators, key) ? operators[key] : undefined
  if (!operator) return undefined
  if (operator === 'in' || operator === 'nin') {
    if (!Array.isArray(value) || !value.every((item) => fits(item, type))) return undefined
    return { column: name, operator, value: value as Value[] }
  }
  const isOrder = operator !== 'eq' && operator !== 'ne'
  if (!fits(value, type) || (isOrder && value === null)) return undefined
  return { column: name, operator, value: value as Value }
}

function fits(value: unknown, type: ColumnType): boolean {
  if (value === null) return true
  if (type === 'text') return typeof value === 'string'
  if (type === 'boolean') return typeof value === 'boolean'
  return (type === 'integer' || type === 'number') && typeof value === 'number'
}
