import { Problem, type ProblemItem } from '../../base/index.ts'
import type { AnyStep, NestedPipeline } from '../step.ts'
import type { AnyStepDefinition } from '../steps/index.ts'

/** What a field about pipelines holds: one of them, or a list. */
export type ParsedNested =
  | { readonly pipeline: readonly ParsedStep[] }
  | { readonly list: readonly (readonly ParsedStep[])[] }

/** The pipelines of a field in another form, undefined when one of them cannot be turned. All are tried. */
export function turnNested(
  nested: ParsedNested,
  turn: (steps: readonly ParsedStep[]) => NestedPipeline | undefined,
): NestedPipeline | readonly NestedPipeline[] | undefined {
  if ('pipeline' in nested) return turn(nested.pipeline)
  const turned = nested.list.map(turn)
  const whole = turned.filter((pipeline) => pipeline !== undefined)
  return whole.length === turned.length ? whole : undefined
}

/** A step that is understood as far as its templates allow. */
export interface ParsedStep {
  readonly definition: AnyStepDefinition
  /** JSON Pointer of the step in what the client sent. */
  readonly place: string
  /** The fields as they were sent, without the pipelines inside. */
  readonly raw: Readonly<Record<string, unknown>>
  /** The pipelines inside, by the name of the field as it was sent. */
  readonly nested: ReadonlyMap<string, ParsedNested>
  /** The step itself when there is nothing to render in it, null when all of it was about unset filters. */
  readonly ready: AnyStep | null | undefined
}

/** A pipeline that has been checked; `renderPipeline` makes it ready to run. The same one can be rendered many times. */
export interface ParsedPipeline {
  readonly steps: readonly ParsedStep[]
}

const mostErrors = 100

/** One refusal for everything that was found wrong. */
export function pipelineProblem(errors: readonly ProblemItem[]): Problem {
  const [first] = errors
  const where = first?.step ? `Step ${first.step.index} (${first.step.name}): ` : ''
  const more = errors.length > 1 ? ` There are ${errors.length - 1} more problems.` : ''
  const detail = `${where}${first?.message ?? 'The pipeline is not valid.'}${more}`
  return new Problem('pipeline_invalid', detail, { errors: errors.slice(0, mostErrors) })
}
