import { isObject, isProblem, type ProblemItem } from '../../base/index.ts'
import type { RelativeDate } from '../condition.ts'
import { absoluteDate, startOfDay } from '../conditions/dates.ts'
import type { Pipeline } from '../query.ts'
import { type AnyStep, isDomainStep, type NestedPipeline } from '../step.ts'
import type { AnyStepDefinition } from '../steps/index.ts'
import { compileTemplate, isTemplate } from '../templates/template.ts'
import type { TemplateVariables } from '../templates/values.ts'
import { type ParsedPipeline, type ParsedStep, pipelineProblem, turnNested } from './parsed.ts'
import { stepError, validateStep } from './validate.ts'

interface Rendering {
  readonly variables: TemplateVariables
  readonly errors: ProblemItem[]
}

/**
 * The pipeline with its variables in place: values keep their types, unset filters are gone, relative dates count from `now` (whole
 * days, so that the answer can be cached through a day). Errors: `pipeline_invalid` for an undefined variable (its name and step) and for
 * values that do not fit.
 */
export function renderPipeline(parsed: ParsedPipeline, variables: TemplateVariables, now: Date): Pipeline {
  const rendering: Rendering = { variables, errors: [] }
  const steps = renderSteps(parsed.steps, rendering)
  if (rendering.errors.length > 0 || !steps) throw pipelineProblem(rendering.errors)
  // Each step has been validated by its own definition, which is what `Step` is inferred from.
  return withAbsoluteDates(steps, now) as Pipeline
}

function renderSteps(parsed: readonly ParsedStep[], rendering: Rendering): NestedPipeline | undefined {
  const steps = parsed.map((step) => (step.ready === undefined ? renderStep(step, rendering) : step.ready))
  const [first, ...rest] = steps.filter((step): step is AnyStep => step !== null && step !== undefined)
  return first && isDomainStep(first) ? [first, ...rest] : undefined
}

function renderStep({ definition, place, raw, nested }: ParsedStep, rendering: Rendering): AnyStep | null | undefined {
  const pipelines = new Map<string, NestedPipeline | readonly NestedPipeline[]>()
  for (const [key, field] of nested) {
    const rendered = turnNested(field, (list) => renderSteps(list, rendering))
    if (rendered) pipelines.set(key, rendered)
  }
  const errors: ProblemItem[] = []
  const scope = { name: definition.name, place, errors, variables: rendering.variables }
  const rendered = definition.native
    ? renderNative(raw, scope, definition.native)
    : Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, renderValue(value, [key], scope)]))
  if (errors.length === 0 && pipelines.size === nested.size) {
    const validated = validateStep({ definition, place, raw: rendered, nested: pipelines })
    if ('step' in validated) return validated.step
    errors.push(...validated.errors)
  }
  rendering.errors.push(...errors)
  return undefined
}

interface ValueScope {
  readonly name: string
  readonly place: string
  readonly errors: ProblemItem[]
  readonly variables: TemplateVariables
}

function renderValue(value: unknown, path: readonly (string | number)[], scope: ValueScope): unknown {
  if (typeof value === 'string') return isTemplate(value) ? renderText(value, path, scope) : value
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const rendered = renderValue(item, [...path, index], scope)
      // A template that gives a list puts its items into the list around it; a list that was written there stays one item.
      return typeof item === 'string' && Array.isArray(rendered) ? rendered : [rendered]
    })
  }
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, renderValue(member, [...path, key], scope)]),
  )
}

function renderText(
  text: string,
  path: readonly (string | number)[],
  { name, place, errors, variables }: ValueScope,
): unknown {
  const wrong = (message: string) => errors.push(stepError({ name, place }, path, { message }))
  try {
    const rendered = compileTemplate(text).render(variables)
    if ('value' in rendered) return rendered.value
    wrong(`The variable "${rendered.undefinedName}" is not defined.`)
  } catch (error) {
    if (!isProblem(error)) throw error
    wrong(error.message)
  }
  return undefined
}

/** The texts of a native step are not templates: the step says where its variables stand, and gets them as values. */
function renderNative(
  raw: ParsedStep['raw'],
  scope: ValueScope,
  native: NonNullable<AnyStepDefinition['native']>,
): Readonly<Record<string, unknown>> {
  const { variables, errors, name, place } = scope
  try {
    return native(raw, { variables, render: (template) => renderText(template, ['query'], scope) })
  } catch (error) {
    if (!isProblem(error)) throw error
    const position = error.errors[0]?.position
    errors.push(
      stepError({ name, place }, ['query'], {
        message: error.message,
        ...(position === undefined ? {} : { position }),
      }),
    )
    return raw
  }
}

/** Relative dates anywhere in the steps, as the instants that they mean today. What holds none stays the same object. */
function withAbsoluteDates<T>(value: T, now: Date): T
function withAbsoluteDates(value: unknown, now: Date): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => withAbsoluteDates(item, now))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  if (!isObject(value)) return value
  // Bounds are whole days: counted from the start of today, the same request has one cache key through the day.
  if (isRelativeDate(value)) return absoluteDate(value, startOfDay(now))
  const changed = Object.entries(value)
    .map(([key, member]) => [key, withAbsoluteDates(member, now)] as const)
    .filter(([key, member]) => member !== value[key])
  return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) }
}

function isRelativeDate(value: object): value is RelativeDate {
  return 'quantity' in value && 'duration' in value && 'operator' in value
}
