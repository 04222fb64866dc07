import { describe, expect, it } from 'vitest'
import { mongoTables } from '../../test/builders/mongo-tables.ts'
import { isProblem } from '../base/index.ts'
import {
  type Condition,
  compileMongo,
  type MongoSource,
  mapDomainSteps,
  parsePipeline,
  renderPipeline,
} from './index.ts'

const now = new Date('2024-05-05T12:00:00Z')
const domain = { name: 'domain', domain: 'd' }
const plain: MongoSource = {
  collection: 'rows7',
  columns: [
    { name: 'a', type: 'integer', id: 'c0' },
    { name: 'b', type: 'text', id: 'c1' },
    { name: 'n', type: 'number', id: 'c2' },
    { name: 'd', type: 'date', id: 'c3' },
  ],
}

function compile(steps: readonly object[], rule: Condition | undefined = { always: true }, source = plain) {
  const pipeline = renderPipeline(parsePipeline([domain, ...steps], {}), {}, now)
  return compileMongo(
    { pipeline: mapDomainSteps(pipeline, (step) => ({ ...step, rule })) },
    { source: () => source, now },
  )
}

const filter = (condition: object) => ({ name: 'filter', condition })
const join = (right: unknown, type = 'left') => ({ name: 'join', type, right_pipeline: right, on: [['a', 'a']] })

describe('the stages', () => {
  it('match first, on the fields themselves, then order and show only the columns of the answer', () => {
    const rule: Condition = { column: 'b', operator: 'eq', value: 'mine' }
    const { collection, columns, stages, count } = compile(
      [filter({ column: 'a', operator: 'gt', value: 3 }), { name: 'select', columns: ['b'] }],
      rule,
    )
    expect({ collection, columns }).toEqual({ collection: 'rows7', columns: [{ name: 'b', type: 'text', id: 'c1' }] })
    const matches = [{ $match: { c1: { $eq: 'mine' } } }, { $match: { c0: { $gt: 3 } } }]
    expect(stages).toEqual([...matches, { $sort: { _id: 1 } }, { $project: { _id: 0, c1: 1 } }])
    expect(count).toEqual([...matches, { $count: 'count' }])
  })

  it('are the same for the same query', () => {
    const steps = [
      filter({ column: 'b', operator: 'matches', value: 'x' }),
      join('d', 'full outer'),
      { name: 'formula', new_column: 'z', formula: 'a % 3 + n / 2' },
      { name: 'top', rank_on: 'z', sort: 'asc', limit: 3, groups: ['b'] },
    ]
    const text = () => JSON.stringify(compile(steps).stages)
    expect(text()).toBe(text())
  })

  it('tell conditions by tests of fields that an index can answer', () => {
    const match = (condition: object) => compile([filter(condition)]).stages[0]
    expect(match({ column: 'b', operator: 'in', value: ['x', null] })).toEqual({ $match: { c1: { $in: ['x', null] } } })
    expect(match({ column: 'b', operator: 'nin', value: ['x'] })).toEqual({ $match: { c1: { $nin: ['x'] } } })
    expect(match({ column: 'b', operator: 'nin', value: ['x', null] })).toEqual({
      $match: { c1: { $nin: ['x', null] } },
    })
    expect(match({ column: 'b', operator: 'isnull' })).toEqual({ $match: { c1: { $eq: null } } })
    expect(match({ column: 'b', operator: 'matches', value: '^Par' })).toEqual({ $match: { c1: { $regex: '^Par' } } })
    expect(match({ column: 'a', operator: 'lt', value: 2 ** 40 })).toEqual({ $match: { c0: { $lt: 2n ** 40n } } })
    expect(match({ column: 'd', operator: 'until', value: '2024-01-31T10:00' })).toEqual({
      $match: { c3: { $lt: new Date('2024-02-01') } },
    })
    expect(
      match({
        or: [
          { column: 'a', operator: 'eq', value: 1 },
          { column: 'b', operator: 'ne', value: 'y' },
        ],
      }),
    ).toEqual({
      $match: { $or: [{ c0: { $eq: 1 } }, { c1: { $ne: 'y' } }] },
    })
  })

  it('compute with 64 bits where constants need them', () => {
    const set = JSON.stringify(
      compile([{ name: 'formula', new_column: 'z', formula: 'a + 3000000000' }]).stages,
      asText,
    )
    expect(set).toContain('{"$add":["$c0",{"$literal":"3000000000n"}]}')
  })

  it('never nest as deep as a server refuses, however long a formula is', () => {
    const long = Array.from({ length: 95 }, () => 'a').join(' % ')
    const { stages } = compile([{ name: 'formula', new_column: 'z', formula: long }])
    expect(depthOf(stages)).toBeLessThan(120)
    const tables = mongoTables({ d: { columns: { a: 'integer' }, rows: [[7]] } })
    const sum = Array.from({ length: 95 }, () => 'a').join(' + ')
    expect(tables.ask([domain, { name: 'formula', new_column: 'z', formula: sum }]).rows).toEqual([[7, 665]])
  })

  it('sort by few enough keys after many sorts', () => {
    const tables = mongoTables({
      d: { columns: Object.fromEntries(letters.map((name) => [name, 'integer' as const])), rows: [[1], [0], [1]] },
    })
    const sorts = letters.map((column) => ({ name: 'sort', columns: [{ column, order: 'asc' }] })).reverse()
    const all = { name: 'sort', columns: letters.map((column) => ({ column, order: 'desc' })) }
    for (const steps of [sorts, [all], [...sorts, all]]) {
      const { stages } = tables.compile([domain, ...steps])
      for (const keys of sortKeysOf(stages)) expect(keys).toBeLessThanOrEqual(32)
    }
    expect(tables.ask([domain, ...sorts]).rows.map(([first]) => first)).toEqual([0, 1, 1])
    expect(tables.ask([domain, all]).rows.map(([first]) => first)).toEqual([1, 1, 0])
  })
})

