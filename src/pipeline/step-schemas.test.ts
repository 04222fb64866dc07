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

it('tells what constants can be: any value of JSON that is no list and no object, and a date as a text', () => {
  const constant = { type: ['string', 'number', 'boolean', 'null'] }
  expect(schemas.get('fillna')?.schema).toHaveProperty('properties.value', constant)
  expect(schemas.get('text')?.schema).toHaveProperty('properties.text', constant)
  expect(schemas.get('replace')?.schema).toHaveProperty('properties.toReplace.items.prefixItems', [constant, constant])
  expect(schemas.get('waterfall')?.schema).toHaveProperty('properties.start', { type: ['string', 'number', 'boolean'] })
  const branch = { $ref: '#/$defs/branch' }
  expect(schemas.get('ifthenelse')?.schema).toMatchObject({
    // biome-ignore lint/suspicious/noThenProperty: clients call the field so.
    properties: { then: branch, else: branch },
    $defs: { branch: { anyOf: [constant, { required: ['if', 'then', 'else'] }] } },
  })
})

it('leaves no field without a type', () => {
  // `isnull` takes no value, and lets clients send one.
  for (const { name, schema } of schemas.values()) expect(JSON.stringify(schema.properties), name).not.toContain('{}')
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
