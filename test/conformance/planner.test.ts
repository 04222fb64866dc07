import { expect, it } from 'vitest'
import { stepExamples } from '../../src/pipeline/index.ts'
import { exampleTables } from '../builders/example-tables.ts'

const native = new Set(['custom', 'customsql'])

it.each(Object.entries(stepExamples).filter(([name]) => name !== 'domain' && !native.has(name)))(
  '%s gives the same whether the engine or the workbench runs it',
  async (name, example) => {
    const { tables, pipeline } = await exampleTables(name, example)
    try {
      const pushed = await tables.ask(pipeline)
      expect(await tables.ask(pipeline, { steps: new Set() })).toEqual(pushed)
      const others = new Set(Object.keys(stepExamples).filter((other) => other !== name))
      const around = [...pipeline, { name: 'sort', columns: [{ column: pushed.columns[0]?.name, order: 'desc' }] }]
      expect(await tables.ask(around, { steps: others })).toEqual(await tables.ask(around))
    } finally {
      tables.close()
    }
  },
)
