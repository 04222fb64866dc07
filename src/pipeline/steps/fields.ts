import * as z from 'zod'
import type { Condition } from '../condition.ts'
import { readCondition } from '../conditions/parse.ts'
import type { NestedPipeline } from '../step.ts'

/** The name of a column, whatever it contains. */
export const columnName = z.string().min(1, 'A column name is not empty.')

export const columnNames = z.array(columnName)

/** Two names, as `[from, to]`. */
export const namePair = z.tuple([columnName, columnName])

/** A whole number of at least `least`; also as text, which is how some clients send numbers. */
export function wholeNumber(least: number) {
  return z.preprocess(
    (raw) => (typeof raw === 'string' && /^\s*[+-]?\d+\s*$/.test(raw) ? Number(raw) : raw),
    z.int().min(least),
  )
}

/** The format of a date, before it is read. Long ones would make regular expressions that no database takes. */
export const dateFormat = z.string().max(200, 'A format has at most 200 characters.')

/** A field that may be left out or null. */
export function optional<T>(schema: z.ZodType<T>, otherwise: T) {
  const field = schema.nullish().transform((value) => value ?? otherwise)
  // For `step-schemas.ts`: Zod leaves the default of what is transformed out of a JSON Schema.
  return otherwise === undefined ? field : field.meta({ otherwise })
}

/** A condition of the filter grammar. */
export const conditionField = z
  .unknown()
  .transform((raw, context): Condition => {
    const read = readCondition(raw, 'filter')
    if ('condition' in read) return read.condition
    for (const { path, message, ...params } of read.issues) {
      context.issues.push({ code: 'custom', message, path: [...path], params, input: raw })
    }
    return z.NEVER
  })
  .meta({ $ref: '#/$defs/condition' })

/**
 * A pipeline inside the step. The parser reads it first, from a domain's name or a list of steps, for every step whose `pipelines`
 * names the field; here it only arrives.
 */
export const pipelineField = z
  .custom<NestedPipeline>((value) => Array.isArray(value), 'This should be a domain or a list of steps.')
  .meta({ $ref: '#/$defs/pipeline' })

/** A list of such pipelines, for the fields that `pipelineLists` names. */
export const pipelinesField = z
  .custom<readonly NestedPipeline[]>(
    (value) => Array.isArray(value) && value.every((item) => Array.isArray(item)),
    'This should be a list of domains or of lists of steps.',
  )
  .meta({ type: 'array', items: { $ref: '#/$defs/pipeline' } })
