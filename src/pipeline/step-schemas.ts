import * as z from 'zod'
import type { Json, JsonObject } from '../base/index.ts'
import { steps } from './steps/index.ts'

/** What a query builder needs to know of a step. `schema` is a JSON Schema (draft 2020-12) of the whole step, its name included. */
export interface StepSchema {
  readonly name: string
  readonly summary: string
  readonly schema: JsonObject
}

const scalar: Json = { type: ['string', 'number', 'boolean', 'null'] }
const column: Json = { type: 'string', minLength: 1 }

function leaf(operators: readonly string[], value?: Json): Json {
  return {
    type: 'object',
    properties: { column, operator: { enum: operators }, ...(value === undefined ? {} : { value }) },
    required: ['column', 'operator', ...(value === undefined ? [] : ['value'])],
  }
}

const conditions: Json = { type: 'array', minItems: 1, items: { $ref: '#/$defs/condition' } }

/** Definitions that steps refer to: conditions and pipelines contain themselves. */
const definitions: Readonly<Record<string, Json>> = {
  condition: {
    anyOf: [
      { type: 'object', properties: { and: conditions }, required: ['and'], additionalProperties: false },
      { type: 'object', properties: { or: conditions }, required: ['or'], additionalProperties: false },
      leaf(['eq', 'ne', 'lt', 'le', 'gt', 'ge'], scalar),
      leaf(['in', 'nin'], { type: ['array', 'string'], items: scalar }),
      leaf(['matches', 'notmatches'], { type: ['string', 'number'] }),
      leaf(['isnull', 'notnull'], {}),
      leaf(['from', 'until'], { anyOf: [{ type: 'string' }, { $ref: '#/$defs/relativeDate' }] }),
    ],
  },
  relativeDate: {
    type: 'object',
    properties: {
      operator: { enum: ['from', 'until', 'before', 'after'] },
      quantity: { type: ['integer', 'string'] },
      duration: { enum: ['year', 'quarter', 'month', 'week', 'day'] },
      date: { type: ['string', 'null'] },
    },
    required: ['operator', 'quantity', 'duration'],
    additionalProperties: false,
  },
  branch: {
    anyOf: [
      scalar,
      {
        type: 'object',
        properties: {
          if: { $ref: '#/$defs/condition' },
          // biome-ignore lint/suspicious/noThenProperty: clients call the field so.
          then: { $ref: '#/$defs/branch' },
          else: { $ref: '#/$defs/branch' },
        },
        required: ['if', 'then', 'else'],
        additionalProperties: false,
      },
    ],
  },
  pipeline: {
    anyOf: [
      { type: 'string', description: 'The name of a domain.' },
      {
        type: 'array',
        minItems: 1,
        items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      },
    ],
  },
}

/** The JSON Schema of every step, with its fields in camelCase; each is also taken in snake_case. Any text may be a template. */
export function stepSchemas(): StepSchema[] {
  return Object.values(steps).map(({ name, summary, fields }) => {
    const { properties = {}, required = [], ...rest } = schemaOf(fields) as Record<string, JsonObject>
    const schema = {
      ...rest,
      properties: { name: { const: name }, ...properties },
      required: ['name', ...(required as unknown as string[])],
    }
    const used = definitionsIn(schema)
    return { name, summary, schema: used.length === 0 ? schema : { ...schema, $defs: pick(used) } }
  })
}

/** What `record` made hides its shape behind a transform, and carries it in its metadata; what `optional` made, its default. */
function schemaOf(schema: z.ZodType): JsonObject {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const { shapeOf, otherwise } = jsonSchema as { shapeOf?: z.ZodType; otherwise?: Json }
      // What JSON cannot hold, such as a date, comes as a text.
      if (jsonSchema.anyOf) jsonSchema.anyOf = jsonSchema.anyOf.filter((each) => Object.keys(each).length > 0)
      if (otherwise !== undefined) {
        delete (jsonSchema as { otherwise?: unknown }).otherwise
        Object.assign(jsonSchema, { default: otherwise })
      }
      if (!shapeOf) return
      const { $schema: _, ...inner } = schemaOf(shapeOf)
      delete (jsonSchema as { shapeOf?: unknown }).shapeOf
      Object.assign(jsonSchema, inner)
    },
  }) as JsonObject
}

/** The definitions that a schema refers to, and those that they refer to. */
function definitionsIn(schema: Json, found: string[] = []): string[] {
  for (const [, name] of JSON.stringify(schema).matchAll(/#\/\$defs\/(\w+)/g)) {
    const definition = name === undefined ? undefined : definitions[name]
    if (name === undefined || definition === undefined || found.includes(name)) continue
    found.push(name)
    definitionsIn(definition, found)
  }
  return found
}

function pick(names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, definitions[name] ?? {}]))
}
