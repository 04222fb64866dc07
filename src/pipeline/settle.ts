import type { Query } from './query.ts'
import { isShapeStep, maxShapes, type ShapeStep, withShapes } from './shapes.ts'
import { type AnyStep, isPipeline, type NestedPipeline } from './step.ts'
import { stepProblem } from './steps/columns.ts'
import type { PivotStep } from './steps/pivot.ts'
import type { Value } from './values.ts'

/** More columns than this are no table that anybody reads. */
export const maxPivotColumns = 1000

/**
 * Runs a query whose answer is one column of values, and gives the first `most` of them. The query asks about rows that the pivot
 * sees, rules included, so it needs no permission of its own.
 */
export type AskValues = (question: Query, most: number) => Promise<readonly Value[]>

/**
 * The query with the columns of its pivots known and the shapes of its geo steps made, those of nested pipelines included. Both depend
 * on the rows, so each such step costs a query before the query itself. The columns of a pivot are sorted, so that equal rows give equal
 * columns. A query without such a step is given back as it is. Errors: what `ask` throws, and `pipeline_invalid` for a pivot with too
 * many columns and shapes that are too much to work on.
 */
export async function settleQuery(query: Query, ask: AskValues): Promise<Query> {
  if (!isUnsettled(query.pipeline)) return query
  // Only these steps change, and they keep their fields.
  return { ...query, pipeline: (await settle(query.pipeline, ask)) as Query['pipeline'] }
}

async function settle([first, ...steps]: NestedPipeline, ask: AskValues): Promise<NestedPipeline> {
  const { of } = first
  const domain = of && isUnsettled(of) ? { ...first, of: await settle(of, ask) } : first
  const settled: AnyStep[] = []
  for (const step of steps) {
    const inner = isUnsettled(Object.values(step)) ? ((await settleInside(step, ask)) as AnyStep) : step
    settled.push(await settleStep(inner, [domain, ...settled], ask))
  }
  return [domain, ...settled]
}

async function settleStep(step: AnyStep, before: NestedPipeline, ask: AskValues): Promise<AnyStep> {
  if (isPivot(step)) return withValues(step, before, ask)
  return isShapeStep(step) ? shapesOf(step, before, ask) : step
}

async function shapesOf(step: ShapeStep, before: NestedPipeline, ask: AskValues): Promise<ShapeStep> {
  const wanted: ShapeStep = { ...step, shapes: 'wanted' }
  const found = await ask({ pipeline: [...before, wanted] as unknown as Query['pipeline'] }, maxShapes + 1)
  return withShapes(
    step,
    found.filter((text) => typeof text === 'string'),
  )
}

/** The same value with the pipelines in it settled, one after the other. */
async function settleInside(value: unknown, ask: AskValues): Promise<unknown> {
  if (isPipeline(value)) return settle(value, ask)
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value) items.push(await settleInside(item, ask))
    return items
  }
  if (typeof value !== 'object' || value === null || !isUnsettled(value)) return value
  const members: [string, unknown][] = []
  for (const [key, member] of Object.entries(value)) members.push([key, await settleInside(member, ask)])
  return { ...value, ...Object.fromEntries(members) }
}

async function withValues(step: PivotStep, before: NestedPipeline, ask: AskValues): Promise<PivotStep> {
  const wanted: PivotStep = { ...step, values: 'wanted' }
  // Null is a value as well, but no column.
  const most = maxPivotColumns + 2
  const found = await ask({ pipeline: [...before, wanted] as unknown as Query['pipeline'] }, most)
  const values = found.filter((value) => value !== null)
  if (values.length > maxPivotColumns) {
    const message = `the column "${step.columnToPivot}" has more than ${maxPivotColumns} different values, and a pivot makes a column of each.`
    throw stepProblem(step, message, { column: step.columnToPivot })
  }
  return { ...step, values: values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)) }
}

function isUnsettled(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isPivot(value) || isShapeStep(value) || Object.values(value).some(isUnsettled)
}

function isPivot(value: object): value is PivotStep {
  return 'name' in value && value.name === 'pivot' && 'columnToPivot' in value
}
