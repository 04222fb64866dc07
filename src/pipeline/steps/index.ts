import type * as z from 'zod'
import type { MongoContext } from '../mongo/context.ts'
import type { MongoRelation } from '../mongo/relation.ts'
import type { SqlContext } from '../sql/context.ts'
import type { Relation } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { absolutevalue } from './absolutevalue.ts'
import { addmissingdates } from './addmissingdates.ts'
import { aggregate } from './aggregate.ts'
import { append } from './append.ts'
import { argmax } from './argmax.ts'
import { argmin } from './argmin.ts'
import { comparetext } from './comparetext.ts'
import { concatenate } from './concatenate.ts'
import { convert } from './convert.ts'
import { cumsum } from './cumsum.ts'
import { custom } from './custom.ts'
import { customsql } from './customsql.ts'
import { dateextract } from './dateextract.ts'
import { dategranularity } from './dategranularity.ts'
import type { ColumnsContext, NativeValues, StepExample, StepFrom } from './definition.ts'
import { deleteColumns } from './delete.ts'
import { dissolve } from './dissolve.ts'
import { domain } from './domain.ts'
import { duplicate } from './duplicate.ts'
import { duration } from './duration.ts'
import { evolution } from './evolution.ts'
import { fillna } from './fillna.ts'
import { filter } from './filter.ts'
import { formula } from './formula.ts'
import { fromdate } from './fromdate.ts'
import { hierarchy } from './hierarchy.ts'
import { ifthenelse } from './ifthenelse.ts'
import { join } from './join.ts'
import { lowercase } from './lowercase.ts'
import { movingaverage } from './movingaverage.ts'
import { percentage } from './percentage.ts'
import { pivot } from './pivot.ts'
import { rank } from './rank.ts'
import { rename } from './rename.ts'
import { replace } from './replace.ts'
import { replacetext } from './replacetext.ts'
import { rollup } from './rollup.ts'
import { select } from './select.ts'
import { simplify } from './simplify.ts'
import { sort } from './sort.ts'
import { split } from './split.ts'
import { statistics } from './statistics.ts'
import { substring } from './substring.ts'
import { text } from './text.ts'
import { todate } from './todate.ts'
import { top } from './top.ts'
import { totals } from './totals.ts'
import { trim } from './trim.ts'
import { uniquegroups } from './uniquegroups.ts'
import { unpivot } from './unpivot.ts'
import { uppercase } from './uppercase.ts'
import { waterfall } from './waterfall.ts'

/** Every step there is. A new one is one more file and one more line. */
export const steps = {
  absolutevalue,
  addmissingdates,
  aggregate,
  append,
  argmax,
  argmin,
  cumsum,
  movingaverage,
  percentage,
  pivot,
  rank,
  rollup,
  statistics,
  totals,
  uniquegroups,
  unpivot,
  waterfall,
  comparetext,
  concatenate,
  convert,
  custom,
  customsql,
  dateextract,
  dategranularity,
  delete: deleteColumns,
  dissolve,
  domain,
  duplicate,
  duration,
  evolution,
  fillna,
  filter,
  formula,
  fromdate,
  hierarchy,
  ifthenelse,
  join,
  lowercase,
  rename,
  replace,
  replacetext,
  select,
  simplify,
  sort,
  split,
  substring,
  text,
  todate,
  top,
  trim,
  uppercase,
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
  readonly example: StepExample
  readonly fields: z.ZodType
  readonly pipelines?: readonly string[]
  readonly pipelineLists?: readonly string[]
  legacy?(raw: Record<string, unknown>): Record<string, unknown>
  withoutUnset?(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined
  native?(raw: Readonly<Record<string, unknown>>, values: NativeValues): Readonly<Record<string, unknown>>
  columns(step: AnyStep, input: readonly Column[], context: ColumnsContext): readonly Column[]
  sql(step: AnyStep, input: Relation, context: SqlContext): Relation
  mongo?(step: AnyStep, input: MongoRelation, context: MongoContext): MongoRelation
}

const table: Readonly<Record<string, AnyStepDefinition>> = steps

/** Undefined for a name that is no step's. */
export function definitionOf(name: string): AnyStepDefinition | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

export const stepNames: readonly string[] = Object.keys(steps)

/** The example of each step, by its name. */
export const stepExamples: Readonly<Record<string, StepExample>> = Object.fromEntries(
  Object.values(table).map(({ name, example }) => [name, example]),
)

/** The steps that have a form for MongoDB: what an engine over it can run by itself. */
export const mongoSteps: ReadonlySet<string> = new Set(
  Object.values(table)
    .filter(({ mongo }) => mongo !== undefined)
    .map(({ name }) => name),
)