describe('rules', () => {
  const rule: Condition = { column: 'b', operator: 'eq', value: 'mine' }

  it('come first in every branch that reads a domain', () => {
    for (const type of ['left', 'inner', 'full outer']) {
      const text = JSON.stringify(compile([join([domain, join('d', type)], type)], rule).stages)
      const reads = text.match(/"(?:from|coll)":"rows7"/g) ?? []
      expect(reads.length, type).toBeGreaterThanOrEqual(2)
      expect(text.match(/"pipeline":\[\{"\$match":\{"c1":\{"\$eq":"mine"\}\}\}/g), type).toHaveLength(reads.length)
      expect(text.startsWith('[{"$match":{"c1":{"$eq":"mine"}}}'), type).toBe(true)
    }
  })

  it('hide rows from joins of every type', () => {
    const tables = mongoTables({
      d: {
        columns: { a: 'integer', b: 'text' },
        rows: [
          [1, 'mine'],
          [1, 'theirs'],
          [2, 'theirs'],
        ],
      },
    })
    for (const type of ['left', 'inner', 'full outer']) {
      const { rows } = tables.ask([domain, join('d', type)], { rules: { d: rule } })
      expect(rows, type).toEqual([[1, 'mine', 'mine']])
    }
  })

  it('let nothing through when nothing may be seen', () => {
    const tables = mongoTables({ d: { columns: { a: 'integer' }, rows: [[1]] } })
    expect(tables.ask([domain], { rules: { d: { always: false } } }).rows).toEqual([])
    const some: Condition = { or: [{ always: false }, { column: 'a', operator: 'eq', value: 1 }] }
    expect(tables.ask([domain], { rules: { d: some } }).rows).toEqual([[1]])
  })

  it('are never missing', () => {
    const query = { pipeline: renderPipeline(parsePipeline([domain], {}), {}, now) }
    expect(() => compileMongo(query, { source: () => plain, now })).toThrow(
      expect.objectContaining({ code: 'internal' }),
    )
  })

  it('are refused on columns that the domain does not have', () => {
    expect(() => compile([], { column: 'c0', operator: 'eq', value: 'x' })).toThrow(
      expect.objectContaining({ code: 'data_refused' }),
    )
  })
})

describe('what is hostile', () => {
  const words = [
    '$where',
    '$expr',
    '$$ROOT',
    '$c0',
    'a.b',
    '.',
    '__proto__',
    'constructor',
    '{"$gt":""}',
    '\u0000',
    '😀',
    'x'.repeat(300),
  ]

  it.each(words)('stays a value: %j', (word) => {
    const tables = mongoTables({ d: { columns: { [word]: 'text' }, rows: [[word], ['other'], [null]] } })
    const ask = (...steps: object[]) => tables.ask([domain, ...steps]).rows
    expect(ask(filter({ column: word, operator: 'eq', value: word }))).toEqual([[word]])
    expect(ask(filter({ column: word, operator: 'in', value: [word, 'x'] }))).toEqual([[word]])
    expect(ask(filter({ column: word, operator: 'ne', value: word }))).toEqual([['other'], [null]])
    expect(ask(filter({ column: word, operator: 'gt', value: word })).flat()).not.toContain(word)
    const quoted = `'''${word}'''`
    expect(ask({ name: 'formula', new_column: word, formula: quoted })).toEqual([[word], [word], [word]])
    expect(ask({ name: 'formula', new_column: `${word}2`, formula: `[${word}] + ${quoted}` })[0]).toEqual([
      word,
      word + word,
    ])
    expect(
      ask(
        { name: 'rename', to_rename: [[word, `${word}.$`]] },
        { name: 'top', rank_on: `${word}.$`, sort: 'asc', limit: 5, groups: [`${word}.$`] },
      ),
    ).toHaveLength(3)
    expect(ask({ name: 'join', type: 'inner', right_pipeline: 'd', on: [[word, word]] })).toHaveLength(2)
    const count = { newcolumns: [`#${word}`], columns: [word], aggfunction: 'count distinct' }
    expect(tables.ask([domain, { name: 'aggregate', on: [word], aggregations: [count] }]).columns[1]?.name).toBe(
      `#${word}`,
    )
  })

  it('never stands in a stage other than as a marked value', () => {
    const mark = '$MARK.'
    const source: MongoSource = {
      collection: 'rows1',
      columns: [
        { name: `${mark}t`, type: 'text', id: 'c0' },
        { name: `${mark}i`, type: 'integer', id: 'c1' },
      ],
    }
    const t = `${mark}t`
    const i = `${mark}i`
    const leaf = (operator: string, value: unknown) => ({ column: t, operator, value })
    const steps = [
      filter({ and: [leaf('eq', mark), leaf('ne', mark), leaf('in', [mark]), leaf('nin', [mark]), leaf('ge', mark)] }),
      { name: 'formula', new_column: `${mark}f`, formula: `'${mark}' + [${t}] + '${mark}'` },
      { name: 'text', text: mark, new_column: `${mark}n` },
      { name: 'concatenate', columns: [t, i], separator: mark, new_column_name: `${mark}n` },
      { name: 'fillna', columns: [t], value: mark },
      {
        name: 'replace',
        search_column: t,
        to_replace: [
          [mark, mark],
          [null, mark],
        ],
      },
      { name: 'replacetext', search_column: t, old_str: mark, new_str: mark },
      { name: 'split', column: t, delimiter: mark, number_cols_to_keep: 2 },
      // biome-ignore lint/suspicious/noThenProperty: clients call the field so.
      { name: 'ifthenelse', new_column: `${mark}n`, if: leaf('matches', mark), then: `'${mark}'`, else: `[${t}]` },
      { name: 'unpivot', keep: [i], unpivot: [t], unpivot_column_name: `${mark}u`, value_column_name: t },
      { name: 'append', pipelines: ['d', [domain, filter(leaf('eq', mark))]] },
      { name: 'uniquegroups', on: [t, i, `${mark}u`] },
      { name: 'sort', columns: [{ column: t, order: 'asc' }] },
      {
        name: 'join',
        type: 'full outer',
        right_pipeline: [domain, filter(leaf('eq', mark))],
        on: [
          [t, t],
          [i, i],
        ],
      },
      { name: 'top', rank_on: i, sort: 'desc', limit: 9, groups: [t] },
      {
        name: 'aggregate',
        on: [t],
        aggregations: [{ columns: [i, t], newcolumns: [`${mark}x`, `${mark}y`], aggfunction: 'last' }],
      },
      { name: 'rename', to_rename: [[`${mark}x`, `${mark}z`]] },
    ]
    const { stages } = compile(steps, { column: t, operator: 'eq', value: mark }, source)
    const found: string[] = []
    const paths: string[] = []
    walk(stages, [], (path, value) => {
      if (typeof value === 'string' && value.includes('MARK')) found.push(path.at(-1) ?? '')
      if (typeof value === 'string' && value.startsWith('$') && !value.includes('MARK')) paths.push(value)
      if (path.some((key) => key.includes('MARK'))) found.push('a name')
    })
    expect(found.length).toBeGreaterThan(20)
    // What is read as an expression is a generated field, a path of two, or a variable with a name of ours.
    for (const path of paths) expect(path).toMatch(/^\$(?:_id|\$?[a-z]\d+|\$this|\$value)(?:\.(?:_id|[a-z]\d+))?$/)
    expect(new Set(found)).toEqual(new Set(['$eq', '$ne', '$in', '$nin', '$gte', '$literal']))
  })

  it('cannot come in through the names of fields', () => {
    for (const id of ['$where', 'a.b', '', 'v1', '_id', '__proto__', 'c0.x']) {
      const source: MongoSource = { collection: 'x', columns: [{ name: 'a', type: 'integer', id }] }
      expect(() => compile([], undefined, source), id).toThrow(expect.objectContaining({ code: 'internal' }))
    }
  })
})

describe('refusals', () => {
  it('name the step and the nearest columns', () => {
    try {
      compile([filter({ column: 'aa', operator: 'eq', value: 1 })])
      expect.unreachable()
    } catch (error) {
      if (!isProblem(error, 'pipeline_invalid')) throw error
      expect(error.errors[0]).toMatchObject({
        step: { index: 1, name: 'filter' },
        column: 'aa',
        nearest: expect.arrayContaining(['a']),
      })
    }
  })

  it('stop full joins inside of full joins before they become a text that no server takes', () => {
    const nested = (depth: number): object[] =>
      depth === 0 ? [domain] : [domain, ...Array.from({ length: 3 }, () => join(nested(depth - 1), 'full outer'))]
    expect(() => compile(nested(4).slice(1))).toThrow(expect.objectContaining({ code: 'pipeline_invalid' }))
    expect(() => compile(nested(2).slice(1))).not.toThrow()
  })
})

const letters = [...'abcdefghijklmnopqrstuvwxyz', ...'ABCDEFGHIJKLMN']

function asText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

function walk(value: unknown, path: readonly string[], visit: (path: readonly string[], value: unknown) => void): void {
  visit(path, value)
  if (Array.isArray(value)) for (const item of value) walk(item, path, visit)
  else if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) walk(member, [...path, key], visit)
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function sortKeysOf(value: unknown): number[] {
  const found: number[] = []
  walk(value, [], (path, inner) => {
    const key = path.at(-1)
    if ((key === '$sort' || key === 'sortBy') && typeof inner === 'object' && inner !== null)
      found.push(Object.keys(inner).length)
  })
  return found
}
