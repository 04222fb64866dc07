import { describe, expect, it } from 'vitest'
import { mongoTables } from '../../../test/builders/mongo-tables.ts'
import { parseIsoDate } from '../conditions/dates.ts'
import { mongoSteps, type Value } from '../index.ts'
import type { ExampleTable } from '../steps/definition.ts'
import { definitionOf } from '../steps/index.ts'

describe('the examples of the steps', () => {
  it.each([...mongoSteps])('come out of MongoDB as they are documented: %s', async (name) => {
    const { step, input, others, output } = definitionOf(name)!.example
    const domain = name === 'domain' ? String(step.domain) : 'example'
    const domains = Object.entries({ ...others, [domain]: input }).map(([key, table]) => [key, read(table)] as const)
    const steps = name === 'domain' ? [] : [{ name, ...step }]
    const tables = mongoTables(Object.fromEntries(domains))
    const { columns, rows } = await tables.askSettled([{ name: 'domain', domain }, ...steps])
    expect(columns).toEqual(Object.entries(output.columns).map(([column, type]) => ({ name: column, type })))
    expect(rows).toEqual(read(output).rows)
  })
})

function read({ columns, rows }: ExampleTable) {
  const types = Object.values(columns)
  const cell = (value: Value, index: number): Value =>
    types[index] === 'date' && typeof value === 'string' ? (parseIsoDate(value) ?? value) : value
  return { columns, rows: rows.map((row) => row.map(cell)) }
}
