import type { ProblemItem } from '../../base/index.ts'
import { type AnyStep, at, type NestedPipeline } from '../step.ts'
import type { AnyStepDefinition } from '../steps/index.ts'
import { isTemplate } from '../templates/template.ts'
import { pointer, stepIndex } from './pointer.ts'
import { paramsOf } from './record.ts'

export interface StepInput {
  readonly definition: AnyStepDefinition
  readonly place: string
  readonly raw: Readonly<Record<string, unknown>>
  readonly nested: ReadonlyMap<string, NestedPipeline | readonly NestedPipeline[]>
}

export type Validated = { readonly step: AnyStep | null } | { readonly errors: readonly ProblemItem[] }

/** The typed step, or null when it was only about unset filters. Texts that are still templates are not held against it. */
export function validateStep({ definition, place, raw, nested }: StepInput): Validated {
  const fields = definition.withoutUnset ? definition.withoutUnset(raw) : raw
  if (fields === undefined) return { step: null }
  const whole = { ...fields, ...Object.fromEntries(nested) }
  const result = definition.fields.safeParse(definition.legacy ? definition.legacy(whole) : whole)
  if (result.success) return { step: { name: definition.name, ...(result.data as object), [at]: place } }
  const errors = result.error.issues
    .filter((issue) => paramsOf(issue).structural === true || !awaitsTemplate(fields, issue.path))
    .map(({ path, message, ...issue }) =>
      stepError({ name: definition.name, place }, path, { message, ...details(issue) }),
    )
  return { errors }
}

export interface StepPlace {
  readonly name: string
  readonly place: string
}

/** An item that names the step and, by the path inside of it, the spot. */
export function stepError(
  { name, place }: StepPlace,
  path: readonly PropertyKey[],
  rest: Omit<ProblemItem, 'path' | 'step'>,
): ProblemItem {
  return { path: pointer(place, path), step: { index: stepIndex(place), name }, ...rest }
}

/** Whether a template is anywhere inside. */
export function hasTemplate(value: unknown): boolean {
  if (typeof value === 'string') return isTemplate(value)
  if (Array.isArray(value)) return value.some(hasTemplate)
  if (typeof value !== 'object' || value === null || value instanceof Date) return false
  return Object.values(value).some(hasTemplate)
}

/** What is wrong at a place where a template stands may be right once it is rendered. */
function awaitsTemplate(raw: unknown, path: readonly PropertyKey[]): boolean {
  let current = raw
  for (const [index, key] of path.entries()) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) {
      // A field that is missing is missing; what an older form was rewritten into cannot be found in what was sent.
      return index > 0 && hasTemplate(raw)
    }
    current = (current as Record<PropertyKey, unknown>)[key]
  }
  return hasTemplate(current)
}

function details(issue: object): Pick<ProblemItem, 'nearest' | 'position' | 'column'> {
  const { nearest, position, column } = paramsOf(issue)
  return {
    ...(Array.isArray(nearest) ? { nearest: nearest.map(String) } : {}),
    ...(typeof position === 'number' ? { position } : {}),
    ...(typeof column === 'string' ? { column } : {}),
  }
}
