import { describe, expect, it } from 'vitest'
import { Problem } from '../../src/base/index.ts'
import type { Departure } from './departures.ts'
import type { OpenEngine } from './engines/engine.ts'
import type { ConformanceCase } from './load-cases.ts'
import { runCase } from './run-case.ts'
import { readTable } from './table.ts'

const fixture: ConformanceCase = {
  file: 'x/y.json',
  step: 'x',
  pipeline: [],
  domains: new Map(),
  expected: readTable([{ a: 1 }]),
  strict: false,
  ordered: true,
}
const departure = { file: 'x/y.json', rule: 'a rule', engines: undefined }
const rows = (value: number): Departure => ({ ...departure, instead: { rows: [{ a: value }] } })
const refused: Departure = { ...departure, instead: { refused: 'pipeline_invalid' } }

/** An engine that always gives this. */
function giving(give: () => Awaited<ReturnType<OpenEngine['run']>>): OpenEngine {
  return { run: async () => give(), close: async () => {} }
}
const one = giving(() => readTable([{ a: 1 }]))
const two = giving(() => readTable([{ a: 2 }]))
const refusing = giving(() => {
  throw new Problem('pipeline_invalid', 'No.')
})

const run = (engine: OpenEngine, ...departures: Departure[]) =>
  runCase(engine, fixture, { engine: 'duckdb', departures })

describe('runCase', () => {
  it('passes what is expected and fails what is not', async () => {
    expect(await run(one)).toEqual({ outcome: 'passed' })
    expect(await run(two)).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('+ 2') })
    expect(await run(refusing)).toEqual({ outcome: 'failed', reason: 'No.' })
  })

  it('fails a value that is not of its column', async () => {
    const engine = giving(() => ({ columns: [{ name: 'a', type: 'boolean' }], rows: [[1]] }))
    expect(await run(engine)).toMatchObject({ outcome: 'failed', reason: 'the column "a" is boolean and holds 1' })
  })

  it('counts a departure while it gives the rows that it promises', async () => {
    expect(await run(two, rows(2))).toEqual({ outcome: 'departure' })
    expect(await run(two, rows(3))).toMatchObject({ outcome: 'failed' })
    expect(await run(one, rows(2))).toMatchObject({ outcome: 'failed', reason: 'listed as a departure, and passes' })
    expect(await run(refusing, rows(2))).toMatchObject({ outcome: 'failed' })
  })

  it('counts a refusal that is listed as one', async () => {
    expect(await run(refusing, refused)).toEqual({ outcome: 'departure' })
    expect(await run(two, refused)).toMatchObject({ outcome: 'failed', reason: 'listed as refused, and gives rows' })
    const other: Departure = { ...departure, instead: { refused: 'query_failed' } }
    expect(await run(refusing, other)).toMatchObject({ outcome: 'failed' })
  })

  it('applies a departure only on the engines that it names', async () => {
    expect(await run(two, { ...rows(2), engines: ['mongo'] })).toMatchObject({ outcome: 'failed' })
    expect(await run(two, { ...rows(2), engines: ['duckdb'] })).toEqual({ outcome: 'departure' })
  })

  it('says what a stand-in cannot do', async () => {
    expect(await run(giving(() => ({ unable: 'too large' })))).toEqual({ outcome: 'unable', reason: 'too large' })
  })

  it('fails a fixture that cannot be read', async () => {
    const unreadable = { file: 'x', step: 'x', problem: 'cannot be read: …' }
    expect(await runCase(one, unreadable, { engine: 'duckdb', departures: [] })).toMatchObject({ outcome: 'failed' })
  })
})
