import { expect, it } from 'vitest'
import { stepSchemas } from './step-schemas.ts'
import { stepNames } from './steps/index.ts'

const schemas = new Map(stepSchemas().map((entry) => [entry.name, entry]))

it('describes every step, its name included, and refuses other fields', () => {
  expect([...schemas.keys()].sort()).toEqual([...stepNames].sort())
  for (const { name, summary, schema } of schemas.values()) {
    expect(summary.length).toBeGreaterThan(10)
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false, properties: { name: { const: name } } })
    expect(schema.required).toContain('name')
    expect(JSON.stringify(schema)).not.toContain('shapeOf')
  }
})

it('gives the fields with their types, nested ones too', () => {
  expect(schemas.get('top')?.schema).toMatchObject({
    properties: { rankOn: { type: 'string' }, sort: { enum: ['asc', 'desc'] }, limit: { type: 'integer' } },
    required: ['name', 'rankOn', 'sort', 'limit'],
  })
  expect(schemas.get('sort')?.schema).toMatchObject({
    properties: { columns: { type: 'array', items: { type: 'object', properties: { column: { type: 'string' } } } } },
  })
})

it('tells the defaults, where there are some', () => {
  expect(schemas.get('top')?.schema).toMatchObject({ properties: { groups: { default: [] } } })
  expect(schemas.get('unpivot')?.schema).toMatchObject({ properties: { dropna: { default: false } } })
  expect(schemas.get('substring')?.schema).not.toHaveProperty('properties.newColumnName.default')
  expect(JSON.stringify([...schemas.values()])).not.toContain('otherwise')
})

it('refers to conditions and pipelines, and brings their definitions', () => {
  expect(schemas.get('filter')?.schema).toMatchObject({
    properties: { condition: { $ref: '#/$defs/condition' } },
    $defs: { condition: { anyOf: expect.any(Array) }, relativeDate: { type: 'object' } },
  })
  expect(schemas.get('join')?.schema).toMatchObject({
    properties: { rightPipeline: { $ref: '#/$defs/pipeline' } },
    $defs: { pipeline: { anyOf: expect.any(Array) } },
  })
  expect(schemas.get('select')?.schema).not.toHaveProperty('$defs')
})
