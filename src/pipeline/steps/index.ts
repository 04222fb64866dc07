import type * as z from 'zod'
import type { SqlContext } from '../sql/context.ts'
import type { Relation } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { aggregate } from './aggregate.ts'
import type { ColumnsContext, StepFrom } from './definition.ts'
import { deleteColumns } from './delete.ts'
import { domain } from './domain.ts'
import { filter } from './filter.ts'
import { formula } from './formula.ts'
import { join } from './join.ts'
import { rename } from './rename.ts'
import { select } from './select.ts'
import { sort } from './sort.ts'
import { top } from './top.ts'

/** Every step there is. A new one is one more file and one more line. */
export const steps = {
  aggregate,
  delete: deleteColumns,
  domain,
  filter,
  formula,
  join,
  rename,
  select,
  sort,
  top,
} as const

/** The steps that may follow a domain, told apart by `name`. */
export type Step = { [Name in Exclude<keyof typeof steps, 'domain'>]: StepFrom<(typeof steps)[Name]> }[Exclude<
  keyof typeof steps,
  'domain'
>]

/** A definition as the parser and the compiler see it, whichever step it is about. */
export interface AnyStepDefinition {
  readonly name: string
  readonly summary: string
  readonly fields: z.ZodType
  readonly pipelines?: readonly string[]
  readonly pipelineLists?: readonly string[]
  legacy?(raw: Record<string, unknown>): Record<string, unknown>
  withoutUnset?(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined
  columns(step: AnyStep, input: readonly Column[], context: ColumnsContext): readonly Column[]
  sql(step: AnyStep, input: Relation, context: SqlContext): Relation
}

const table: Readonly<Record<string, AnyStepDefinition>> = steps

/** Undefined for a name that is no step's. */
export function definitionOf(name: string): AnyStepDefinition | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

export const stepNames: readonly string[] = Object.keys(steps)
