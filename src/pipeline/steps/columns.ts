import { nearestNames, Problem, type ProblemItem } from '../../base/index.ts'
import { stepIndex } from '../parsing/pointer.ts'
import { type AnyStep, at } from '../step.ts'
import type { Column } from '../values.ts'

/** The columns of these names, in their order. Errors: `pipeline_invalid` that lists every missing one with the nearest names. */
export function findColumns(step: AnyStep, names: readonly string[], input: readonly Column[]): Column[] {
  const byName = new Map(input.map((column) => [column.name, column]))
  const missing = [...new Set(names)].filter((name) => !byName.has(name))
  if (missing.length > 0) throw missingColumns(step, missing, [...byName.keys()])
  return names.map((name) => byName.get(name)).filter((column) => column !== undefined)
}

/** A refusal that names the step. */
export function stepProblem(step: AnyStep, message: string, details: Partial<ProblemItem> = {}): Problem {
  const item = itemOf(step, message, details)
  return new Problem('pipeline_invalid', `Step ${item.step?.index} (${step.name}): ${message}`, { errors: [item] })
}

/** The columns with this one: in the place of the one with its name, or else at the end. */
export function withColumn<C extends Column>(columns: readonly C[], column: C): C[] {
  const exists = columns.some(({ name }) => name === column.name)
  return exists ? columns.map((old) => (old.name === column.name ? column : old)) : [...columns, column]
}

/** The first name that is there twice. */
export function repeatedName(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index)
}

/** Errors: `pipeline_invalid` when two of the columns that a step gives have one name. */
export function refuseRepeated(step: AnyStep, names: readonly string[]): void {
  const clash = repeatedName(names)
  if (clash !== undefined) throw stepProblem(step, `two columns would have the name "${clash}".`, { column: clash })
}

function missingColumns(step: AnyStep, missing: readonly string[], existing: readonly string[]): Problem {
  const errors = missing.map((column) => {
    const nearest = nearestNames(column, existing)
    return itemOf(step, `There is no column "${column}" here.`, { column, ...(nearest.length > 0 ? { nearest } : {}) })
  })
  const listed = missing.map((column) => `"${column}"`).join(', ')
  const message = missing.length === 1 ? `there is no column ${listed}.` : `there are no columns ${listed}.`
  return new Problem('pipeline_invalid', `Step ${stepIndex(step[at])} (${step.name}): ${message}`, { errors })
}

function itemOf(step: AnyStep, message: string, details: Partial<ProblemItem>): ProblemItem {
  const place = step[at] ?? ''
  return { path: place, message, step: { index: stepIndex(place), name: step.name }, ...details }
}
