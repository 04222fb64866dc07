import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectors } from '../../src/connectors/index.ts'
import { compileMongo, compileSql, duckdbDialect } from '../../src/pipeline/index.ts'
import { anHttpSource, type HttpSource } from '../builders/http-source.ts'
import { type Door, everybody, openDoor, type World } from './door.ts'
import { type FixedCase, fixedCases, places, sales } from './fixed-cases.ts'
import { openMongoDoor } from './mongo-door.ts'
import type { PlainTable, PlainUser } from './plain-rules.ts'

const noBuilder: PlainUser = { username: 'ann', groups: [], attributes: {} }
const least = { column: 'id', operator: 'ge', value: '{{ user.attributes.least }}' }
type Domains = World['domains']

const pivot = { name: 'pivot', index: ['id'], column_to_pivot: 'country', value_column: 'amount', agg_function: 'sum' }

const derived: Domains = {
  pivoted: { kind: 'derived', pipeline: [{ name: 'domain', domain: 'sales' }, pivot] },
  derived: {
    kind: 'derived',
    pipeline: [
      { name: 'domain', domain: 'sales' },
      { name: 'select', columns: ['id'] },
    ],
  },
  ruled: {
    kind: 'derived',
    pipeline: [
      { name: 'domain', domain: 'sales' },
      { name: 'select', columns: ['id'] },
    ],
  },
}

function worldOf(domains: Domains, { records }: FixedCase): World {
  const ruled = [{ scope: 'ALL_USERS' as const, effect: 'CUSTOM' as const, condition: least }]
  return {
    domains: { ...domains, ...derived },
    records: { sales: records, places: everybody, derived: everybody, pivoted: everybody, ruled },
  }
}

async function answerOf(door: Door, domains: Domains, fixed: FixedCase): Promise<FixedCase['answer']> {
  const told = await door.ask(worldOf(domains, fixed), { ...noBuilder, ...fixed.user }, fixed.request)
  if ('refused' in told) return told.code
  const { data, columns }: { data: Record<string, unknown>[]; columns: { name: string }[] } = JSON.parse(told.text)
  return data.map((row) => columns.map(({ name }) => row[name] ?? null))
}

describe('what stored and live domains tell', () => {
  let door: Door
  let source: HttpSource
  const asked: string[] = []
  const domains: { [place: string]: Domains } = {}

  beforeAll(async () => {
    source = await anHttpSource()
    const api = await source.open()
    door = await openDoor({
      openConnection: async (_, id) => {
        asked.push(id)
        if (id !== 'api') throw new Error('nobody may come here')
        return { connector: connectors.get('http')!, connection: api, revision: '1', ttlMs: null }
      },
    })
    const tables = { sales, places }
    source.handler = (request, response) => {
      const table = request.url?.endsWith('sales') ? sales : places
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(objectsOf(table)))
    }
    domains.stored = { sales: await door.stored(tables.sales), places: await door.stored(tables.places) }
    domains.live = { sales: live('sales'), places: live('places') }
    domains.mixed = { sales: live('sales'), places: domains.stored.places! }
  })
  afterAll(async () => {
    await door.close()
    await source.reset()
    await source.close()
  })

  const live = (url: string): Domains[string] => {
    return {
      kind: 'live',
      connection: 'api',
      connector: 'http',
      query: { url, method: 'GET', filter: '.' },
      ttlMs: null,
    }
  }

  // One door for all of them: whoever comes first leaves the answer in its cache.
  for (const place of ['stored', 'live', 'mixed']) {
    it.each(fixedCases.map((fixed) => [fixed.name, fixed] as const))(`${place}: %s`, async (_, fixed) => {
      expect(await answerOf(door, domains[place]!, fixed)).toEqual(fixed.answer)
    })
  }

  it('is not what somebody else was told before', async () => {
    const [fixed] = fixedCases.filter(({ name }) => name === 'a root')
    const told: FixedCase['answer'][] = []
    for (const country of ['FR', 'IT', 'JP']) {
      told.push(await answerOf(door, domains.stored!, { ...fixed!, user: { attributes: { country } } }))
    }
    expect(told).toEqual([[['FR', 2]], [['IT', 1]], []])
  })

  it('may come from columns with the names of what every object has', async () => {
    const columns = [...sales.columns, { name: 'constructor', type: 'text' as const }]
    const table = await door.stored({ columns, rows: sales.rows.map((row) => [...row, 'x']) })
    const request = { domain: 'sales', pipeline: [{ name: 'custom', query: [{ $match: { id: { $mod: [2, 0] } } }] }] }
    const fixed = { name: '', records: everybody, request, answer: '' }
    expect(await answerOf(door, { sales: table }, fixed)).toEqual([
      [2, 'IT', 20.25, false, 'x'],
      [4, 'FR', null, false, 'x'],
    ])
  })

  it('is no SQL of a reader', async () => {
    const query = { table: 'sales', schema: 'public' }
    const database: Domains = { sales: { kind: 'live', connection: 'pg', connector: 'postgres', query, ttlMs: null } }
    const pipeline = [{ name: 'customsql', query: 'SELECT * FROM secrets' }]
    const fixed = { name: '', records: everybody, request: { domain: 'sales', pipeline }, answer: '' }
    expect(await answerOf(door, database, fixed)).toMatch(/^(?:pipeline_invalid|forbidden)$/)
    expect(asked).not.toContain('pg')
  })
})

describe('what MongoDB tells', () => {
  const door = openMongoDoor('deny')
  const fitting = fixedCases.filter(({ not = [] }) => !not.includes('mongo'))

  it.each(fitting.map((fixed) => [fixed.name, fixed] as const))('%s', async (_, fixed) => {
    const domains = { sales: await door.stored(sales), places: await door.stored(places) }
    expect(await answerOf(door, domains, fixed)).toEqual(fixed.answer)
  })
})

describe('a query that no guard has seen', () => {
  const query = { pipeline: [{ name: 'domain', domain: 'sales' }] } as const

  it('is not compiled', () => {
    const columns = [{ id: 'c0', name: 'id', type: 'integer' }] as const
    const now = new Date(0)
    const table = { texts: ['sales'], values: [] }
    expect(() => compileSql(query, { source: () => ({ table, columns }), dialect: duckdbDialect, now })).toThrow(
      'permission',
    )
    expect(() => compileMongo(query, { source: () => ({ collection: 'sales', columns }), now })).toThrow('permission')
  })
})

function objectsOf({ columns, rows }: PlainTable): object[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))
}
