import type * as z from 'zod'
import type { JsonObject } from '../../base/index.ts'
import type { MongoContext } from '../mongo/context.ts'
import type { MongoRelation } from '../mongo/relation.ts'
import type { SqlContext } from '../sql/context.ts'
import type { Relation } from '../sql/relation.ts'
import type { at, NestedPipeline } from '../step.ts'
import type { TemplateVariables } from '../templates/values.ts'
import type { Column, ColumnType } from '../values.ts'

/** What a step can ask when it works out its columns. */
export interface ColumnsContext {
  source(domain: string): readonly Column[]
  columnsOf(pipeline: NestedPipeline): readonly Column[]
}

/** A step in memory: its name, its fields in camelCase, its place. */
export type StepOf<Name extends string, Fields> = Readonly<Fields> & { readonly name: Name; readonly [at]?: string }

/** A small table of an example. Dates are texts in ISO 8601: `2024-03-01` is midnight in UTC. */
export interface ExampleTable {
  /** In this order, so no name looks like a whole number: JavaScript would put it first. */
  readonly columns: { readonly [name: string]: ColumnType }
  readonly rows: readonly (readonly (string | number | boolean | null)[])[]
}

/** What a step does, shown on a few rows. The documentation shows it and a test runs it. */
export interface StepExample {
  /** The fields as a client sends them, without the name of the step. */
  readonly step: JsonObject
  /** The rows before the step; those of its own domain for `domain`. */
  readonly input: ExampleTable
  /** Other domains that the step reads, by name. */
  readonly others?: { readonly [domain: string]: ExampleTable }
  /** The rows after the step, in the order in which they are given out. */
  readonly output: ExampleTable
}

/**
 * Everything about one step, in one file. What has methods here is called with the step already validated; each part is pure.
 */
export interface StepDefinition<Name extends string, Schema extends z.ZodType> {
  readonly name: Name
  /** One sentence for people who choose a step. */
  readonly summary: string
  readonly example: StepExample
  /** The shape of the step without its name, made with `record`. */
  readonly fields: Schema
  /** Fields that hold a pipeline (`pipelineField`). */
  readonly pipelines?: readonly string[]
  /** Fields that hold a list of pipelines (`pipelinesField`). */
  readonly pipelineLists?: readonly string[]
  /** Rewrites an older form that is more than another name for a field. */
  legacy?(raw: Record<string, unknown>): Record<string, unknown>
  /** The fields without what is about unset filters (`__VOID__`), undefined when nothing is left. Called before validation. */
  withoutUnset?(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined
  /**
   * For a step whose text is a query in another language: fills in its variables as values, where `renderPipeline` would make text of
   * them. Errors: `pipeline_invalid` for an undefined variable, or a place where no value can stand.
   */
  native?(raw: Readonly<Record<string, unknown>>, values: NativeValues): Readonly<Record<string, unknown>>
  /** The columns after the step. Errors: `pipeline_invalid`, naming the step, for columns that are missing or do not fit. */
  columns(step: StepOf<Name, z.output<Schema>>, input: readonly Column[], context: ColumnsContext): readonly Column[]
  /** The step as SQL. `columns` has accepted the step; what is given has exactly those columns. */
  sql(step: StepOf<Name, z.output<Schema>>, input: Relation, context: SqlContext): Relation
  /** The step as stages of an aggregation, likewise. A step without runs after those that MongoDB does itself. */
  mongo?(step: StepOf<Name, z.output<Schema>>, input: MongoRelation, context: MongoContext): MongoRelation
}

export interface NativeValues {
  readonly variables: TemplateVariables
  /** The typed value of a text that is a template. */
  render(template: string): unknown
}

/** The step that a definition describes. */
export type StepFrom<Definition> =
  Definition extends StepDefinition<infer Name, infer Schema> ? StepOf<Name, z.output<Schema>> : never

/** Checks a definition where it is written; gives it back as it is. */
export function defineStep<const Name extends string, Schema extends z.ZodType>(
  definition: StepDefinition<Name, Schema>,
): StepDefinition<Name, Schema> {
  return definition
}
